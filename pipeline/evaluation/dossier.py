"""All that is written about one classifier, a network or a floor, but for its figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.catalog.catalog import Catalog, CatalogImage
from pipeline.dataset.pack import Pack, read_pack
from pipeline.evaluation.masks import masks_of
from pipeline.evaluation.perturbed import Masks
from pipeline.evaluation.predictions import (
    Predictions,
    groups_of,
    read_predictions,
    write_predictions,
)
from pipeline.evaluation.robustness import (
    Answer,
    predict_perturbed,
    score_perturbed,
    write_robustness,
)
from pipeline.evaluation.scores import Fact, tested, write_scores
from pipeline.evaluation.slices import SLICES, Slice, slice_scores
from pipeline.evaluation.suspects import SUSPECTS, Suspect, find_suspects
from pipeline.evaluation.temperature import Calibration
from pipeline.files import write_rows
from pipeline.params import Evaluate, Params
from pipeline.paths import Project
from pipeline.records import SplitRow

OUT_OF_FOLD = "out_of_fold.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What is the same for all classifiers: the test pictures and all that is known of them."""

    test_pack: Pack
    split_rows: Sequence[SplitRow]
    images: Mapping[str, CatalogImage]  # by sha256
    masks: Masks
    settings: Evaluate
    seed: int


def read_background(project: Project, params: Params) -> Background:
    """Read the test pictures, their groups, and where they come from.

    Raises:
        DataError: a file is missing or breaks its contract.
    """
    test_pack = read_pack(project.pack("test"))
    catalog = Catalog(project, characters=params.characters)
    return Background(
        test_pack=test_pack,
        split_rows=catalog.split,
        images=catalog.kept,
        masks=masks_of(test_pack, catalog.kept),
        settings=params.evaluate,
        seed=params.seed,
    )


def write_dossier(
    folder: Path,
    predictions: Predictions,
    *,
    background: Background,
    answer: Answer | None,
    facts: Mapping[str, Fact],
    calibration: Calibration | None = None,
) -> dict[str, Fact]:
    """Write predictions.csv, metrics.json and what follows from them.

    Args:
        folder: of the report, such as reports/networks/cnn.
        predictions: of val and test.
        background: the test pictures.
        answer: asks about spoiled pictures; None if what it says does not depend on them.
        facts: about the classifier itself, added to metrics.json.
        calibration: that it answers with; None: fitted on val here.

    Returns:
        metrics.json as written.
    """
    test, seed = tested(predictions), background.seed
    groups = groups_of(test, background.split_rows)
    write_rows(folder / SLICES, Slice, slice_scores(test, groups, background.images))
    under_stress = _stress(folder, test, background=background, answer=answer) if answer else {}
    return write_scores(
        folder,
        predictions,
        split_rows=background.split_rows,
        samples=background.settings.bootstrap_samples,
        seed=seed,
        facts={**facts, **under_stress},
        calibration=calibration,
    )


def write_unseen(folder: Path, out_of_fold: Path, *, predictions: Predictions) -> None:
    """Copy out_of_fold.csv and write suspects.csv: out of fold, without folds of val and test."""
    unseen = read_predictions(out_of_fold)
    write_predictions(folder / OUT_OF_FOLD, unseen)
    suspects = find_suspects(unseen if unseen.sha256s else predictions)
    write_rows(folder / SUSPECTS, Suspect, suspects)


def _stress(
    folder: Path, test: Predictions, *, background: Background, answer: Answer
) -> dict[str, float]:
    """Spoil the test pictures, ask, score and write."""
    answers = predict_perturbed(
        answer,
        background.test_pack,
        masks=background.masks,
        limit=background.settings.robustness_pictures,
    )
    rows = score_perturbed(
        test,
        groups_of(test, background.split_rows),
        answers,
        samples=background.settings.bootstrap_samples,
        seed=background.seed,
    )
    return write_robustness(folder, rows, answers)
