"""Where a picture ends and its plain border begins.

A bordered copy has another perceptual hash than its original; inside their borders they are alike.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.pictures.hashes import Box

_SCAN_PX = 256  # longer side of the copy that is looked at
_TOLERANCE_LEVELS = 20  # of 255: JPEG noise and soft shadows are still one colour
_STRAY_FRACTION = 0.02  # of a line's pixels that may have another colour
_MAX_FRACTION = 0.35  # of a side that one step may take away: something must be left
_STEPS = 3  # a frame, the margin inside it, and one more


def box_inside_border(image: Image.Image) -> Box:
    """Find the picture inside borders of one colour, which may lie one inside another.

    Args:
        image: RGB.

    Returns:
        Left, upper, right, lower in px; the whole picture if it has no plain border.
    """
    small = image.copy()
    small.thumbnail((_SCAN_PX, _SCAN_PX))
    pixels_CHW = np.moveaxis(np.asarray(small), 2, 0).astype(np.int16)  # planes: sums run faster
    upper, lower, left, right = 0, small.height, 0, small.width
    for _ in range(_STEPS):
        rows_CHW = pixels_CHW[:, upper:lower, left:right]
        columns_CWH = rows_CHW.swapaxes(1, 2)
        top, bottom = _plain_lines(rows_CHW), _plain_lines(rows_CHW[:, ::-1])
        start, end = _plain_lines(columns_CWH), _plain_lines(columns_CWH[:, ::-1])
        if not any((top, bottom, start, end)):
            break
        upper, lower, left, right = upper + top, lower - bottom, left + start, right - end
    x, y = image.width / small.width, image.height / small.height
    return round(left * x), round(upper * y), round(right * x), round(lower * y)


def _plain_lines(lines_CLP: NDArray[np.int16]) -> int:
    """Count the first of L lines that have the colour of the very first one, nearly throughout."""
    most = int(lines_CLP.shape[1] * _MAX_FRACTION)
    colour_C = np.median(lines_CLP[:, 0], axis=1)
    is_stray_CLP = np.abs(lines_CLP[:, :most] - colour_C[:, None, None]) > _TOLERANCE_LEVELS
    is_plain_L = is_stray_CLP.any(axis=0).mean(axis=1) <= _STRAY_FRACTION
    return int(np.argmin(np.append(is_plain_L, False)))  # the first that is not plain
