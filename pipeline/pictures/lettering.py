"""How much of a picture is covered by lines of letters, found without reading them."""

import cv2
import numpy as np
from numpy.typing import NDArray

_STROKE_LEVELS = 60  # of 255: letters stand out from their ground
_GAP_PX = 7  # between letters and words of one line
_LINE_PX = (4, 40)  # height of a line; smaller ones cannot be told from texture
_MIN_RATIO = 2.5  # width to height: three letters
_MIN_FILL = 0.6  # of a line's box that is strokes and the gaps between them
_MIN_STROKES = 1.2  # changes of light and dark for each height that a line is wide


def text_fraction(grey_HW: NDArray[np.uint8]) -> float:
    """Measure the share of the area that lines of letters cover.

    Args:
        grey_HW: a picture of about 256 pixels a side; its letters are 4 to 40 pixels high.

    Returns:
        In [0, 1]. Slanted, wavy and very large words are missed.
    """
    strokes_HW = cv2.morphologyEx(grey_HW, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    is_stroke_HW = cv2.threshold(strokes_HW, _STROKE_LEVELS, 255, cv2.THRESH_BINARY)[1]
    lines_HW = cv2.morphologyEx(is_stroke_HW, cv2.MORPH_CLOSE, np.ones((1, _GAP_PX), np.uint8))
    _, _, boxes_N5, _ = cv2.connectedComponentsWithStats(lines_HW, ltype=cv2.CV_16U)
    x_N, y_N, width_N, height_N, area_N = boxes_N5[1:].T  # the first is the ground
    is_line_N = (height_N >= _LINE_PX[0]) & (height_N <= _LINE_PX[1])
    is_line_N &= width_N >= _MIN_RATIO * height_N
    is_line_N &= area_N >= _MIN_FILL * width_N * height_N
    boxes = zip(*(each[is_line_N] for each in (x_N, y_N, width_N, height_N)), strict=True)
    lines = (grey_HW[y : y + height, x : x + width] for x, y, width, height in boxes)
    return float(sum(line.size for line in lines if _has_letters(line)) / grey_HW.size)


def _has_letters(line_HW: NDArray[np.uint8]) -> bool:
    """Tell whether the middle of a line changes between light and dark as often as letters do."""
    height, width = line_HW.shape
    middle = line_HW[height // 4 : height - height // 4]
    is_light = middle > (int(line_HW.min()) + int(line_HW.max())) / 2
    num_changes = (is_light[:, 1:] != is_light[:, :-1]).sum(axis=1).mean()
    return bool(num_changes >= _MIN_STROKES * width / height)
