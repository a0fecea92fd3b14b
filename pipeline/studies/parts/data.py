"""The pictures of all studies: few and small, packed once, kept by content.

    train/    at most so many of each character, without their augmented variants
    scored/   val and test together: no study chooses anything by val, so both are unseen
    cells/    what was run on them (`cells`); some hold small pictures to show

A study trains a dozen networks of some seconds each, and reading and hashing the whole dataset for
each would cost as much again.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.dataset.pack import CLASSES, IMAGES, ROWS, Pack, holds_any, read_pack
from pipeline.files import (
    PixelCopy,
    read_checked,
    replacing,
    replacing_checked,
    say_damaged,
    sha256_of,
    sha256_of_file,
    write_json,
    write_rows,
)
from pipeline.paths import Project
from pipeline.records import PackRow

TRAIN, SCORED = "train", "scored"
_DIGEST = "digest"  # of the files of both packs
_FORMAT = 2  # of what is written here; raise it when that changes


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyData:
    """Which pictures."""

    folder: Path  # holds train/, scored/ and cells/
    sha256: str  # of all of them
    classes: tuple[str, ...]
    num_train: int
    num_scored: int

    @property
    def train(self) -> Pack:
        """The pictures to learn from."""
        return read_pack(self.folder / TRAIN)

    @property
    def scored(self) -> Pack:
        """The pictures to be judged on."""
        return read_pack(self.folder / SCORED)


def prepare_data(project: Project, *, side_px: int, max_per_class: int, folder: Path) -> StudyData:
    """Pack the pictures of a project for its studies, or find them packed.

    Args:
        project: with data/processed/.
        side_px: of the packed squares; at most that of the project's own.
        max_per_class: training pictures of a character, the first by sha256: as good as drawn.
        folder: of all such packs.

    Raises:
        DataError: a packed split is missing or damaged.
    """
    packs = {split: read_pack(project.pack(split)) for split in ("train", "val", "test")}
    identity = [str((_FORMAT, side_px, max_per_class)), *(p.sha256() for p in packs.values())]
    sha256 = sha256_of("".join(identity).encode())
    own = folder / sha256[:16]
    if not _is_whole(own):
        _write(own / TRAIN, [_first(packs["train"], max_per_class)], side_px=side_px)
        _write(own / SCORED, [_first(packs[s], None) for s in ("val", "test")], side_px=side_px)
        with replacing_checked(own / _DIGEST) as file:  # the last one that is written
            file.write(_digest(own))
    train, scored = read_pack(own / TRAIN), read_pack(own / SCORED)
    return StudyData(
        folder=own,
        sha256=sha256,
        classes=train.classes,
        num_train=len(train),
        num_scored=len(scored),
    )


def _is_whole(own: Path) -> bool:
    """Tell whether packs are there as they were written; damage is said."""
    written = read_checked(own / _DIGEST)
    is_whole = written is not None and written == _digest(own)
    if written and not is_whole:
        say_damaged(f"{own}: damaged; it is packed anew")
    return is_whole


def _digest(own: Path) -> bytes:
    """Hash the files of both packs; one that is missing counts."""
    paths = [own / part / name for part in (TRAIN, SCORED) for name in (IMAGES, ROWS, CLASSES)]
    return "".join(sha256_of_file(path) if path.is_file() else "-" for path in paths).encode()


def pixel_copies(project: Project, sha256s: Collection[str]) -> Iterator[PixelCopy]:
    """Find the packs that hold images, each with the cells that were run on it.

    Cells that lie beside the packs are of an older version: nothing reads them, or says whose
    pictures they show.
    """
    for folder in sorted(project.study_data.glob("*")):
        if any(holds_any(folder / part, sha256s) for part in (TRAIN, SCORED)):
            yield PixelCopy(folder)
    yield from map(PixelCopy, sorted(project.study_data.parent.glob("*.json")))


def _first(pack: Pack, max_per_class: int | None) -> tuple[Pack, list[int]]:
    """Find the first pictures of each character, in the order of the pack."""
    taken: Counter[str] = Counter()
    places = []
    for place, row in enumerate(pack.rows):
        if row.variant == 0 and (max_per_class is None or taken[row.character] < max_per_class):
            taken[row.character] += 1
            places.append(place)
    return pack, places


def _write(folder: Path, parts: Sequence[tuple[Pack, list[int]]], *, side_px: int) -> None:
    rows: list[PackRow] = []
    squares = []
    for pack, places in parts:
        for place in places:
            square = Image.fromarray(pack.read(np.array([place]))[0])
            rows.append(_scaled(pack.rows[place], factor=side_px / square.width))
            squares.append(np.asarray(square.resize((side_px, side_px), Image.Resampling.BOX)))
    with replacing(folder / IMAGES) as file:
        np.lib.format.write_array(file, np.stack(squares), version=(1, 0))
    write_rows(folder / ROWS, PackRow, rows)
    write_json(folder / CLASSES, list(parts[0][0].classes))


def _scaled(row: PackRow, *, factor: float) -> PackRow:
    width_px, height_px = (max(1, round(px * factor)) for px in (row.width_px, row.height_px))
    return replace(row, width_px=width_px, height_px=height_px)
