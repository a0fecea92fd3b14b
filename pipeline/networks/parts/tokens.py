"""How a picture becomes tokens, row by row: N = ceil(S / token_px)^2 of D numbers each.

For pictures that keep their proportions and lie in the upper left corner of the square (`resize:
native`) both stems take a mask beside the picture, 1 where there is picture. The tokens outside are
then zero. Those inside are what they are without anything outside: width and height of the picture
must be multiples of `token_px`, and a token looks beyond its square only to the left and above.
"""

import math
from typing import Protocol

import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn

from pipeline.networks.parts.convolution import conv_norm

MIN_CHANNELS = 4  # of a narrow stem's first convolution


class ConvStem(nn.Module):
    """Convolutions of stride 2 down to the token size.

    Xiao et al. 2021 (arXiv:2106.14881): with it transformers learn faster and from less data than
    with one linear map. Channels double at every halving: `token_px` 16 and width D have
    D / 8, D / 4, D / 2, D.

    Place i looks at the places 2 i - 1, 2 i and 2 i + 1 below it: a token sees beyond its square,
    but only to the left and above. In training batch norm counts places outside a picture as well.
    """

    def __init__(self, width: int, *, token_px: int) -> None:
        super().__init__()
        self.token_px = token_px
        num = int(math.log2(token_px))
        widths = [max(width >> left, MIN_CHANNELS) for left in range(num - 1, 0, -1)]
        self.layers = nn.ModuleList()
        channels = 3
        for channels_out in widths:
            self.layers.append(conv_norm(channels, channels_out, kernel_size=3, stride=2))
            channels = channels_out
        self.layers.append(nn.Conv2d(channels, width, 3, stride=2, padding=1))

    def forward(self, x_BCSS: Tensor, mask_B1SS: Tensor | None = None) -> Tensor:
        """Map pictures (B, 3, S, S) to tokens (B, N, D)."""
        x_BCHW = x_BCSS
        for layer in self.layers:
            x_BCHW = layer(x_BCHW)
        return as_tokens(_masked(x_BCHW, mask_B1SS, token_px=self.token_px))


class LinearStem(nn.Module):
    """One linear map of the px of each square, as of Dosovitskiy et al. 2021 (arXiv:2010.11929)."""

    def __init__(self, width: int, *, token_px: int) -> None:
        super().__init__()
        self.token_px = token_px
        # Windows that do not overlap: the same map for each square, and nothing beside it.
        self.map = nn.Conv2d(3, width, token_px, stride=token_px)

    def forward(self, x_BCSS: Tensor, mask_B1SS: Tensor | None = None) -> Tensor:
        """Map pictures (B, 3, S, S) to tokens (B, N, D)."""
        missing = -x_BCSS.shape[-1] % self.token_px  # px to the next whole square
        x_BDHW: Tensor = self.map(F.pad(x_BCSS, (0, missing, 0, missing)))
        return as_tokens(_masked(x_BDHW, mask_B1SS, token_px=self.token_px))


class Stem(Protocol):
    """How a stem is made."""

    def __call__(self, width: int, *, token_px: int) -> nn.Module:
        """Make a stem: (B, 3, S, S) -> (B, N, width)."""
        ...


STEMS: dict[str, Stem] = {"conv": ConvStem, "linear": LinearStem}


def tokens_in_row(image_size_px: int, *, token_px: int) -> int:
    """Count the tokens in a row of a square picture; the last may reach beyond its edge.

    >>> tokens_in_row(96, token_px=16), tokens_in_row(100, token_px=16)
    (6, 7)
    """
    return math.ceil(image_size_px / token_px)


def as_tokens(x_BDHW: Tensor) -> Tensor:
    """Read a map row by row: (B, D, H, W) -> (B, N, D), N = H W."""
    return x_BDHW.flatten(2).transpose(1, 2)


def _masked(x_BDHW: Tensor, mask_B1SS: Tensor | None, *, token_px: int) -> Tensor:
    """Set to zero what lies outside the picture."""
    if mask_B1SS is None:
        return x_BDHW
    return x_BDHW * mask_B1SS[:, :, ::token_px, ::token_px]
