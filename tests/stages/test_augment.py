"""Stage augment: from split.csv to packs."""

import dataclasses
from collections.abc import Callable

import pytest
from PIL import Image

from pipeline.dataset.pack import read_pack
from pipeline.errors import DataError
from pipeline.files import read_rows, sha256_of, write_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import SplitRow
from pipeline.stages.augment import main

CHARACTERS = ("ariel", "elsa", "merida")
SPLITS_OF_SIX = ("train", "train", "train", "val", "test", "test")


@pytest.fixture
def project(make_project: Callable[..., Project], draw_png: Callable[..., bytes]) -> Project:
    """Make a project with six split pictures, three of them for training."""
    made = make_project()
    rows = []
    for index, split in enumerate(SPLITS_OF_SIX):
        data = draw_png("tomato", size=(100 + index, 90))
        sha256 = sha256_of(data)
        (made.root / f"{sha256}.png").write_bytes(data)
        rows.append(
            SplitRow(
                sha256=sha256,
                file=f"{sha256}.png",
                character=CHARACTERS[index % 3],
                group=sha256[:12],
                split=split,
            )
        )
    write_split(made, rows)
    return made


def write_split(project: Project, rows: list[SplitRow]) -> None:
    """Write rows as the split stage does."""
    write_rows(project.split, SplitRow, sorted(rows, key=lambda row: row.sha256))


def read_split(project: Project) -> list[SplitRow]:
    """Read the rows back."""
    return read_rows(project.split, SplitRow)


def test_packs_every_split(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Training is doubled by its variants, val and test are not, and all name one list."""
    main(project, load_params(project))

    packs = {split: read_pack(project.pack(split)) for split in ("train", "val", "test")}
    assert {"train": 6, "val": 1, "test": 2} == {name: len(pack) for name, pack in packs.items()}
    assert {CHARACTERS} == {pack.classes for pack in packs.values()}
    assert "augment: packed 6 train, 1 val, 2 test pictures" in capsys.readouterr().out


def test_draws_the_preview(project: Project) -> None:
    """Three training pictures of 32 px, each above its variant."""
    main(project, load_params(project))

    with Image.open(project.preview) as sheet:
        assert (96, 64) == sheet.size


def test_a_group_in_two_splits_is_refused(project: Project) -> None:
    """A split.csv edited by hand never reaches training."""
    rows = read_split(project)
    leaked = next(row.group for row in rows if row.split == "train")
    write_split(
        project,
        [dataclasses.replace(row, group=leaked) if row.split == "val" else row for row in rows],
    )

    with pytest.raises(DataError, match=leaked):
        main(project, load_params(project))

    assert not project.pack("train").exists()


def test_a_class_without_training_picture_is_refused(project: Project) -> None:
    """Nothing is packed that cannot be learned."""
    rows = [row for row in read_split(project) if row.character != "elsa"]
    write_split(project, rows)

    with pytest.raises(DataError, match="no training picture of elsa"):
        main(project, load_params(project))
