"""The pictures as folders that others read."""

import csv
from pathlib import Path

import pytest
from torchvision.datasets import ImageFolder

from pipeline.errors import DataError
from pipeline.files import read_rows, sha256_of, write_rows
from pipeline.inference.dataset import ImageRow, absent, export_imagefolder, pixel_copies
from pipeline.paths import Project
from pipeline.records import SPLITS, ImageRecord, SplitRow
from tests.inference.conftest import CLASSES


@pytest.fixture(scope="module")
def exported(trained: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export the small project."""
    folder = tmp_path_factory.mktemp("exported") / "new" / "pictures"
    assert 18 == export_imagefolder(trained, folder, characters=CLASSES)
    return folder


@pytest.mark.parametrize("split", SPLITS)
def test_torchvision_reads_it(exported: Path, split: str) -> None:
    """ImageFolder finds the classes and every picture of a split, and opens them."""
    folder = ImageFolder(str(exported / split))

    assert list(CLASSES) == folder.classes
    assert [0, 0, 1, 1, 2, 2] == folder.targets
    assert {(60, 48)} == {image.size for image, _ in folder}


def test_labels_are_the_same_in_every_split(own: Project, tmp_path: Path) -> None:
    """Also where a character has no picture, or none at all yet; who is missing where is told."""
    rows = read_rows(own.split, SplitRow)
    rows = [row for row in rows if (row.split, row.character) != ("test", "ariel")]
    write_rows(own.split, SplitRow, rows)

    export_imagefolder(own, tmp_path / "out", characters=["elsa", "ariel", "merida", "belle"])

    classes = (tmp_path / "out" / "classes.txt").read_text().splitlines()
    assert ["ariel", "belle", "elsa", "merida"] == classes
    for split in SPLITS:
        found = ImageFolder(str(tmp_path / "out" / split), allow_empty=True).class_to_idx
        assert {slug: number for number, slug in enumerate(classes)} == found
    assert [
        f"{tmp_path}/out/{split}: no picture of {slugs}; ImageFolder wants allow_empty=True"
        for split, slugs in (("train", "belle"), ("val", "belle"), ("test", "ariel, belle"))
    ] == absent(tmp_path / "out")


@pytest.mark.parametrize("split", SPLITS)
def test_metadata_names_every_picture(exported: Path, split: str) -> None:
    """`file_name` comes first, is relative to its own folder, and each file there is listed."""
    with (exported / split / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert "file_name" == next(iter(rows[0]))
    found = sorted(
        path.relative_to(exported / split).as_posix() for path in exported.glob(f"{split}/*/*.png")
    )
    assert found == [row["file_name"] for row in rows]
    assert [row["character"] for row in rows] == [Path(name).parent.name for name in found]


def test_bytes_and_rights_are_those_of_the_manifest(trained: Project, exported: Path) -> None:
    """Each picture is the file as it was served, beside who made it under which licence."""
    splits = {row.sha256: row.split for row in read_rows(trained.split, SplitRow)}
    rows = {
        row.sha256: (split, row)
        for split in SPLITS
        for row in read_rows(exported / split / "metadata.csv", ImageRow)
    }
    for character in CLASSES:
        for record in read_rows(trained.raw_manifest(character), ImageRecord):
            split, row = rows[record.sha256]
            assert splits[record.sha256] == split
            assert (record.title, record.author) == (row.title, row.author)
            assert (record.licence, record.licence_url) == (row.licence, row.licence_url)
            assert record.image_url == row.image_url
            data = (exported / split / row.file_name).read_bytes()
            assert record.sha256 == sha256_of(data)


def test_an_empty_folder_may_be_filled(trained: Project, tmp_path: Path) -> None:
    """A folder that somebody made for it is used."""
    assert 18 == export_imagefolder(trained, tmp_path, characters=CLASSES)


def test_nothing_is_overwritten(trained: Project, tmp_path: Path) -> None:
    """A folder with files, or a file, is refused."""
    (tmp_path / "mine.txt").write_text("mine")

    for target in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(DataError, match="not empty; name a new folder"):
            export_imagefolder(trained, target, characters=CLASSES)
    assert "mine" == (tmp_path / "mine.txt").read_text()


def test_whole_or_absent(own: Project, tmp_path: Path) -> None:
    """A picture that is missing stops it, and nothing is left behind."""
    row = read_rows(own.split, SplitRow)[-1]
    (own.root / row.file).unlink()

    with pytest.raises(DataError, match="not there; run dvc repro"):
        export_imagefolder(own, tmp_path / "out", characters=CLASSES)
    assert ["own"] == [path.name for path in tmp_path.iterdir()]


def test_what_a_file_says_is_not_given_away(own: Project, tmp_path: Path) -> None:
    """The copy has the picture alone, under the name that the team knows it by."""
    row = read_rows(own.split, SplitRow)[0]
    path = own.root / row.file
    clean = path.read_bytes()
    path.write_bytes(clean + b"52.45, 13.57")

    export_imagefolder(own, tmp_path / "out", characters=CLASSES)

    (copy,) = (tmp_path / "out").glob(f"*/*/{row.sha256}.png")
    assert clean == copy.read_bytes()


def test_a_picture_without_rights_is_not_given_away(own: Project, tmp_path: Path) -> None:
    """What no manifest knows is refused."""
    write_rows(own.raw_manifest("elsa"), ImageRecord, [])

    with pytest.raises(DataError, match="in no manifest, so its rights are unknown"):
        export_imagefolder(own, tmp_path / "out", characters=CLASSES)


def test_an_image_leaves_what_was_exported(trained: Project, tmp_path: Path) -> None:
    """Wherever that is: the picture and its row; an export that a kill cut short goes whole."""
    folder = tmp_path / "pictures"
    export_imagefolder(trained, folder, characters=CLASSES)
    part = tmp_path / ".pictures.kill"
    part.mkdir()
    gone = next(folder.glob("train/*/*.png"))

    for copy in pixel_copies(trained, {gone.stem}):
        copy.remove()

    assert [False, False] == [path.exists() for path in (gone, part)]
    left = [row.file_name for row in read_rows(folder / "train" / "metadata.csv", ImageRow)]
    files = folder.glob("train/*/*.png")
    assert left == sorted(path.relative_to(folder / "train").as_posix() for path in files)
    assert 5 == len(left)
