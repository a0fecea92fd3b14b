"""Stage evaluate: from models/<network>/ to reports/networks/<network>/."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.catalog.catalog import Catalog
from pipeline.errors import DataError, ModelError, ParamsError
from pipeline.evaluation.predictions import groups_of, read_predictions
from pipeline.evaluation.repeats import SeedScores
from pipeline.evaluation.robustness import read_perturbed, score_perturbed, write_robustness
from pipeline.evaluation.scores import write_scores
from pipeline.evaluation.slices import Slice, slice_scores
from pipeline.evaluation.suspects import Suspect, find_suspects
from pipeline.files import read_json, read_rows, write_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import SplitRow
from pipeline.stages import evaluate, train

SETTINGS: dict[str, Any] = {"epochs": 1, "batch_size": 8}
REPEATED: dict[str, Any] = SETTINGS | {"seeds": [1, 2], "folds": 2}
NAMES = [
    "belief.svg",
    "calibration.csv",
    "card.json",
    "confusion.svg",
    "explain.png",
    "hardest.csv",
    "history.csv",
    "learning.svg",
    "metrics.json",
    "mistakes.png",
    "out_of_fold.csv",
    "per_class.csv",
    "perturbed.csv",
    "predictions.csv",
    "reliability.svg",
    "robustness.csv",
    "seeds.csv",
    "slices.csv",
    "suspects.csv",
]


def run(project: Project) -> Path:
    """Train and evaluate; give the folder of the report."""
    for stage in (train, evaluate):
        stage.main(project, load_params(project), "cnn")
    return project.network_report("cnn")


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Read all files but timing.json, which is not the same twice."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in paths
        if path.name != "timing.json"
    }


def write_again(project: Project, folder: Path) -> None:
    """Write every table anew from the answers alone: predictions.csv and perturbed.csv."""
    report, params = project.network_report("cnn"), load_params(project)
    samples, seed = params.evaluate.bootstrap_samples, params.seed
    predictions = read_predictions(report / "predictions.csv")
    split_rows, test = read_rows(project.split, SplitRow), predictions.only("test")
    groups, answers = groups_of(test, split_rows), read_perturbed(report)
    rows = score_perturbed(test, groups, answers, samples=samples, seed=seed)
    facts = write_robustness(folder, rows, answers)
    slices = slice_scores(test, groups, Catalog(project, characters=params.characters).kept)
    write_rows(folder / "slices.csv", Slice, slices)
    write_rows(folder / "suspects.csv", Suspect, find_suspects(predictions))
    write_scores(
        folder, predictions, split_rows=split_rows, samples=samples, seed=seed, facts=facts
    )


def test_every_table_follows_from_the_answers(
    make_packed: Callable[..., Project], tmp_path: Path
) -> None:
    """All files are there, and whatever they claim can be computed again by anybody.

    Only what describes the network itself (arch, size, training) comes from elsewhere. After one
    training there is no spread: seeds/ is empty, and out_of_fold.csv has its header only.
    """
    project = make_packed(train=SETTINGS)
    folder = run(project)
    write_again(project, tmp_path / "again")
    again = bytes_of(tmp_path / "again")
    claimed, computed = (read_json(each / "metrics.json") for each in (folder, tmp_path / "again"))

    assert computed == {name: claimed[name] for name in computed}
    assert {
        "arch",
        "best_epoch",
        "effective_receptive_field_px",
        "init",
        "macs",
        "num_epochs",
        "num_params",
        "num_seeds",
        "receptive_field_px",
    } == claimed.keys() - computed.keys()
    del again["metrics.json"]
    assert again == {name: bytes_of(folder)[name] for name in again}
    assert 8 == len(again)

    values = read_json(folder / "metrics.json")
    assert NAMES == list(bytes_of(folder))
    assert (folder / "seeds").is_dir()
    assert 1 == values["num_seeds"]
    assert not {"accuracy_mean", "accuracy_sd", "macro_f1_mean", "macro_f1_sd"} & values.keys()
    assert 1 == len((folder / "out_of_fold.csv").read_text().splitlines())


def test_seeds_and_folds_are_reported(make_packed: Callable[..., Project]) -> None:
    """Scores of each seed, their mean and spread, and the answers of the folds; again the same."""
    project = make_packed(train=REPEATED)

    folder = run(project)

    values, first = read_json(folder / "metrics.json"), bytes_of(folder)
    assert sorted([*NAMES, "seeds/2.csv"]) == sorted(first)
    rows = read_rows(folder / "seeds.csv", SeedScores)
    assert [1, 2] == [row.seed for row in rows]
    mean = (rows[0].accuracy + rows[1].accuracy) / 2
    assert (2, pytest.approx(mean)) == (values["num_seeds"], values["accuracy_mean"])
    assert {"accuracy_sd", "macro_f1_mean", "macro_f1_sd"} <= values.keys()
    assert rows[0].accuracy == values["accuracy"]  # the first seed is the network
    assert 19 + 7 == len(read_predictions(folder / "out_of_fold.csv").sha256s)
    assert first == bytes_of(run(project))


def test_a_network_of_other_data_is_not_scored(make_packed: Callable[..., Project]) -> None:
    """Other characters or other pictures since it was trained: one line, and the command."""
    project = make_packed(train=SETTINGS)
    train.main(project, load_params(project), "cnn")
    params = load_params(project)
    belle = {"belle": params.characters["elsa"]}
    more = params.model_copy(update={"characters": params.characters | belle})

    with pytest.raises(ModelError, match=r"^cnn does not know belle \(dvc repro train@cnn\)$"):
        evaluate.main(project, more, "cnn")
    (project.pack("val") / "sha256.txt").write_text("0")
    with pytest.raises(ModelError, match=r"^cnn learned from other pictures than are packed now"):
        evaluate.main(project, params, "cnn")
    assert not project.network_report("cnn").exists()


def test_the_network_must_be_trained(make_packed: Callable[..., Project]) -> None:
    """Without a model it says so, and a misspelt slug is answered with those there are."""
    project = make_packed()
    params = load_params(project)

    with pytest.raises(ParamsError, match="networks: no 'cmn'; known: cnn"):
        evaluate.main(project, params, "cmn")
    with pytest.raises(DataError, match=r"card\.json: not there; run the stage"):
        evaluate.main(project, params, "cnn")
