"""The kept pictures as folders that other software reads.

<folder>/<split>/<character>/<sha256>.<ext> is what torchvision.datasets.ImageFolder takes, a split
at a time. Each split has a folder for every character, pictures or not, so a label has one number
in all of them: its line in <folder>/classes.txt. With <folder>/<split>/metadata.csv, whose
`file_name` is relative to it, the whole is what
`datasets.load_dataset("imagefolder", data_dir=...)` takes
(https://huggingface.co/docs/datasets/image_dataset, read 2026-11): its splits are train, val (which
it calls validation) and test, and the other columns come with each picture.
"""

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.catalog.catalog import Catalog
from pipeline.errors import DataError
from pipeline.files import PixelCopy, joined, read_rows, write_rows, write_text
from pipeline.paths import Project
from pipeline.pictures.metadata import strip_metadata
from pipeline.progress import Progress, silent
from pipeline.records import SPLITS, ImageRecord, SplitRow

METADATA, CLASSES = "metadata.csv", "classes.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRow:
    """One picture and its rights: a row of <split>/metadata.csv."""

    file_name: str  # relative to the split's folder; the name is what `datasets` asks for
    character: str  # slug
    sha256: str  # of the picture in the team's set; the file here is the copy without metadata
    group: str  # near-duplicates share it
    source: str
    image_url: str
    page_url: str
    title: str
    author: str
    licence: str
    licence_url: str


def export_imagefolder(
    project: Project, folder: Path, *, characters: Iterable[str], progress: Progress = silent
) -> int:
    """Copy the pictures of the split without their metadata; the folder is remembered.

    It is whole or absent.

    Args:
        project: after the stage `split`.
        folder: must not be there yet, or be empty.
        characters: all that params.yaml has, in any order.
        progress: called after each picture.

    Returns:
        The number of pictures.

    Raises:
        DataError: the folder holds something, or a picture or its manifest's row is missing.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder}: not empty; name a new folder")
    catalog = Catalog(project)
    rows, records = catalog.split, {record.file: record for record in catalog.records}
    classes = sorted({*characters, *(row.character for row in rows)})  # as the networks number them
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remember(project, folder)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as name:
        part = Path(name) / "part"
        for split in SPLITS:
            for slug in classes:
                (part / split / slug).mkdir(parents=True)
        write_text(part / CLASSES, "".join(f"{slug}\n" for slug in classes))
        for done, row in enumerate(rows, start=1):
            _copy(project.root / row.file, part / row.split / _file_name(row))
            progress(done, len(rows), row.character)
        _write_metadata(part, rows, records)
        part.replace(folder)
    return len(rows)


def absent(folder: Path) -> list[str]:
    """Say in a line for each split of an export which characters have no picture there."""
    empty = {
        split: [
            each.name for each in sorted((folder / split).glob("*/")) if not any(each.iterdir())
        ]
        for split in SPLITS
    }
    return [
        f"{folder / split}: no picture of {', '.join(slugs)}; ImageFolder wants allow_empty=True"
        for split, slugs in empty.items()
        if slugs
    ]


def pixel_copies(project: Project, sha256s: Collection[str]) -> Iterator[PixelCopy]:
    """Find images in exported folders, their rows there, and exports that a kill left unfinished.

    A folder that was moved or copied since is not found: it is out of our hands.
    """
    for folder in _exported(project):
        yield from map(PixelCopy, sorted(folder.parent.glob(f".{folder.name}.*")))
        for sha256 in sorted(sha256s):
            yield from map(PixelCopy, sorted(folder.glob(f"*/*/{sha256}.*")))
        for table in sorted(folder.glob(f"*/{METADATA}")):
            rows = read_rows(table, ImageRow)
            left = [row for row in rows if row.sha256 not in sha256s]
            if len(left) < len(rows):
                yield PixelCopy(table, rewrite=partial(write_rows, table, ImageRow, left))


def _exported(project: Project) -> list[Path]:
    lines = project.exports.read_text("utf-8").splitlines() if project.exports.is_file() else []
    return [Path(line) for line in lines]


def _remember(project: Project, folder: Path) -> None:
    known = dict.fromkeys([*_exported(project), folder.resolve()])
    write_text(project.exports, "".join(f"{each}\n" for each in known))


def _file_name(row: SplitRow) -> str:
    return f"{row.character}/{row.sha256}{Path(row.file).suffix}"


def _copy(source: Path, target: Path) -> None:
    try:
        target.write_bytes(strip_metadata(source.read_bytes()))
    except FileNotFoundError as error:
        raise DataError(f"{source}: not there; run dvc repro (or dvc pull)") from error


def _write_metadata(
    folder: Path, rows: Iterable[SplitRow], records: Mapping[str, ImageRecord]
) -> None:
    by_split: dict[str, list[ImageRow]] = {split: [] for split in SPLITS}
    for row in rows:
        if row.file not in records:
            raise DataError(f"{row.file}: in no manifest, so its rights are unknown; run dvc repro")
        columns = {"file_name": _file_name(row)}
        by_split[row.split].append(joined(ImageRow, row, records[row.file], **columns))
    for split, own in by_split.items():
        own.sort(key=lambda each: each.file_name)
        write_rows(folder / split / METADATA, ImageRow, own)
