"""A packed picture without the bars of its letterbox."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pipeline.dataset.pack import Pack
from pipeline.records import PackRow

Pixels = npt.NDArray[np.uint8]


def originals(pack: Pack) -> Iterator[tuple[PackRow, Pixels]]:
    """Give row and content (a view) of each picture; its augmented variants are left out."""
    images_NSSC = pack.images_NSSC
    for image_SSC, row in zip(images_NSSC, pack.rows, strict=True):
        if row.variant == 0:
            yield row, content_of(image_SSC, row)


def content_of(image_SSC: Pixels, row: PackRow) -> Pixels:
    """Cut the picture out of its square, as `dataset.letterbox` centred it.

    Returns:
        A view, shape (row.height_px, row.width_px, 3).
    """
    side_px = image_SSC.shape[0]
    top, left = (side_px - row.height_px) // 2, (side_px - row.width_px) // 2
    return image_SSC[top : top + row.height_px, left : left + row.width_px]
