"""Pack a split once: upright, letterboxed pictures in one memory-mapped array. No torch.

data/processed/<split>/
    images.npy     (N, S, S, 3) uint8 RGB, S = augment.image_size_px
    rows.csv       N rows in the same order: `PackRow`
    classes.json   slugs; a label is an index into this list
    sha256.txt     of the three: whether a network learned from them is told without reading them

One file, not N: DVC needs 20 to 40 s to see that 100,000 loose files did not change.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.dataset.letterbox import letterbox
from pipeline.dataset.variants import draw_variant, shrink
from pipeline.errors import DataError
from pipeline.files import (
    PixelCopy,
    names_any,
    read_json,
    read_rows,
    replacing,
    sha256_of,
    sha256_of_file,
    write_json,
    write_rows,
    write_text,
)
from pipeline.params import Augment
from pipeline.paths import Project
from pipeline.pictures.decode import decode
from pipeline.progress import Progress, silent
from pipeline.records import SPLITS, PackRow, Rejected, SplitRow

IMAGES, ROWS, CLASSES = "images.npy", "rows.csv", "classes.json"
DIGEST = "sha256.txt"
RGB = 3
_AGAIN = "run dvc repro augment"
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One packed split: N pictures, their rows and their labels."""

    folder: Path
    rows: tuple[PackRow, ...]
    classes: tuple[str, ...]
    labels_N: NDArray[np.int64]  # indices into `classes`
    content_N2: NDArray[np.int64]  # width and height in px of the picture inside its square

    def __len__(self) -> int:
        """Count the pictures, variants included."""
        return len(self.rows)

    @property
    def side_px(self) -> int:
        """Give the side of the packed squares, S."""
        return int(self.images_NSSC.shape[1])

    @property
    def images_NSSC(self) -> Pixels:
        """Map the pixels, shape (N, S, S, 3); read only.

        Mapped anew at each use: pages that were read count as memory of this process until their
        map is dropped, so whoever holds a map for an epoch holds the whole dataset.
        """
        images_NSSC: Pixels = np.load(self.folder / IMAGES, mmap_mode="r")
        return images_NSSC

    def read(self, chosen_B: NDArray[np.int64]) -> Pixels:
        """Copy some pictures out of the map, shape (B, S, S, 3)."""
        copied_BSSC: Pixels = self.images_NSSC[chosen_B]
        return copied_BSSC

    def sha256(self) -> str:
        """Hash all that training sees: pixels, rows and classes."""
        return _digest(self.folder)


def check_packable(rows: Sequence[SplitRow], *, classes: Sequence[str]) -> None:
    """Refuse what no network can learn from or be judged on.

    Raises:
        DataError: a character that is no class, a class without training picture, an empty split.
    """
    unknown = sorted({row.character for row in rows} - set(classes))
    if unknown:
        raise DataError(f"split.csv: {', '.join(unknown)}: not in params.yaml; run dvc repro split")
    in_training = Counter(row.character for row in rows if row.split == "train")
    missing = [slug for slug in classes if not in_training[slug]]
    if missing:
        raise DataError(
            f"split.csv: no training picture of {', '.join(missing)}; see what is missing with "
            "disney progress, or take them out of params.yaml"
        )
    empty = sorted(set(SPLITS) - {row.split for row in rows}, key=SPLITS.index)
    if empty:
        raise DataError(
            f"split.csv: no picture in {', '.join(empty)}; collect more, or change split in "
            "params.yaml"
        )


def write_pack(
    rows: Sequence[SplitRow],
    folder: Path,
    *,
    root: Path,
    classes: Sequence[str],
    augment: Augment,
    seed: int,
    progress: Progress = silent,
) -> None:
    """Pack the pictures of one split; memory does not grow with their number.

    Args:
        rows: at least one, all of one split; each picture is followed by its variants.
        folder: where the files go.
        root: what `SplitRow.file` is relative to.
        classes: slugs in the order of their labels.
        augment: side of the packed squares; variants of each picture (0 outside training).
        seed: of the project.
        progress: called after each picture.

    Raises:
        DataError: a file is missing, does not decode, or is not the one its row names.
    """
    side_px = augment.image_size_px
    (folder / DIGEST).unlink(missing_ok=True)  # a kill leaves none, rather than an old one
    packed: list[PackRow] = []
    with replacing(folder / IMAGES) as file:
        _write_header(file, shape=(len(rows) * (1 + augment.variants), side_px, side_px, RGB))
        for done, row in enumerate(sorted(rows, key=lambda row: row.sha256), start=1):
            image = _open(row, root=root)
            for pixels_SSC, pack_row in _squares(image, row, augment=augment, seed=seed):
                file.write(pixels_SSC.tobytes())
                packed.append(pack_row)
            progress(done, len(rows), row.character)
    write_rows(folder / ROWS, PackRow, packed)
    write_json(folder / CLASSES, list(classes))
    write_text(folder / DIGEST, _digest(folder))


