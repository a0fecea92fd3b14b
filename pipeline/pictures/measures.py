"""What may be wrong with a picture, as numbers: simple measures of a small copy of its pixels.

Each looks at the picture about as a network sees it and costs a fraction of a millisecond. None
knows what is shown; `pipeline.dedup.quality` says from where on a number is a flaw.

H, W pixels, L lines (rows, or columns), C = 3 colours. A mask is 255 where something is so, as
OpenCV has it.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.pictures.lettering import text_fraction

SIDE_PX = 256  # longer side of the copy that is measured; smaller pictures are not enlarged

_SAME_LEVELS = 24  # of 255: JPEG noise and soft shadows are still one colour
_PLAIN_OUTLINE = 0.7  # of the outline: so much of one colour, and the picture has a plain ground
_STRAY = 0.01  # of a line: fewer pixels than this are specks
_FLAT_LEVELS = 6  # of 255: a window that varies no more is painted in one colour
_WINDOW_PX = 5
_SHARPEST = 0.25  # of the edges: what is in focus, if anything is
_RARE = 2000  # pixels: a colour that fewer than one of so many have is not counted

Pixels = NDArray[np.uint8]
Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What is measured of one picture; fractions in [0, 1]."""

    subject_fraction: float  # of the area: the box around all that is not plain ground
    plain_fraction: float  # of the area that has the most common colour
    sharpness: float  # of an edge's height: how much of it lies between two pixels
    panel_fraction: float  # of a side that shows something: the lesser part beside an empty gap
    text_fraction: float  # of the area that lines of letters cover
    flat_fraction: float  # of what is not plain ground: painted in one colour
    num_colours: int  # of 4096 in all
    transparent_fraction: float  # of the area, weighed: how much black behind it would show


def small_copy(image: Image.Image) -> Image.Image:
    """Shrink a picture to the size at which it is measured; a small one stays as it is."""
    scale = min(1.0, SIDE_PX / max(image.size))
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BOX, reducing_gap=1.0)


def measure(small: Image.Image, *, transparent_fraction: float = 0.0) -> Measures:
    """Measure a picture; a pure function of its pixels.

    Args:
        small: RGB, from `small_copy`.
        transparent_fraction: as decoding saw it, before the picture was laid on white.
    """
    pixels_HWC = np.asarray(small)
    grey_HW = _octets(cv2.cvtColor(pixels_HWC, cv2.COLOR_RGB2GRAY))
    ground_HW = _ground(pixels_HWC)
    spread_HW = _spread(grey_HW, (_WINDOW_PX, _WINDOW_PX))
    plain_fraction, num_colours = _colours(pixels_HWC)
    return Measures(
        subject_fraction=_subject_fraction(ground_HW),
        plain_fraction=plain_fraction,
        sharpness=_sharpness(grey_HW, spread_HW),
        panel_fraction=_panel_fraction(grey_HW, ground_HW),
        text_fraction=text_fraction(grey_HW),
        flat_fraction=_flat_fraction(spread_HW, ground_HW),
        num_colours=num_colours,
        transparent_fraction=transparent_fraction,
    )


def _ground(pixels_HWC: Pixels) -> Mask:
    """Tell which pixels have the colour of the outline; none do, if that has several."""
    edges = (pixels_HWC[0], pixels_HWC[-1], pixels_HWC[:, 0], pixels_HWC[:, -1])
    outline_NC = np.concatenate(edges)
    colour_C = np.median(outline_NC, axis=0)
    is_plain_N = (np.abs(outline_NC - colour_C) <= _SAME_LEVELS).all(axis=1)
    if is_plain_N.mean() < _PLAIN_OUTLINE:
        return np.zeros(pixels_HWC.shape[:2], np.uint8)
    return _octets(cv2.inRange(pixels_HWC, colour_C - _SAME_LEVELS, colour_C + _SAME_LEVELS))


def _spread(grey_HW: Pixels, window: tuple[int, int]) -> Pixels:
    """Find how far light and dark are apart in the window, (height, width), at each pixel."""
    return _octets(cv2.morphologyEx(grey_HW, cv2.MORPH_GRADIENT, np.ones(window, np.uint8)))


def _colours(pixels_HWC: Pixels) -> tuple[float, int]:
    """Find the share of the most common colour, and how many there are, in 16 levels of each."""
    num_pixels = pixels_HWC.shape[0] * pixels_HWC.shape[1]
    count_RGB = cv2.calcHist([pixels_HWC], [0, 1, 2], None, [16, 16, 16], [0, 256] * 3)
    return float(count_RGB.max()) / num_pixels, int((count_RGB * _RARE > num_pixels).sum())


def _subject_fraction(ground_HW: Mask) -> float:
    """Measure the box around all that is not ground; specks and thin lines do not widen it."""
    sides = []
    for axis in (0, 1):
        ground_L = cv2.reduce(ground_HW, axis, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel()
        shown = np.flatnonzero(ground_L < 255 * (1 - _STRAY))
        sides.append((shown[-1] - shown[0] + 1) / len(ground_L) if shown.size else 0.0)
    return float(sides[0] * sides[1])


def _sharpness(grey_HW: Pixels, spread_HW: Pixels) -> float:
    """Compare the steps from pixel to pixel with the edges that they are part of.

    A blurred edge climbs over many pixels, so each step is a small part of it. Unlike
    `pipeline.dedup.sharpness`, which tells an enlarged copy from its original, this compares any
    two pictures.

    Returns:
        About 0.9 for a crisp picture, 0.4 for one out of focus; 1 if there is no edge.
    """
    step_HW = cv2.max(_spread(grey_HW, (2, 1)), _spread(grey_HW, (1, 2)))
    highest_HW = cv2.dilate(step_HW, np.ones((_WINDOW_PX, _WINDOW_PX), np.uint8))
    part_HW = cv2.divide(highest_HW, spread_HW, scale=255)  # at most 255
    edges_HW = cv2.inRange(spread_HW, _SAME_LEVELS + 1, 255)
    count_N = cv2.calcHist([part_HW], [0], edges_HW, [256], [0, 256]).ravel()
    if not count_N.any():
        return 1.0
    sharper_N = np.cumsum(count_N[::-1])
    return 1.0 - int(np.argmax(sharper_N >= _SHARPEST * sharper_N[-1])) / 255


def _panel_fraction(grey_HW: Pixels, ground_HW: Mask) -> float:
    """Find the gap from edge to edge beside which most is shown, on its lesser side.

    A gap is white, black or plain ground.
    """
    white_HW = cv2.inRange(grey_HW, 255 - _SAME_LEVELS, 255)
    black_HW = cv2.inRange(grey_HW, 0, _SAME_LEVELS)
    best = 0.0
    for axis in (0, 1):
        is_gap_L = np.any([each.min(axis) for each in (ground_HW, white_HW, black_HW)], axis=0)
        shown_L = np.cumsum(~is_gap_L)
        lesser_L = np.minimum(shown_L, shown_L[-1] - shown_L)
        best = max(best, float((lesser_L * is_gap_L).max() / len(shown_L)))
    return best


def _flat_fraction(spread_HW: Pixels, ground_HW: Mask) -> float:
    num_shown = ground_HW.size - cv2.countNonZero(ground_HW)
    flat_HW = cv2.inRange(spread_HW, 0, _FLAT_LEVELS)
    num_flat = cv2.countNonZero(cv2.subtract(flat_HW, ground_HW))
    return num_flat / num_shown if num_shown else 1.0


def _octets(array: object) -> Pixels:
    return np.asarray(array, np.uint8)
