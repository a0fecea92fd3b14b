"""A split, packed once."""

import dataclasses
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.dataset.letterbox import letterbox
from pipeline.dataset.pack import (
    Pack,
    check_packable,
    draw_preview,
    pixel_copies,
    read_pack,
    write_pack,
    write_preview,
)
from pipeline.errors import DataError
from pipeline.files import sha256_of, write_json
from pipeline.params import Augment
from pipeline.paths import Project
from pipeline.records import SplitRow

CLASSES = ("ariel", "elsa", "merida")
DrawSplit = Callable[..., list[SplitRow]]


def pack(rows: list[SplitRow], root: Path, *, folder: str = "train", variants: int = 1) -> Pack:
    """Pack rows at 32 px and open the pack."""
    augment = Augment(image_size_px=32, variants=variants)
    write_pack(rows, root / folder, root=root, classes=CLASSES, augment=augment, seed=7)
    return read_pack(root / folder)


def test_what_is_packed_can_be_read(draw_split: DrawSplit, tmp_path: Path) -> None:
    """Pictures lie by sha256, each followed by its variants, with labels in class order."""
    rows = sorted(draw_split(6), key=lambda row: row.sha256)

    packed = pack(rows, tmp_path, variants=2)

    assert (18, 32, 32, 3) == packed.images_NSSC.shape
    assert [row.sha256 for row in rows for _ in range(3)] == [row.sha256 for row in packed.rows]
    assert [0, 1, 2] * 6 == [row.variant for row in packed.rows]
    assert [CLASSES.index(row.character) for row in packed.rows] == packed.labels_N.tolist()
    assert CLASSES == packed.classes


def test_variant_0_is_the_picture_itself(draw_split: DrawSplit, tmp_path: Path) -> None:
    """The first pixels of a picture are its letterbox, and its row says what is content."""
    (row,) = draw_split(1)
    square, content_px = letterbox(Image.open(tmp_path / row.file), side_px=32)

    packed = pack([row], tmp_path)

    assert np.array_equal(np.asarray(square), packed.images_NSSC[0])
    assert content_px == (packed.rows[0].width_px, packed.rows[0].height_px)


def test_same_rows_give_same_bytes(draw_split: DrawSplit, tmp_path: Path) -> None:
    """The order of the rows does not matter, and nothing else changes from run to run."""
    rows = draw_split(5)

    first, second = pack(rows, tmp_path, folder="a"), pack(rows[::-1], tmp_path, folder="b")

    assert first.sha256() == second.sha256()


def test_adding_pictures_changes_no_variant(draw_split: DrawSplit, tmp_path: Path) -> None:
    """An old picture keeps its variants when new ones come."""
    rows = draw_split(6)

    few, many = pack(rows[:3], tmp_path, folder="few"), pack(rows, tmp_path, folder="many")

    places = [index for index, row in enumerate(many.rows) if row in few.rows]
    assert np.array_equal(few.images_NSSC, many.images_NSSC[places])


def test_packing_holds_one_picture_at_a_time(draw_split: DrawSplit, tmp_path: Path) -> None:
    """The pack of 40 pictures is several times what numpy held at once."""
    rows = draw_split(40)
    tracemalloc.start()

    write_pack(
        rows,
        tmp_path / "train",
        root=tmp_path,
        classes=CLASSES,
        augment=Augment(image_size_px=128, variants=1),
        seed=7,
    )

    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < (tmp_path / "train" / "images.npy").stat().st_size / 3


def test_a_missing_file_is_named(draw_split: DrawSplit, tmp_path: Path) -> None:
    """A row whose file is gone stops the stage, and leaves no half-written pack."""
    rows = draw_split(3)
    (tmp_path / rows[1].file).unlink()

    with pytest.raises(DataError, match=f"{rows[1].file}: not there"):
        pack(rows, tmp_path)

    assert [] == list((tmp_path / "train").iterdir())


def test_a_changed_file_is_named(draw_split: DrawSplit, tmp_path: Path) -> None:
    """A file whose bytes are not those of its row is never packed."""
    rows = draw_split(3)
    (tmp_path / rows[2].file).write_bytes(b"something else")

    with pytest.raises(DataError, match=f"{rows[2].file}: its bytes are not those of sha256"):
        pack(rows, tmp_path)


def test_an_undecodable_file_is_named(draw_split: DrawSplit, tmp_path: Path) -> None:
    """A file that is no picture gives its reason."""
    (row,) = draw_split(1)
    data = b"<html>not here</html>"
    odd = dataclasses.replace(row, sha256=sha256_of(data))
    (tmp_path / row.file).write_bytes(data)

    with pytest.raises(DataError, match=r"not an image \(HTML\)"):
        pack([odd], tmp_path)


