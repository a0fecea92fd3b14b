"""Heat maps of packed pictures, in the shape of the pictures themselves."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.dataset.pack import Pixels
from pipeline.dataset.transforms import eval_view, native_sizes
from pipeline.evaluation.explain.heat import explain
from pipeline.networks import Model
from pipeline.params import View

Heat = NDArray[np.float32]


def heat_of_pictures(
    model: Model,
    images_BPPC: Pixels,
    *,
    content_B2: NDArray[np.int64],
    classes: Sequence[int],
) -> list[Heat]:
    """Show where a network sees a class in packed pictures.

    Args:
        model: a trained network, on the CPU.
        images_BPPC: packed squares.
        content_B2: width and height in px of each picture inside its square.
        classes: the class asked about, of each picture.

    Returns:
        A heat map a picture, (height, width) in its proportions, each in [0, 1].
    """
    view, content = model.card.view, torch.from_numpy(content_B2)
    x_BCSS = eval_view(torch.from_numpy(images_BPPC), content_B2=content, view=view)
    heat_BSS = explain(model, x_BCSS, classes=classes).numpy()
    boxes = _boxes(content, side_px=images_BPPC.shape[1], view=view)
    return [
        heat_SS[top : top + height, left : left + width]
        for heat_SS, (left, top, width, height) in zip(heat_BSS, boxes, strict=True)
    ]


def _boxes(
    content_B2: torch.Tensor, *, side_px: int, view: View
) -> list[tuple[int, int, int, int]]:
    """Say where in its S x S px the network sees each picture: left, top, width, height."""
    if view.resize == "squash":
        return [(0, 0, view.image_size_px, view.image_size_px)] * len(content_B2)
    if view.resize == "native":
        return [
            (0, 0, width, height) for width, height in native_sizes(content_B2, view=view).tolist()
        ]
    scale = view.image_size_px / side_px
    sizes = [[max(1, round(side * scale)) for side in each] for each in content_B2.tolist()]
    return [
        ((view.image_size_px - width) // 2, (view.image_size_px - height) // 2, width, height)
        for width, height in sizes
    ]