def read_pack(folder: Path) -> Pack:
    """Open a packed split.

    Raises:
        DataError: a file is missing, odd, or does not fit the others.
    """
    rows = read_rows(folder / ROWS, PackRow)
    classes = read_json(folder / CLASSES)
    if not isinstance(classes, list) or not all(isinstance(slug, str) for slug in classes):
        raise DataError(f"{folder / CLASSES}: expected a list of slugs; {_AGAIN}")
    shape = _shape_on_disk(folder / IMAGES)
    side_px = shape[1] if len(shape) > 1 else 0
    if shape != (len(rows), side_px, side_px, RGB) or not rows:
        raise DataError(f"{folder / IMAGES}: shape {shape} for {len(rows)} rows; {_AGAIN}")
    unknown = sorted({row.character for row in rows} - set(classes))
    if unknown:
        raise DataError(f"{folder / ROWS}: {unknown[0]} is not in {CLASSES}; {_AGAIN}")
    labels_N = np.array([classes.index(row.character) for row in rows], dtype=np.int64)
    sizes = [(row.width_px, row.height_px) for row in rows]
    return Pack(
        folder=folder,
        rows=tuple(rows),
        classes=tuple(classes),
        labels_N=labels_N,
        content_N2=np.array(sizes, dtype=np.int64),
    )


def packed_sha256(project: Project) -> str | None:
    """Give what a network that learns from the packed pictures has as `Card.data_sha256`.

    Returns:
        None where training and validation pictures are not packed.
    """
    try:
        train, val = (
            (project.pack(split) / DIGEST).read_text("utf-8") for split in ("train", "val")
        )
    except FileNotFoundError:
        return None
    return learned_sha256(train, val)


def learned_sha256(train: str, val: str) -> str:
    """Hash all pictures that a network learns from and is judged by, from `Pack.sha256` of both."""
    return sha256_of(f"{train}{val}".encode())


def holds_any(folder: Path, sha256s: Collection[str]) -> bool:
    """Tell whether a pack holds one of these images; one that does not say so might."""
    rows = folder / ROWS
    return not rows.is_file() or names_any(rows.read_bytes(), sha256s)


def pixel_copies(project: Project, sha256s: Collection[str]) -> Iterator[PixelCopy]:
    """Find the packed splits that hold images, and the preview, which shows some of training."""
    packs = [project.pack(split) for split in SPLITS if project.pack(split).is_dir()]
    held = [folder for folder in packs if holds_any(folder, sha256s)]
    if project.preview.is_file() and (held or len(packs) < len(SPLITS)):
        yield PixelCopy(project.preview)
    yield from map(PixelCopy, held)


def draw_preview(pack: Pack, *, max_pictures: int = 8) -> Image.Image:
    """Draw a sheet: a picture a column, its variants below it, the classes in turn."""
    columns = list(islice(_in_turn(pack), max_pictures))
    images_NSSC = pack.images_NSSC
    return Image.fromarray(np.hstack([np.vstack(list(images_NSSC[column])) for column in columns]))


def write_preview(path: Path, sheet: Image.Image) -> None:
    """Write a sheet as PNG."""
    with replacing(path) as file:
        sheet.save(file, format="PNG")


def _in_turn(pack: Pack) -> Iterator[list[int]]:
    """Give the indices of a picture and its variants, the first of each class, the second, ..."""
    places: dict[str, list[int]] = {}
    for index, row in enumerate(pack.rows):
        places.setdefault(row.sha256, []).append(index)
    by_class: dict[str, list[list[int]]] = {slug: [] for slug in pack.classes}
    for indices in places.values():
        by_class[pack.rows[indices[0]].character].append(indices)
    for column in zip_longest(*by_class.values()):
        yield from (indices for indices in column if indices)


def _digest(folder: Path) -> str:
    parts = [sha256_of_file(folder / name) for name in (IMAGES, ROWS, CLASSES)]
    return sha256_of("".join(parts).encode())


def _write_header(file: IO[bytes], *, shape: tuple[int, ...]) -> None:
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def _open(row: SplitRow, *, root: Path) -> Image.Image:
    try:
        data = (root / row.file).read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{row.file}: not there, but split.csv names it; {_AGAIN}") from error
    if sha256_of(data) != row.sha256:
        raise DataError(
            f"{row.file}: its bytes are not those of sha256 {row.sha256[:12]}; {_AGAIN}"
        )
    # Collecting applied the limits of params.yaml; a contribution is as large as its member likes.
    picture = decode(data)
    if isinstance(picture, Rejected):
        raise DataError(f"{row.file}: {picture.reason} ({picture.detail}); {_AGAIN}")
    return picture.image


def _squares(
    image: Image.Image, row: SplitRow, *, augment: Augment, seed: int
) -> Iterator[tuple[Pixels, PackRow]]:
    """Letterbox a picture (variant 0), then its variants."""
    side_px = augment.image_size_px
    small = shrink(image, side_px=side_px)
    for variant in range(1 + augment.variants):
        if variant:
            image = draw_variant(
                small, side_px=side_px, sha256=row.sha256, variant=variant, seed=seed
            )
        square, (width_px, height_px) = letterbox(image, side_px=side_px)
        yield (
            np.asarray(square),
            PackRow(
                sha256=row.sha256,
                character=row.character,
                group=row.group,
                variant=variant,
                width_px=width_px,
                height_px=height_px,
            ),
        )


def _shape_on_disk(path: Path) -> tuple[int, ...]:
    try:
        images = np.load(path, mmap_mode="r")
    except FileNotFoundError as error:
        raise DataError(f"{path}: not there; {_AGAIN}") from error
    except (ValueError, EOFError, OSError) as error:
        raise DataError(f"{path}: not a whole array of numpy; {_AGAIN}") from error
    return tuple(images.shape) if images.dtype == np.uint8 else ()
