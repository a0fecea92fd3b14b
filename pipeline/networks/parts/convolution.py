"""A convolution, batch norm and ReLU: what a picture passes first in every network here."""

from torch import nn


def conv_norm(
    channels_in: int, channels: int, *, kernel_size: int, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Convolution, batch norm, ReLU; an odd kernel keeps the size (stride 2 halves it)."""
    convolution = nn.Conv2d(
        channels_in,
        channels,
        kernel_size,
        stride=stride,
        padding=kernel_size // 2,
        groups=groups,
        bias=False,  # the norm has its own
    )
    return nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))
