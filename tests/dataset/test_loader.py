"""Batches of packed pictures."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.dataset.loader import (
    EvalBatch,
    Share,
    TrainBatch,
    count_batches,
    draw_order,
    eval_batches,
    train_batches,
)
from pipeline.dataset.pack import Pack, read_pack, write_pack
from pipeline.files import sha256_of, write_json, write_rows
from pipeline.params import Augment, Train, View
from pipeline.records import PackRow, SplitRow

VIEW = View(image_size_px=16)
CALM: dict[str, Any] = {"crop_min_area": 1, "flip_probability": 0, "colour_jitter": 0}
MIXED: dict[str, Any] = {"mixup_alpha": 0.8, "cutmix_alpha": 1.0}
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


def epoch_of(
    packed: Pack, train: Train, *, seed: int = 7, epoch: int = 1, view: View = VIEW, **more: Any
) -> list[TrainBatch]:
    """Make the batches of one epoch."""
    return list(train_batches(packed, view=view, train=train, seed=seed, epoch=epoch, **more))


def labels_of(batches: list[TrainBatch]) -> list[int]:
    """Read the labels of pictures that are not mixed."""
    return torch.cat([batch.targets_BK for batch in batches]).argmax(dim=1).tolist()


def is_same(one: TrainBatch, other: TrainBatch) -> bool:
    """Compare pictures and targets to the last bit."""
    return torch.equal(one.x_BCSS, other.x_BCSS) and torch.equal(one.targets_BK, other.targets_BK)


def test_training_gives_every_picture_once(packed: Pack) -> None:
    """No picture is dropped or repeated, and batches differ by at most one."""
    batches = epoch_of(packed, Train(batch_size=3))

    assert [3, 2, 2] == [len(each.x_BCSS) for each in batches]
    assert [3, 2, 2] == [each.num_pictures for each in batches]
    assert sorted(packed.labels_N.tolist()) == sorted(labels_of(batches))
    assert count_batches(7, batch_size=3) == len(batches)


def test_pictures_keep_their_labels(packed: Pack) -> None:
    """Without augmentation a batch holds the judged view of the pictures of its labels."""
    view = View(image_size_px=32)
    (judged,) = eval_batches(packed, view=view, batch_size=7)

    (batch,) = epoch_of(packed, Train(batch_size=7, **CALM), view=view)

    for x_CSS, target_K in zip(batch.x_BCSS, batch.targets_BK, strict=True):
        nearest = int((judged.x_BCSS - x_CSS).abs().amax(dim=(1, 2, 3)).argmin())
        assert packed.labels_N[judged.indices_B[nearest]] == target_K.argmax()
        assert [0, 0, 1] == sorted(target_K.tolist())


@pytest.mark.parametrize("mixing", [{}, MIXED])
def test_a_batch_depends_on_seed_epoch_and_step_alone(packed: Pack, mixing: dict[str, Any]) -> None:
    """The same three give the same batch, whatever torch's own generator does; others differ."""
    train = Train(batch_size=3, **mixing)
    torch.manual_seed(1)
    first = epoch_of(packed, train)
    torch.manual_seed(2)
    again = epoch_of(packed, train)
    others = [epoch_of(packed, train, seed=8), epoch_of(packed, train, epoch=2)]

    assert all(is_same(one, two) for one, two in zip(first, again, strict=True))
    assert not any(is_same(first[0], other[0]) for other in others)


@pytest.mark.parametrize("mixing", [{}, MIXED])
@pytest.mark.parametrize("first_step", [1, 2, 3])
def test_an_epoch_is_taken_up_at_any_step(
    packed: Pack, mixing: dict[str, Any], first_step: int
) -> None:
    """What is left of it is identical to what came before the break."""
    train = Train(batch_size=3, balanced_sampler=True, **mixing)
    whole = epoch_of(packed, train)

    rest = epoch_of(packed, train, first_step=first_step)

    assert 3 - first_step == len(rest)
    assert all(is_same(one, two) for one, two in zip(whole[first_step:], rest, strict=True))


@pytest.mark.parametrize(
    "mixing", [{}, {"mixup_alpha": 0.8}, {"cutmix_alpha": 1.0}, MIXED], ids=str
)
@pytest.mark.parametrize("processes", [2, 3])
def test_shares_make_up_the_whole_batch(
    packed: Pack, mixing: dict[str, Any], processes: int
) -> None:
    """What several processes make of a batch is, laid together, what one makes."""
    train = Train(batch_size=4, **mixing)
    whole = epoch_of(packed, train)

    shares = [epoch_of(packed, train, share=Share(rank, processes)) for rank in range(processes)]

    for batch, *parts in zip(whole, *shares, strict=True):
        assert {batch.num_pictures} == {part.num_pictures for part in parts}
        x_BCSS, targets_BK = torch.zeros_like(batch.x_BCSS), torch.zeros_like(batch.targets_BK)
        for rank, part in enumerate(parts):
            x_BCSS[rank::processes], targets_BK[rank::processes] = part.x_BCSS, part.targets_BK
        assert torch.allclose(batch.x_BCSS, x_BCSS, atol=1e-6)
        assert torch.equal(batch.targets_BK, targets_BK)


