"""Batches of packed pictures."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Generator

from pipeline.dataset.loader import count_batches, eval_batches, train_batches
from pipeline.dataset.pack import Pack, read_pack, write_pack
from pipeline.files import sha256_of, write_json, write_rows
from pipeline.params import Augment, Train, View
from pipeline.records import PackRow, SplitRow

VIEW = View(image_size_px=16)
STATM = Path("/proc/self/statm")  # Linux: pages in use, the second number is what is resident


@pytest.fixture
def packed(draw_split: Callable[..., list[SplitRow]], tmp_path: Path) -> Pack:
    """Pack 7 pictures of three classes, without variants."""
    write_pack(
        draw_split(7),
        tmp_path / "train",
        root=tmp_path,
        classes=("ariel", "elsa", "merida"),
        augment=Augment(image_size_px=32, variants=0),
        seed=7,
    )
    return read_pack(tmp_path / "train")


def generator(seed: int = 7) -> Generator:
    """Make a fresh generator."""
    return torch.Generator().manual_seed(seed)


def test_training_gives_every_picture_once(packed: Pack) -> None:
    """No picture is dropped or repeated, and batches differ by at most one."""
    train = Train(batch_size=3)

    labels = [
        batch.labels_B
        for batch in train_batches(packed, view=VIEW, train=train, generator=generator())
    ]

    assert [3, 2, 2] == [len(each) for each in labels]
    assert sorted(packed.labels_N.tolist()) == sorted(torch.cat(labels).tolist())
    assert count_batches(7, batch_size=3) == len(labels)


def test_pictures_keep_their_labels(packed: Pack) -> None:
    """Without augmentation a batch holds the judged view of the pictures of its labels."""
    train = Train(batch_size=7, crop_min_area=1, flip_probability=0, colour_jitter=0)
    view = View(image_size_px=32)
    (judged,) = eval_batches(packed, view=view, batch_size=7)

    (batch,) = train_batches(packed, view=view, train=train, generator=generator())

    for x_CSS, label in zip(batch.x_BCSS, batch.labels_B, strict=True):
        nearest = (judged.x_BCSS - x_CSS).abs().amax(dim=(1, 2, 3)).argmin()
        assert label == judged.labels_B[nearest]


def test_the_order_depends_on_the_generator_alone(packed: Pack) -> None:
    """The same seed gives the same batches, another seed other ones."""
    first, again, other = (
        next(train_batches(packed, view=VIEW, train=Train(), generator=generator(seed)))
        for seed in (1, 1, 2)
    )

    assert torch.equal(first.x_BCSS, again.x_BCSS)
    assert not torch.equal(first.labels_B, other.labels_B)


def test_judging_keeps_the_order_of_the_pack(packed: Pack) -> None:
    """Predictions can be laid beside the rows."""
    batches = list(eval_batches(packed, view=VIEW, batch_size=2))

    assert packed.labels_N.tolist() == torch.cat([each.labels_B for each in batches]).tolist()
    assert torch.float32 == batches[0].x_BCSS.dtype
    assert -1 <= batches[0].x_BCSS.min() < 0 < batches[0].x_BCSS.max() <= 1


@pytest.mark.skipif(not STATM.exists(), reason="needs Linux to see its own memory")
def test_memory_grows_with_the_batch_not_with_the_dataset(tmp_path: Path) -> None:
    """Reading a pack of 490 MB takes a fraction of it at any time."""
    packed = _large_pack(tmp_path, num=40_000)
    next(eval_batches(packed, view=VIEW, batch_size=128))
    before_mb = _resident_mb()

    peak_mb = max(_resident_mb() for _ in eval_batches(packed, view=VIEW, batch_size=128))

    assert peak_mb - before_mb < 60


def _large_pack(folder: Path, *, num: int) -> Pack:
    """Write a pack of black pictures; the file has holes and takes no space."""
    images = np.lib.format.open_memmap(
        folder / "images.npy", mode="w+", dtype=np.uint8, shape=(num, 64, 64, 3)
    )
    del images
    row = PackRow(
        sha256=sha256_of(b""), character="elsa", group="", variant=0, width_px=64, height_px=64
    )
    write_rows(folder / "rows.csv", PackRow, [row] * num)
    write_json(folder / "classes.json", ["elsa"])
    return read_pack(folder)


def _resident_mb() -> float:
    return int(STATM.read_text().split()[1]) * 4096 / 1e6
