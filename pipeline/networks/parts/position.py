"""Where a token stands: a vector for each place, added to the token.

Attention alone reads a bag of tokens; what tells it their order is this. The tables are indexed by
the row and the column of a token, so its vector does not depend on how much of the canvas around
the picture is empty.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

MAX_PERIOD = 10_000  # of the slowest sine, as in Vaswani et al. 2017 (arXiv:1706.03762)
LEARNED_STD = 0.02  # at the start, as in the Vision Transformer


class Position(nn.Module):
    """Add to each token a vector of its own place.

    `none` adds nothing: a bag of patches. `learned` starts from small noise, `sine_1d` counts the
    tokens row by row as if the picture were a sentence, `sine_2d` describes row and column.

    Args:
        kind: a key of `TABLES`, or none.
        width: D, of a token.
        side: tokens in a row and in a column of the largest picture.
    """

    table_HWD: Tensor | None

    def __init__(self, kind: str, *, width: int, side: int) -> None:
        super().__init__()
        if kind == "none":
            self.table_HWD = None
        elif kind == "learned":
            table_HWD = torch.empty(side, side, width)
            self.table_HWD = nn.Parameter(nn.init.trunc_normal_(table_HWD, std=LEARNED_STD))
        else:  # known beforehand: neither learned nor saved
            self.register_buffer("table_HWD", TABLES[kind](width, side=side), persistent=False)

    def forward(self, x_BND: Tensor) -> Tensor:
        """Map tokens (B, N, D), a square canvas row by row, to tokens (B, N, D)."""
        if self.table_HWD is None:
            return x_BND
        side = math.isqrt(x_BND.shape[1])
        return x_BND + self.table_HWD[:side, :side].flatten(0, 1)


def waves(places: Tensor, *, width: int) -> Tensor:
    """Describe places by sines, then cosines, at width / 2 frequencies (Vaswani et al. 2017).

    Args:
        places: whole numbers, shape (N,).
        width: an even number.

    Returns:
        Shape (N, width) float32, each in [-1, 1].

    >>> waves(torch.arange(2), width=2)
    tensor([[0.0000, 1.0000],
            [0.8415, 0.5403]])
    """
    num = width // 2
    frequencies = MAX_PERIOD ** -(torch.arange(num) / num)
    angles = places[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def sine_1d(width: int, *, side: int) -> Tensor:
    """Number the places of a square row by row; describe each by waves, (side, side, width)."""
    return waves(torch.arange(side * side), width=width).view(side, side, width)


def sine_2d(width: int, *, side: int) -> Tensor:
    """Describe the row of each place in one half, its column in the other, (side, side, width)."""
    half_SD = waves(torch.arange(side), width=width // 2)
    rows = half_SD[:, None].expand(side, side, -1)
    columns = half_SD[None].expand(side, side, -1)
    return torch.cat([rows, columns], dim=2)


TABLES: dict[str, Callable[..., Tensor]] = {"sine_1d": sine_1d, "sine_2d": sine_2d}
