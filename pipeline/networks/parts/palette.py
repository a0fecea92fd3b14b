"""Which colours a picture has, counted softly: what a costume gives away.

Filters ask what is where; the palette asks only how much there is of each colour. On cartoon
characters logistic regression on such counts is nearly as right as a small network (LOG.md), which
has to find out from a few hundred pictures that colours matter; so it is told, and the two are
added.
"""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

_SHRINK = 2  # px of a picture become one colour; noise and edges count less so
_SCALE = 4.0  # of a histogram whose length is 1: so it learns about as fast as what maps give
_LEAST = 1e-5  # the square root has no finite slope at 0


class Palette(nn.Module):
    """Square roots of a colour histogram, read by a linear map.

    Each colour is shared out among the 8 nearest of L^3 bins, as in trilinear interpolation, so
    every px has a gradient. The square root makes rare colours count (Arandjelovic and Zisserman
    2012, RootSIFT); pipeline/evaluation/floors.py found it best among histograms.

    Shapes: (B, 3, S, S) in [-1, 1] -> (B, L^3) -> (B, K).
    Cost: (S / 2)^2 L^3 + L^3 K multiply-adds; 1.2 M at 96 px with L = 8.
    """

    levels_L: Tensor

    def __init__(self, *, levels: int, num_classes: int) -> None:
        super().__init__()
        self.register_buffer("levels_L", torch.linspace(-1, 1, levels), persistent=False)
        self.read = nn.Linear(levels**3, num_classes, bias=False)
        nn.init.zeros_(self.read.weight)  # what is beside it begins as if alone

    def forward(self, x_BCSS: Tensor) -> Tensor:
        """Map pictures to logits (B, K)."""
        logits_BK: Tensor = self.read(_SCALE * (self.histogram(x_BCSS) + _LEAST).sqrt())
        return logits_BK

    def histogram(self, x_BCSS: Tensor) -> Tensor:
        """Map pictures to how much of them lies in each bin, (B, L^3): red, then green, blue."""
        colour_B3N = F.avg_pool2d(x_BCSS, _SHRINK).clamp(-1, 1).flatten(2)
        step = 2 / (len(self.levels_L) - 1)
        apart_B3LN = (colour_B3N[:, :, None] - self.levels_L[:, None]).abs() / step
        red_BLN, green_BLN, blue_BLN = (1 - apart_B3LN).clamp(min=0).unbind(dim=1)
        both_BMN = (red_BLN[:, :, None] * green_BLN[:, None]).flatten(1, 2)
        share_BML = both_BMN @ blue_BLN.transpose(1, 2) / colour_B3N.shape[-1]
        return share_BML.flatten(1)
