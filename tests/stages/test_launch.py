"""Several processes give what one gives."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from pipeline.evaluation.predictions import Predictions, read_predictions
from pipeline.files import read_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import EpochRow
from pipeline.stages.launch import is_launched, launch
from pipeline.stages.train import main

# 19 pictures in batches of 5, 5, 5 and 4, of which two processes make 3 and 2, 2 and 2.
SETTINGS: dict[str, Any] = {"epochs": 2, "batch_size": 6, "folds": 2, "precision": "float64"}


def trained(project: Project) -> tuple[list[EpochRow], Predictions]:
    """Run the stage; give its history and what it says about pictures it has not seen."""
    main(project, load_params(project), "cnn")
    folder = project.model("cnn")
    history = read_rows(folder / "history.csv", EpochRow)
    return history, read_predictions(folder / "out_of_fold.csv")


def is_close(one: EpochRow, other: EpochRow) -> bool:
    """Compare rows to 1e-5."""
    return asdict(one) == pytest.approx(asdict(other), abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "more", [{}, {"mixup_alpha": 0.4, "cutmix_alpha": 1.0, "class_weights": "sqrt"}], ids=str
)
def test_two_processes_are_as_one(
    make_packed: Callable[..., Project], more: dict[str, Any]
) -> None:
    """With batch norm, odd batches and odd splits: same losses and answers, each picture once."""
    alone = make_packed("alone", train=SETTINGS | more)
    together = make_packed("together", train=SETTINGS | more | {"launcher": {"processes": 2}})

    history, unseen = trained(alone)
    other_history, other_unseen = trained(together)

    assert 2 == len(history)
    assert all(is_close(*rows) for rows in zip(history, other_history, strict=True))
    assert 19 + 7 == len(unseen.sha256s)
    assert unseen.sha256s == other_unseen.sha256s
    assert unseen.probs == pytest.approx(other_unseen.probs, abs=1e-5)


@pytest.mark.slow
def test_what_one_process_refuses_many_refuse(
    make_project: Callable[..., Project], capfd: pytest.CaptureFixture[str]
) -> None:
    """The stage ends with code 1, and the one line is there."""
    project = make_project(train={"launcher": {"processes": 2}})

    with pytest.raises(SystemExit, match="1"):
        launch("train", "cnn", root=project.root, processes=2)

    assert "rows.csv: not there" in capfd.readouterr().err


def test_torchrun_is_known_by_its_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that torchrun started does not start it again."""
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    before = is_launched()
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")

    assert [False, True] == [before, is_launched()]
