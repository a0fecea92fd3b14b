"""Stage train: from packs to models/<network>/."""

from collections.abc import Callable

import pytest

from pipeline.dataset.pack import write_pack
from pipeline.errors import DataError, ParamsError
from pipeline.files import read_json, read_rows, sha256_of
from pipeline.networks import load_model
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import EpochRow, SplitRow
from pipeline.stages.train import main

CHARACTERS = ("ariel", "elsa", "merida")


@pytest.fixture
def project(make_project: Callable[..., Project], draw_png: Callable[..., bytes]) -> Project:
    """Make a project with packs of nine training and three validation pictures."""
    made = make_project()
    for split, num in (("train", 9), ("val", 3)):
        rows = []
        for index in range(num):
            data = draw_png("tomato", size=(100 + index, 90 + num))
            sha256 = sha256_of(data)
            (made.root / sha256).write_bytes(data)
            character = CHARACTERS[index % 3]
            rows.append(
                SplitRow(sha256=sha256, file=sha256, character=character, group=sha256, split=split)
            )
        write_pack(
            rows,
            made.pack(split),
            root=made.root,
            classes=CHARACTERS,
            augment=load_params(made).augment,
            seed=7,
        )
    return made


def test_writes_the_model(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Weights and card load, history has a row per epoch, timing lies beside."""
    main(project, load_params(project), "cnn")

    folder = project.model("cnn")
    assert CHARACTERS == load_model(folder).card.classes
    assert [1] == [row.epoch for row in read_rows(folder / "history.csv", EpochRow)]
    assert 0 < read_json(folder / "timing.json")["seconds"]
    assert capsys.readouterr().out.startswith("train cnn: val macro-F1 0.")


def test_trains_nothing_twice(project: Project) -> None:
    """After its outs were deleted, as DVC does, the stage finds the finished run."""
    main(project, load_params(project), "cnn")
    folder = project.model("cnn")
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in folder.iterdir():
        path.unlink()

    main(project, load_params(project), "cnn")

    second = {path.name: path.read_bytes() for path in folder.iterdir()}
    del first["timing.json"], second["timing.json"]  # memory is that of this process
    assert first == second
    assert 1 == len(list(project.runs.iterdir()))


def test_an_unknown_network_lists_the_known(project: Project) -> None:
    """A misspelt slug is answered with those of params.yaml."""
    with pytest.raises(ParamsError, match="networks: no 'cmn'; known: cnn"):
        main(project, load_params(project), "cmn")


def test_without_packs_it_says_what_to_run(make_project: Callable[..., Project]) -> None:
    """The stage before is named."""
    project = make_project("empty")

    with pytest.raises(DataError, match="not there; run the stage"):
        main(project, load_params(project), "cnn")
