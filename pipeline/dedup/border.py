"""Where a picture ends and its plain border begins.

A bordered copy has another perceptual hash than its original; inside their borders they are alike.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.pictures.hashes import Box

_TOLERANCE_LEVELS = 20  # of 255: JPEG noise and soft shadows are still one colour
_STRAY_FRACTION = 0.02  # of a line's pixels that may have another colour
_MAX_FRACTION = 0.35  # of a side that one step may take away: something must be left
_LINES = 16  # that are looked at at once: mostly there is no border, and the first tells
_STEPS = 3  # a frame, the margin inside it, and one more


def box_inside_border(image: Image.Image) -> Box:
    """Find the picture inside borders of one colour, which may lie one inside another.

    Args:
        image: RGB; in a copy of a few hundred pixels a side a border is as plain.

    Returns:
        Left, upper, right, lower in px; the whole picture if it has no plain border.
    """
    pixels_HWC = np.asarray(image)
    pixels_WHC = np.asarray(cv2.transpose(pixels_HWC), np.uint8)
    upper, lower, left, right = 0, image.height, 0, image.width
    for _ in range(_STEPS):
        rows_HWC = pixels_HWC[upper:lower, left:right]
        columns_WHC = pixels_WHC[left:right, upper:lower]
        top, bottom = _plain_lines(rows_HWC), _plain_lines(rows_HWC[::-1])
        start, end = _plain_lines(columns_WHC), _plain_lines(columns_WHC[::-1])
        if not any((top, bottom, start, end)):
            break
        upper, lower, left, right = upper + top, lower - bottom, left + start, right - end
    return left, upper, right, lower


def _plain_lines(lines_LPC: NDArray[np.uint8]) -> int:
    """Count the first of L lines that have the colour of the very first one, nearly throughout."""
    most = int(len(lines_LPC) * _MAX_FRACTION)
    middle = lines_LPC.shape[1] // 2
    colour_C = np.partition(lines_LPC[0], middle, axis=0)[middle].astype(float)  # the median
    lowest_C, highest_C = colour_C - _TOLERANCE_LEVELS, colour_C + _TOLERANCE_LEVELS
    for start in range(0, most, _LINES):
        some_LPC = np.ascontiguousarray(lines_LPC[start : min(start + _LINES, most)])
        same_LP = cv2.inRange(some_LPC, lowest_C, highest_C)
        same_L = cv2.reduce(same_LP, 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel()
        is_plain_L = same_L >= 255 * (1 - _STRAY_FRACTION)
        if not is_plain_L.all():
            return start + int(np.argmin(is_plain_L))  # the first that is not plain
    return most