@pytest.mark.parametrize("mixing", [{"mixup_alpha": 0.8}, {"cutmix_alpha": 1.0}], ids=str)
def test_mixed_targets_say_what_is_on_the_picture(packed: Pack, mixing: dict[str, Any]) -> None:
    """They sum to 1, and some picture shows two classes."""
    (batch,) = epoch_of(packed, Train(batch_size=7, **mixing))

    assert torch.allclose(torch.ones(7), batch.targets_BK.sum(dim=1))
    assert (batch.targets_BK.amax(dim=1) < 0.999).any()


def test_a_balanced_epoch_shows_classes_equally_often(tmp_path: Path) -> None:
    """Of 10 classes, one with 46 of 55 pictures, all come 5 or 6 times; epochs differ."""
    packed = _make_pack(tmp_path, labels=[0] * 46 + list(range(1, 10)))

    orders = [draw_order(packed, is_balanced=True, seed=7, epoch=epoch) for epoch in range(1, 9)]

    for order_N in orders:
        counts = Counter(packed.labels_N[order_N].tolist())
        assert 55 == len(order_N)
        assert [5] * 5 + [6] * 5 == sorted(counts[label] for label in range(10))
    assert all(one.tolist() != two.tolist() for one, two in itertools.combinations(orders, 2))
    assert 1 < len({tuple(np.bincount(packed.labels_N[order_N])) for order_N in orders})


def test_a_balanced_epoch_repeats_no_picture_before_its_class_is_through(packed: Pack) -> None:
    """A class of three gives its three pictures, a class of two each of its two at least once."""
    order_N = draw_order(packed, is_balanced=True, seed=7, epoch=1)

    assert set(range(7)) >= set(order_N.tolist())
    for label in range(3):
        own = [place for place in order_N.tolist() if packed.labels_N[place] == label]
        assert min(len(own), int((packed.labels_N == label).sum())) == len(set(own))


def test_judging_keeps_the_order_of_the_pack(packed: Pack) -> None:
    """Predictions can be laid beside the rows."""
    batches = list(eval_batches(packed, view=VIEW, batch_size=2))

    assert list(range(7)) == indices_of(batches)
    assert torch.float32 == batches[0].x_BCSS.dtype
    assert -1 <= batches[0].x_BCSS.min() < 0 < batches[0].x_BCSS.max() <= 1


@pytest.mark.parametrize("processes", [2, 3, 9])
def test_judging_is_shared_without_repeats(packed: Pack, processes: int) -> None:
    """Each picture is judged by one process, also if there are more of them than pictures."""
    shares = [
        indices_of(list(eval_batches(packed, view=VIEW, batch_size=2, share=Share(n, processes))))
        for n in range(processes)
    ]

    assert list(range(7)) == sorted(itertools.chain(*shares))


def indices_of(batches: list[EvalBatch]) -> list[int]:
    """Lay the places of all batches together."""
    return [int(index) for batch in batches for index in batch.indices_B]


@pytest.mark.skipif(not STATM.exists(), reason="needs Linux to see its own memory")
def test_judging_holds_a_batch_not_the_dataset(tmp_path: Path) -> None:
    """Of 40,000 packed pictures, 123 MB, a fraction is held at any time."""
    packed = _make_pack(tmp_path, labels=[0] * 40_000, side_px=32)

    assert _growth_mb(lambda: eval_batches(packed, view=VIEW, batch_size=512)) < 40


@pytest.mark.slow
@pytest.mark.skipif(not STATM.exists(), reason="needs Linux to see its own memory")
def test_learning_holds_a_batch_not_the_dataset(tmp_path: Path) -> None:
    """Of 100,000 packed pictures, 307 MB, an epoch holds a fraction at any time."""
    packed = _make_pack(tmp_path, labels=[0] * 100_000, side_px=32)
    train = Train(batch_size=512)

    assert _growth_mb(lambda: train_batches(packed, view=VIEW, train=train, seed=7, epoch=1)) < 60


def _growth_mb(batches: Callable[[], Iterator[Any]]) -> float:
    """Measure how much more memory all batches take than the first of them."""
    next(batches())
    before_mb = _resident_mb()
    return max(_resident_mb() for _ in batches()) - before_mb


def _make_pack(folder: Path, *, labels: list[int], side_px: int = 16) -> Pack:
    """Write a pack of black pictures; the file has holes and takes no space."""
    images = np.lib.format.open_memmap(
        folder / "images.npy", mode="w+", dtype=np.uint8, shape=(len(labels), side_px, side_px, 3)
    )
    del images
    classes = [f"class_{label}" for label in range(max(labels) + 1)]
    rows = [
        PackRow(
            sha256=sha256_of(b""),
            character=classes[label],
            group="",
            variant=0,
            width_px=side_px,
            height_px=side_px,
        )
        for label in labels
    ]
    write_rows(folder / "rows.csv", PackRow, rows)
    write_json(folder / "classes.json", classes)
    return read_pack(folder)


def _resident_mb() -> float:
    return int(STATM.read_text().split()[1]) * 4096 / 1e6