def test_progress_counts_pictures(draw_split: DrawSplit, tmp_path: Path) -> None:
    """Each picture is reported once, and the last report is complete."""
    reports: list[tuple[int, int]] = []
    write_pack(
        draw_split(3),
        tmp_path / "train",
        root=tmp_path,
        classes=CLASSES,
        augment=Augment(image_size_px=32),
        seed=7,
        progress=lambda done, total, _note="": reports.append((done, total)),
    )

    assert [(1, 3), (2, 3), (3, 3)] == reports


def test_a_class_needs_a_training_picture(draw_split: DrawSplit) -> None:
    """All classes without one are named at once."""
    rows = [row for row in draw_split(6) if row.character == "ariel"]

    with pytest.raises(DataError, match="no training picture of elsa, merida"):
        check_packable(rows, classes=CLASSES)


def test_an_empty_split_is_refused(draw_split: DrawSplit) -> None:
    """Nothing can be chosen on an empty val or scored on an empty test."""
    with pytest.raises(DataError, match="no picture in val, test"):
        check_packable(draw_split(6), classes=CLASSES)


def test_a_stranger_is_refused(draw_split: DrawSplit) -> None:
    """A row of a character that params.yaml does not know is an old row."""
    with pytest.raises(DataError, match=r"merida: not in params\.yaml"):
        check_packable(draw_split(6), classes=CLASSES[:2])


def test_whole_splits_pass(draw_split: DrawSplit) -> None:
    """Every class in training and no split empty is enough."""
    rows = draw_split(6)
    rows += [dataclasses.replace(rows[0], split=split) for split in ("val", "test")]

    check_packable(rows, classes=CLASSES)


def test_a_missing_pack_is_named(tmp_path: Path) -> None:
    """Reading what was never packed says which stage to run."""
    with pytest.raises(DataError, match=r"rows\.csv: not there"):
        read_pack(tmp_path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "images.npy").unlink(), r"images\.npy: not there"),
        (lambda folder: (folder / "images.npy").write_bytes(b"x"), "not a whole array"),
        (lambda folder: _truncate(folder / "images.npy"), "not a whole array"),
        (lambda folder: np.save(folder / "images.npy", np.zeros(3)), r"shape \(\) for 6 rows"),
        (lambda folder: _drop_line(folder / "rows.csv"), "for 5 rows"),
        (lambda folder: write_json(folder / "classes.json", ["elsa"]), "ariel is not in"),
        (lambda folder: write_json(folder / "classes.json", {"a": 1}), "expected a list of slugs"),
    ],
)
def test_an_odd_pack_is_refused(
    spoil: Callable[[Path], object], message: str, draw_split: DrawSplit, tmp_path: Path
) -> None:
    """Three files that do not fit each other are never trained on."""
    pack(draw_split(3), tmp_path)
    spoil(tmp_path / "train")

    with pytest.raises(DataError, match=message):
        read_pack(tmp_path / "train")


def test_the_preview_shows_variants_below_pictures(draw_split: DrawSplit, tmp_path: Path) -> None:
    """A column is a picture and its variants; the classes come in turn."""
    packed = pack(draw_split(6), tmp_path)

    sheet = draw_preview(packed, max_pictures=4)
    write_preview(tmp_path / "preview.png", sheet)

    first = [row.character for row in packed.rows].index("ariel")
    with Image.open(tmp_path / "preview.png") as written:
        assert (4 * 32, 2 * 32) == written.size
    assert np.array_equal(packed.images_NSSC[first], np.asarray(sheet)[:32, :32])
    assert np.array_equal(packed.images_NSSC[first + 1], np.asarray(sheet)[32:, :32])


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _drop_line(path: Path) -> None:
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def test_packs_and_preview_that_hold_an_image(draw_split: DrawSplit, tmp_path: Path) -> None:
    """By their rows; a pack without rows might hold it, and the preview shows some of training."""
    project = Project(tmp_path)
    one, two = draw_split(2)
    for name, rows in {"train": [one], "val": [two], "test": [two]}.items():
        augment = Augment(image_size_px=32, variants=1)
        folder = project.pack(name)
        write_pack(rows, folder, root=tmp_path, classes=CLASSES, augment=augment, seed=7)
    write_preview(project.preview, draw_preview(read_pack(project.pack("train"))))

    def found(sha256: str) -> list[str]:
        return [copy.path.name for copy in pixel_copies(project, {sha256})]

    assert [] == found("0" * 64)
    assert ["preview.png", "train"] == found(one.sha256)
    (project.pack("test") / "rows.csv").unlink()
    assert ["preview.png", "train", "test"] == found(one.sha256)
