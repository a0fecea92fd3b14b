"""What the evaluation left behind, read back: networks, floors, and how they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.evaluation import metrics
from pipeline.evaluation.intervals import Interval, paired_difference
from pipeline.evaluation.predictions import Predictions, groups_of, read_predictions
from pipeline.evaluation.robustness import ROBUSTNESS, Robustness
from pipeline.evaluation.scores import METRICS, PER_CLASS, PREDICTIONS, ClassScores, tested
from pipeline.evaluation.slices import SLICES, Slice
from pipeline.evaluation.suspects import SUSPECTS, Suspect
from pipeline.files import RowT, read_json, read_rows
from pipeline.inference.trained import in_words, not_asked_for, not_learned
from pipeline.params import Params
from pipeline.params.card import read_card
from pipeline.paths import Project
from pipeline.records import EpochRow, SplitRow
from pipeline.report.inline import Figure, inline_if_there

_FIGURES = {  # file: caption; what an older run did not draw is left out
    "explain.png": "What it looked at: pictures it got right, then its surest mistakes. "
    "A wrong one shows what spoke for its answer and what spoke for the right one.",
    "belief.svg": "What it believed while it read: the probability of the right character "
    "(solid), of the wrong answer (dashed) and of all others (grey).",
    "reliability.svg": "How often it is right when it is so sure, before and after the "
    "temperature; on the diagonal it means what it says.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One classifier's report: a trained network or a floor."""

    slug: str
    metrics: dict[str, Any]  # metrics.json
    test: Predictions  # of the test pictures
    per_class: tuple[ClassScores, ...]
    history: tuple[EpochRow, ...] = ()  # of a network
    train_s: float | None = None  # how long it trained; None if nobody wrote it down
    images_per_s: float | None = None  # how fast it predicts
    robustness: tuple[Robustness, ...] = ()  # empty where it was not asked
    slices: tuple[Slice, ...] = ()
    suspects: tuple[Suspect, ...] = ()  # labels it doubts, the most doubted first
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much more accurate one classifier is than another on the same pictures."""

    value: float  # accuracy minus accuracy, in [-1, 1]
    low: float  # 95 % interval
    high: float

    @property
    def is_better(self) -> bool:
        """Tell whether the whole interval lies above zero."""
        return self.low > 0

    @property
    def is_worse(self) -> bool:
        """Tell whether the whole interval lies below zero."""
        return self.high < 0


def read_networks(project: Project, params: Params) -> tuple[list[Result], list[str], list[str]]:
    """Read the networks of params.yaml.

    Returns:
        Those that were evaluated, the best on val first; the slugs of those that were not; and of
        those that learned something else than lies here now a line each. Results on other
        characters or pictures are left out: they are no rivals.

    Raises:
        DataError: a report is there and breaks its contract.
        ModelError: its card does.
    """
    found, missing, stale = [], [], []
    for slug in params.networks:
        folder = project.network_report(slug)
        if not folder.is_dir():
            missing.append(slug)
            continue
        card = read_card(folder)
        if reasons := not_learned(card, project, params):
            stale.append(f"{in_words(slug, reasons)}; its results are left out")
            continue
        found.append(_read_network(project, slug))
        if reasons := not_asked_for(card, params, slug):
            stale.append(in_words(slug, reasons))
    return sorted(found, key=lambda each: -each.metrics.get("val_macro_f1", 0)), missing, stale


def read_floor(project: Project, name: str) -> Result:
    """Read one floor.

    Raises:
        DataError: its report is missing or breaks its contract.
    """
    return _read(project.floor_report(name), slug=name)


def difference(
    ours: Result, theirs: Result, *, split_rows: Sequence[SplitRow], params: Params
) -> Difference:
    """Compare two classifiers on the same test pictures, by resampling their groups.

    Raises:
        DataError: they were scored on other pictures.
    """
    low, high = _paired(ours.test, theirs.test, split_rows=split_rows, params=params)
    value = ours.metrics["accuracy"] - theirs.metrics["accuracy"]
    return Difference(value=value, low=low, high=high)


def _paired(
    ours: Predictions, theirs: Predictions, *, split_rows: Sequence[SplitRow], params: Params
) -> Interval:
    return paired_difference(
        ours,
        theirs,
        groups_of(ours, split_rows),
        score=metrics.accuracy,
        samples=params.evaluate.bootstrap_samples,
        seed=params.seed,
    )


def _read_network(project: Project, slug: str) -> Result:
    folder = project.network_report(slug)
    return _read(
        folder,
        slug=slug,
        history=tuple(read_rows(folder / "history.csv", EpochRow)),
        train_s=_timing(project.model(slug)).get("seconds"),
        images_per_s=_timing(folder).get("images_per_s"),
        slices=_rows_if_there(folder / SLICES, Slice),
        suspects=_rows_if_there(folder / SUSPECTS, Suspect),
        figures=tuple(
            figure
            for file, caption in _FIGURES.items()
            for figure in inline_if_there(folder / file, caption)
        ),
    )


def _read(folder: Path, *, slug: str, **more: Any) -> Result:
    return Result(
        slug=slug,
        metrics=read_json(folder / METRICS),
        test=tested(read_predictions(folder / PREDICTIONS)),
        per_class=tuple(read_rows(folder / PER_CLASS, ClassScores)),
        robustness=_rows_if_there(folder / ROBUSTNESS, Robustness),
        **more,
    )


def _rows_if_there(path: Path, kind: type[RowT]) -> tuple[RowT, ...]:
    return tuple(read_rows(path, kind, missing_ok=True))


def _timing(folder: Path) -> dict[str, float]:
    path = folder / "timing.json"
    timing: dict[str, float] = read_json(path) if path.is_file() else {}
    return timing
