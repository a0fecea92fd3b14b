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
    pixels_HWC = np.asarray(small).astype(np.int16)
    upper, lower, left, right = 0, small.height, 0, small.width
    for _ in range(_STEPS):
        inside_HWC = pixels_HWC[upper:lower, left:right]
        rows, columns = inside_HWC, inside_HWC.swapaxes(0, 1)
        cuts = [_plain_lines(lines) for lines in (rows, rows[::-1], columns, columns[::-1])]
        upper, lower, left, right = (
            upper + cuts[0],
            lower - cuts[1],
            left + cuts[2],
            right - cuts[3],
        )
    x, y = image.width / small.width, image.height / small.height
    return round(left * x), round(upper * y), round(right * x), round(lower * y)


def _plain_lines(lines_LPC: NDArray[np.int16]) -> int:
    """Count the first lines that have the colour of the very first one, nearly throughout."""
    colour_C = np.median(lines_LPC[0], axis=0)
    strays_LP = np.abs(lines_LPC - colour_C).max(axis=2) > _TOLERANCE_LEVELS
    is_plain_L = strays_LP.mean(axis=1) <= _STRAY_FRACTION
    most = int(len(is_plain_L) * _MAX_FRACTION)
    return int(np.argmin(np.append(is_plain_L[:most], False)))  # the first that is not plain
