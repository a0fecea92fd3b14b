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
_LINES = 16  # that are looked at at once: mostly there is no border, and the first tells
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
    pixels_CHW = np.ascontiguousarray(
        np.moveaxis(np.asarray(small), 2, 0)
    )  # planes: sums run faster
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


def _plain_lines(lines_CLP: NDArray[np.uint8]) -> int:
    """Count the first of L lines that have the colour of the very first one, nearly throughout."""
    most = int(lines_CLP.shape[1] * _MAX_FRACTION)
    colour_C11 = np.median(lines_CLP[:, 0], axis=1)[:, None, None]
    lowest_C11 = np.ceil(colour_C11 - _TOLERANCE_LEVELS).clip(0, 255).astype(np.uint8)
    highest_C11 = np.floor(colour_C11 + _TOLERANCE_LEVELS).clip(0, 255).astype(np.uint8)
    for start in range(0, most, _LINES):
        some_CLP = lines_CLP[:, start : min(start + _LINES, most)]
        is_stray_LP = ((some_CLP < lowest_C11) | (some_CLP > highest_C11)).any(axis=0)
        is_plain_L = is_stray_LP.mean(axis=1) <= _STRAY_FRACTION
        if not is_plain_L.all():
            return start + int(np.argmin(is_plain_L))  # the first that is not plain
    return most
