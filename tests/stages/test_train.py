"""Stage train: from packs to models/<network>/."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import DataError, ParamsError
from pipeline.evaluation.predictions import read_predictions
from pipeline.files import read_json, read_rows
from pipeline.networks import load_model
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import EpochRow
from pipeline.stages.train import main

CHARACTERS = ("ariel", "elsa", "merida")
# Python imports it at its start: the stage gets SIGTERM when its first epoch has been written.
STOPPED_AFTER_AN_EPOCH = """
import os, signal, sys

stage = int(os.environ.setdefault("TEST_STAGE_PID", str(os.getpid())))
sent = []

def watch(event, arguments):
    is_epoch = event == "os.rename" and str(arguments[1]).endswith("history.csv")
    if is_epoch and not sent:
        sent.append(event)
        os.kill(stage, signal.SIGTERM)

sys.addaudithook(watch)
"""


@pytest.fixture
def project(make_packed: Callable[..., Project]) -> Project:
    """Make a project that is ready to train."""
    return make_packed()


def train(project: Project) -> None:
    """Run the stage."""
    main(project, load_params(project), "cnn")


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Read all files but timing.json, which is not the same twice."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in paths
        if path.name != "timing.json"
    }


def test_writes_the_model(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Weights and card load, history has a row per epoch, timing lies beside."""
    train(project)

    folder = project.model("cnn")
    assert CHARACTERS == load_model(folder).card.classes
    assert [1] == [row.epoch for row in read_rows(folder / "history.csv", EpochRow)]
    assert 0 < read_json(folder / "timing.json")["seconds"]
    assert capsys.readouterr().out.startswith("train cnn, seed 7: val macro-F1 0.")


def test_without_seeds_and_folds_their_outputs_are_empty(project: Project) -> None:
    """DVC finds every output: seeds/ holds nothing, out_of_fold.csv has its header only."""
    train(project)

    assert [] == list(project.model_seeds("cnn").iterdir())
    text = (project.model("cnn") / "out_of_fold.csv").read_text()
    assert "sha256,split,label,predicted,confidence,p_ariel,p_elsa,p_merida\n" == text


def test_seeds_and_folds_have_their_files(make_packed: Callable[..., Project]) -> None:
    """The first seed is the model itself, the others lie in seeds/; each picture is predicted."""
    project = make_packed(train={"epochs": 1, "batch_size": 8, "seeds": [1, 2], "folds": 2})

    train(project)

    model = project.model("cnn")
    names = ["card.json", "history.csv", "weights.safetensors"]
    seed = [f"seeds/2/{name}" for name in names]
    expected = ["calibration.json", *names[:2], "out_of_fold.csv", *seed, names[2]]
    assert expected == list(bytes_of(model))
    assert [1, 2] == [load_model(each).card.seed for each in (model, model / "seeds" / "2")]
    unseen = read_predictions(model / "out_of_fold.csv")
    assert 19 + 7 == len(set(unseen.sha256s))


def test_seeds_of_an_earlier_run_are_gone(make_packed: Callable[..., Project]) -> None:
    """Without DVC, too, the folder holds what was asked for last."""
    settings = {"epochs": 1, "batch_size": 8}
    train(make_packed(train=settings | {"seeds": [1, 2, 3]}))
    project = make_packed(train=settings | {"seeds": [1, 3]})

    train(project)

    assert ["3"] == [path.name for path in project.model_seeds("cnn").iterdir()]


def test_trains_nothing_twice(make_packed: Callable[..., Project]) -> None:
    """After its outs were deleted, as DVC does, the stage finds the finished runs."""
    project = make_packed(train={"epochs": 1, "batch_size": 8, "seeds": [1, 2], "folds": 2})
    train(project)
    first = bytes_of(project.model("cnn"))
    for path in project.model("cnn").rglob("*.*"):
        path.unlink()
    runs = bytes_of(project.runs)

    train(project)

    assert first == bytes_of(project.model("cnn"))
    assert runs == bytes_of(project.runs)
    assert 4 == len(list(project.runs.iterdir()))


def stop(project: Project, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run the stage as a process of its own that gets SIGTERM when an epoch is done."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(STOPPED_AFTER_AN_EPOCH)
    command = [sys.executable, "-m", "pipeline.stages.train", "cnn"]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(
        command, cwd=project.root, env=environment, check=False, capture_output=True, text=True
    )


def test_stopped_and_started_again_gives_the_same_bytes(
    make_packed: Callable[..., Project], tmp_path: Path
) -> None:
    """SIGTERM ends the process with code 130 and one line; the rerun is as if it had not come."""
    settings = {"epochs": 3, "batch_size": 8}
    stopped, whole = (make_packed(name, train=settings) for name in ("stopped", "whole"))

    done = stop(stopped, tmp_path / "site")

    assert (130, "stopped; run it again to go on\n") == (done.returncode, done.stderr)
    assert not stopped.model("cnn").exists()
    (run,) = stopped.runs.iterdir()
    assert [1] == [row.epoch for row in read_rows(run / "history.csv", EpochRow)]
    train(stopped)
    train(whole)
    assert [run.name] == [path.name for path in stopped.runs.iterdir()]
    assert bytes_of(whole.model("cnn")) == bytes_of(stopped.model("cnn"))


@pytest.mark.slow
def test_two_processes_stop_together(make_packed: Callable[..., Project], tmp_path: Path) -> None:
    """SIGTERM to the stage reaches both, which save the same step, and none is left behind."""
    settings = {"epochs": 3, "batch_size": 8, "launcher": {"processes": 2}}
    project = make_packed(train=settings)

    done = stop(project, tmp_path / "site")

    assert 130 == done.returncode
    assert done.stderr.endswith("stopped; run it again to go on\n")
    (run,) = project.runs.iterdir()
    assert [1] == [row.epoch for row in read_rows(run / "history.csv", EpochRow)]
    train(project)
    assert [run.name] == [path.name for path in project.runs.iterdir()]
    history = read_rows(project.model("cnn") / "history.csv", EpochRow)
    assert [1, 2, 3] == [row.epoch for row in history]


def test_an_unknown_network_lists_the_known(project: Project) -> None:
    """A misspelt slug is answered with those of params.yaml."""
    with pytest.raises(ParamsError, match="networks: no 'cmn'; known: cnn"):
        main(project, load_params(project), "cmn")


def test_without_packs_it_says_what_to_run(make_project: Callable[..., Project]) -> None:
    """The stage before is named."""
    project = make_project("empty")

    with pytest.raises(DataError, match="not there; run the stage"):
        main(project, load_params(project), "cnn")
