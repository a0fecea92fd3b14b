"""Pictures made of two: blended (mixup) or pasted into each other (cutmix), labels likewise.

Zhang et al. 2018 (arXiv:1710.09412) and Yun et al. 2019 (arXiv:1905.04899). Both help long
training (80 epochs and more); in short training they mostly slow it down.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor

from pipeline.params import Train


class Mix(NamedTuple):
    """Who is mixed with whom, and how, for B pictures."""

    partners_B: Tensor  # index of the other picture in the batch
    shares_B: Tensor  # of the picture itself, in [0, 1]
    boxes_B4: Tensor | None  # left, top, right, bottom of what is pasted, in [0, 1]; None: blended

    def take(self, chosen: Tensor) -> "Mix":
        """Keep the plans of some pictures."""
        boxes = None if self.boxes_B4 is None else self.boxes_B4[chosen]
        return Mix(self.partners_B[chosen], self.shares_B[chosen], boxes)


def draw_mix(num: int, *, train: Train, generator: Generator) -> Mix | None:
    """Plan a batch of B pictures; None if nothing is to be mixed.

    If both kinds are asked for, a coin decides for the whole batch.

    Args:
        num: B.
        train: `mixup_alpha`, `cutmix_alpha`: shares are drawn from Beta(alpha, alpha).
        generator: of the CPU.
    """
    alphas = {"mixup": train.mixup_alpha, "cutmix": train.cutmix_alpha}
    kinds = [kind for kind, alpha in alphas.items() if alpha > 0]
    if not kinds:
        return None
    rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
    kind = kinds[int(rng.integers(len(kinds)))]
    partners_B = torch.from_numpy(rng.permutation(num))
    shares_B = torch.from_numpy(rng.beta(alphas[kind], alphas[kind], num)).float()
    if kind == "mixup":
        return Mix(partners_B, shares_B, None)
    boxes_B4 = _draw_boxes(1 - shares_B, rng=rng)
    pasted_B = (boxes_B4[:, 2:] - boxes_B4[:, :2]).prod(dim=1)
    return Mix(partners_B, 1 - pasted_B, boxes_B4)


def mix_pictures(x_BCSS: Tensor, partners_BCSS: Tensor, mix: Mix) -> Tensor:
    """Blend or paste each picture with its partner, shape (B, C, S, S)."""
    if mix.boxes_B4 is None:
        share_B111 = mix.shares_B.to(x_BCSS).view(-1, 1, 1, 1)
        return share_B111 * x_BCSS + (1 - share_B111) * partners_BCSS
    side = x_BCSS.shape[-1]
    places_S = (torch.arange(side) + 0.5) / side
    start_B21, end_B21 = mix.boxes_B4[:, :2, None], mix.boxes_B4[:, 2:, None]
    is_inside_B2S = (places_S >= start_B21) & (places_S < end_B21)  # axis 0 is x, 1 is y
    is_pasted_B1SS = (is_inside_B2S[:, 1, :, None] & is_inside_B2S[:, 0, None, :])[:, None]
    return torch.where(is_pasted_B1SS.to(x_BCSS.device), partners_BCSS, x_BCSS)


def mix_targets(targets_BK: Tensor, partners_BK: Tensor, mix: Mix) -> Tensor:
    """Mix the labels by the same shares, shape (B, K)."""
    share_B1 = mix.shares_B.to(targets_BK)[:, None]
    return share_B1 * targets_BK + (1 - share_B1) * partners_BK


def _draw_boxes(areas_B: Tensor, *, rng: np.random.Generator) -> Tensor:
    """Draw squares of given areas around random centres, cut off at the edge."""
    half_B1 = areas_B.sqrt()[:, None] / 2
    centres_B2 = torch.from_numpy(rng.random((len(areas_B), 2))).float()
    return torch.cat([centres_B2 - half_B1, centres_B2 + half_B1], dim=1).clamp(0, 1)
