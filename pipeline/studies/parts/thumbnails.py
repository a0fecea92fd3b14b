"""Small grey pictures and maps inside a cell's values: few numbers, each a whole percentage."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from matplotlib.axes import Axes
from torch import Tensor

RGB = 3  # a fourth channel says where there is picture


def as_percent(values: Tensor) -> list[Any]:
    """Write numbers in [0, 1] as whole percentages, in lists of the same shape.

    >>> import torch
    >>> as_percent(torch.tensor([0.5, 0.254, 2]))
    [50, 25, 100]
    """
    listed: list[Any] = (values.clamp(0, 1) * 100).round().int().tolist()
    return listed


def grey_thumbnails(x_BCSS: Tensor, *, side_px: int) -> list[Any]:
    """Shrink normalised pictures (mean and std 0.5) to grey ones of side_px x side_px.

    Returns:
        B lists of rows, 0 is black and 100 is white.
    """
    small = F.interpolate(
        x_BCSS[:, :RGB].mean(dim=1, keepdim=True), (side_px, side_px), mode="area"
    )
    return as_percent((small[:, 0] + 1) / 2)


def paint_thumbnail(axes: Axes, thumbnail: npt.ArrayLike, *, cmap: str = "gray") -> None:
    """Show a grey picture, or a map in another colour map, without axes."""
    axes.imshow(np.array(thumbnail), cmap=cmap, vmin=0, vmax=100)
    axes.set(xticks=[], yticks=[])
