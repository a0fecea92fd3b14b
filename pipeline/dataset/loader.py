"""Batches of packed pictures as a network sees them.

Memory grows with the batch, not with the dataset: each batch is read from the map of the pack when
its turn comes. No worker processes: a batch costs about a tenth of the step that learns from it.

Several processes may share an epoch: all draw the same plan, and each makes its part of each batch.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from numpy.typing import NDArray
from torch import Tensor

from pipeline.dataset.mixing import Mix, draw_mix, mix_pictures, mix_targets
from pipeline.dataset.seed import make_generator
from pipeline.dataset.selection import Pictures
from pipeline.dataset.transforms import Draws, draw_views, eval_view, train_view
from pipeline.params import Train, View


class Share(NamedTuple):
    """Which part of the work is this process's: every `of`-th piece, from `rank` on."""

    rank: int = 0
    of: int = 1


class TrainBatch(NamedTuple):
    """Pictures to learn from; this process's share of them."""

    x_BCSS: Tensor  # normalised, float32
    targets_BK: Tensor  # how much each class is on them; rows sum to 1
    num_pictures: int  # in the whole batch, over all processes


class EvalBatch(NamedTuple):
    """Pictures to judge."""

    x_BCSS: Tensor  # normalised, float32
    indices_B: Tensor  # in the pack


WHOLE = Share()


def count_batches(num: int, *, batch_size: int) -> int:
    """Count the batches of one epoch over `num` pictures."""
    return math.ceil(num / batch_size)


def train_batches(
    pictures: Pictures,
    *,
    view: View,
    train: Train,
    seed: int,
    epoch: int,
    first_step: int = 0,
    share: Share = WHOLE,
    device: str = "cpu",
) -> Iterator[TrainBatch]:
    """Give the pictures of one epoch in random order, each in a random view.

    Each picture comes once (with `balanced_sampler` each class equally often). Batches differ by at
    most one picture: nothing is dropped, and no last batch of one picture upsets batch norm. A
    batch depends on (seed, epoch, step) alone, so an epoch can be taken up at any step.

    Args:
        pictures: the training split.
        view: size and normalisation.
        train: batch size and strength of the augmentation.
        seed: of the project.
        epoch: 1 is the first.
        first_step: steps of the epoch that are left out.
        share: this process's part of each batch.
        device: where the batches are made and stay.
    """
    order_N = draw_order(pictures, is_balanced=train.balanced_sampler, seed=seed, epoch=epoch)
    batches = _cut_evenly(order_N, batch_size=train.batch_size)
    for step, chosen_B in enumerate(batches[first_step:], start=first_step):
        generator = make_generator(seed, use="views", epoch=epoch, step=step)
        draws = draw_views(len(chosen_B), train=train, generator=generator)
        mix = draw_mix(len(chosen_B), train=train, generator=generator)
        maker = _Maker(pictures, chosen_B, draws=draws, view=view, device=device)
        mine_B = torch.arange(share.rank, len(chosen_B), share.of)
        x_BCSS, targets_BK = maker.make(mine_B)
        if mix is not None:
            x_BCSS, targets_BK = maker.mix(x_BCSS, targets_BK, mix.take(mine_B))
        yield TrainBatch(x_BCSS, targets_BK, num_pictures=len(chosen_B))


def eval_batches(
    pictures: Pictures,
    *,
    view: View,
    batch_size: int,
    share: Share = WHOLE,
    device: str = "cpu",
) -> Iterator[EvalBatch]:
    """Give every picture of this process's share once, in the order of the pack, whole."""
    indices_N = np.arange(share.rank, len(pictures), share.of)
    for chosen_B in _cut_evenly(indices_N, batch_size=batch_size):
        images_BPPC = _read(pictures, chosen_B).to(device)
        content_B2 = torch.from_numpy(pictures.content_N2[chosen_B])
        x_BCSS = eval_view(images_BPPC, content_B2=content_B2, view=view)
        yield EvalBatch(x_BCSS, torch.from_numpy(chosen_B))


def draw_order(
    pictures: Pictures, *, is_balanced: bool, seed: int, epoch: int
) -> NDArray[np.int64]:
    """Draw the order of one epoch, N indices.

    Balanced: each class gives as many as the others (one more or less), its pictures in turn.
    """
    generator = make_generator(seed, use="order", epoch=epoch)
    if not is_balanced:
        return torch.randperm(len(pictures), generator=generator).numpy()
    classes = np.unique(pictures.labels_N)
    each, num_more = divmod(len(pictures), len(classes))
    chosen = []
    # Who gives one more changes from epoch to epoch.
    for number, index in enumerate(torch.randperm(len(classes), generator=generator).tolist()):
        own = torch.from_numpy(np.flatnonzero(pictures.labels_N == classes[index]))
        num = each + (number < num_more)
        rounds = [
            own[torch.randperm(len(own), generator=generator)]
            for _ in range(math.ceil(num / len(own)))
        ]
        chosen.append(torch.cat([own[:0], *rounds])[:num])
    pool = torch.cat(chosen)
    return pool[torch.randperm(len(pool), generator=generator)].numpy()


class _Maker:
    """Makes any pictures of one batch, as the batch's plan says."""

    def __init__(
        self,
        pictures: Pictures,
        chosen_B: NDArray[np.int64],
        *,
        draws: Draws,
        view: View,
        device: str,
    ) -> None:
        self.pictures, self.chosen_B, self.draws = pictures, chosen_B, draws
        self.view, self.device = view, device

    def make(self, places_B: Tensor) -> tuple[Tensor, Tensor]:
        """Make views and one-hot targets of the pictures at these places of the batch."""
        chosen_B = self.chosen_B[places_B.numpy()]
        x_BCSS = train_view(
            _read(self.pictures, chosen_B).to(self.device),
            self.draws.take(places_B),
            content_B2=torch.from_numpy(self.pictures.content_N2[chosen_B]),
            view=self.view,
        )
        labels_B = torch.from_numpy(self.pictures.labels_N[chosen_B]).to(self.device)
        return x_BCSS, F.one_hot(labels_B, len(self.pictures.classes)).float()

    def mix(self, x_BCSS: Tensor, targets_BK: Tensor, mix: Mix) -> tuple[Tensor, Tensor]:
        """Mix pictures and targets with those of their partners."""
        partners_BCSS, partner_targets_BK = self.make(mix.partners_B)
        return (
            mix_pictures(x_BCSS, partners_BCSS, mix),
            mix_targets(targets_BK, partner_targets_BK, mix),
        )


def _cut_evenly(indices_N: NDArray[np.int64], *, batch_size: int) -> list[NDArray[np.int64]]:
    num_batches = count_batches(len(indices_N), batch_size=batch_size)
    return np.array_split(indices_N, num_batches) if num_batches else []


def _read(pictures: Pictures, chosen_B: NDArray[np.int64]) -> Tensor:
    """Copy some pictures out of the map, shape (B, P, P, C) uint8."""
    return torch.from_numpy(pictures.read(chosen_B))
