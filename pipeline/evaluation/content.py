"""A packed picture without the bars of its letterbox."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pipeline.dataset.selection import Pictures
from pipeline.records import PackRow

Pixels = npt.NDArray[np.uint8]
_AT_ONCE = 64  # squares held in memory


def originals(pictures: Pictures) -> Iterator[tuple[PackRow, Pixels]]:
    """Give row and content of each picture; its augmented variants are left out."""
    places = np.array(
        [n for n, row in enumerate(pictures.rows) if row.variant == 0], dtype=np.int64
    )
    for start in range(0, len(places), _AT_ONCE):
        chosen_B = places[start : start + _AT_ONCE]
        for place, image_SSC in zip(chosen_B.tolist(), pictures.read(chosen_B), strict=True):
            row = pictures.rows[place]
            yield row, content_of(image_SSC, row)


def content_of(image_SSC: Pixels, row: PackRow) -> Pixels:
    """Cut the picture out of its square, as `dataset.letterbox` centred it.

    Returns:
        A view, shape (row.height_px, row.width_px, 3).
    """
    side_px = image_SSC.shape[0]
    top, left = (side_px - row.height_px) // 2, (side_px - row.width_px) // 2
    return image_SSC[top : top + row.height_px, left : left + row.width_px]
