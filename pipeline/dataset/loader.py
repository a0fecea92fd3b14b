"""Batches of packed pictures as a network sees them.

Memory grows with the batch, not with the dataset: each batch is read from the map of the pack when
its turn comes. No worker processes: a batch costs about a tenth of the step that learns from it.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from pipeline.dataset.pack import Pack
from pipeline.dataset.transforms import eval_view, normalise, train_view
from pipeline.params import Train, View


class Batch(NamedTuple):
    """Pictures and who is on them."""

    x_BCSS: Tensor  # normalised, float32
    labels_B: Tensor  # class indices, int64


def count_batches(num: int, *, batch_size: int) -> int:
    """Count the batches of one epoch over `num` pictures."""
    return math.ceil(num / batch_size)


def train_batches(
    pack: Pack, *, view: View, train: Train, generator: Generator, device: str = "cpu"
) -> Iterator[Batch]:
    """Give every picture of the pack once, in random order, each in a random view.

    Batches differ by at most one picture: nothing is dropped, and no last batch of one picture
    upsets batch norm.

    Args:
        pack: the training split.
        view: size and normalisation.
        train: batch size and strength of the augmentation.
        generator: of the CPU; decides order and views, and nothing else does.
        device: where the batches are made and stay.
    """
    order_N = torch.randperm(len(pack), generator=generator).numpy()
    for chosen_B in _cut_evenly(order_N, batch_size=train.batch_size):
        x_BCSS = train_view(
            _read(pack, chosen_B).to(device),
            size_px=view.image_size_px,
            train=train,
            generator=generator,
        )
        labels_B = torch.from_numpy(pack.labels_N[chosen_B]).to(device)
        yield Batch(normalise(x_BCSS, mean=view.mean, std=view.std), labels_B)


def eval_batches(
    pack: Pack, *, view: View, batch_size: int, device: str = "cpu"
) -> Iterator[Batch]:
    """Give every picture of the pack once, in the order of the pack, whole."""
    for chosen_B in _cut_evenly(np.arange(len(pack)), batch_size=batch_size):
        x_BCSS = eval_view(_read(pack, chosen_B).to(device), size_px=view.image_size_px)
        labels_B = torch.from_numpy(pack.labels_N[chosen_B]).to(device)
        yield Batch(normalise(x_BCSS, mean=view.mean, std=view.std), labels_B)


def _cut_evenly(indices_N: NDArray[np.int64], *, batch_size: int) -> list[NDArray[np.int64]]:
    return np.array_split(indices_N, count_batches(len(indices_N), batch_size=batch_size))


def _read(pack: Pack, chosen_B: NDArray[np.int64]) -> Tensor:
    """Copy some pictures out of the map, shape (B, P, P, C) uint8."""
    return torch.from_numpy(pack.images_NSSC[chosen_B])
