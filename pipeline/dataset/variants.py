"""Augmented copies of one picture, drawn with Pillow: crop, turn, bend, mirror, light, colour.

Training crops, mirrors and recolours every batch anew (`dataset.transforms`), cheaply. Here is what
is too slow for that: turning and bending at full resolution, before the picture is packed.
"""

import numpy as np
from PIL import Image, ImageEnhance

from pipeline.dataset.letterbox import edge_colour

MIN_AREA = 0.6  # of the picture, kept by the crop
MAX_TURN_DEG = 10.0
MAX_BEND = 0.06  # how far each corner moves, of the crop's side
MAX_RECOLOUR = 0.2  # brightness, contrast and saturation: times 1 -+ this
FLIP_PROBABILITY = 0.5


def draw_variant(
    image: Image.Image, *, side_px: int, sha256: str, variant: int, seed: int
) -> Image.Image:
    """Draw one variant of a picture.

    What is drawn depends on (seed, sha256, variant) alone: adding pictures changes no other one's.

    Args:
        image: RGB, from `shrink`.
        side_px: the longer side of the result.
        sha256: of the picture's file.
        variant: 1 for the first.
        seed: of the project.
    """
    rng = np.random.default_rng([seed, int(sha256, 16), variant])
    return _recolour(_warp(image, side_px=side_px, rng=rng), rng=rng)


def shrink(image: Image.Image, *, side_px: int) -> Image.Image:
    """Shrink a picture to what its variants need, once for all of them.

    `draw_variant` samples points and would alias; the smallest crop keeps about `side_px` pixels.
    """
    small = image.copy()
    longest_px = round(side_px / MIN_AREA**0.5)
    small.thumbnail((longest_px, longest_px), Image.Resampling.HAMMING, reducing_gap=2.0)
    return small


def _warp(image: Image.Image, *, side_px: int, rng: np.random.Generator) -> Image.Image:
    """Cut a turned, bent and perhaps mirrored rectangle out of a picture."""
    size = np.array(image.size) * np.sqrt(rng.uniform(MIN_AREA, 1.0))
    centre = size / 2 + rng.uniform(0.0, 1.0, 2) * (image.size - size)
    # Corners in Pillow's order for QUAD: upper left, lower left, lower right, upper right.
    corners = np.array([(-0.5, -0.5), (-0.5, 0.5), (0.5, 0.5), (0.5, -0.5)])
    corners = (corners + rng.uniform(-MAX_BEND, MAX_BEND, corners.shape)) * size
    angle = np.deg2rad(rng.uniform(-MAX_TURN_DEG, MAX_TURN_DEG))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = centre + corners @ turn
    if rng.random() < FLIP_PROBABILITY:
        corners = corners[[3, 2, 1, 0]]
    width, height = np.maximum(1, np.rint(size * side_px / size.max())).astype(int).tolist()
    return image.transform(
        (width, height),
        Image.Transform.QUAD,
        corners.ravel().tolist(),
        Image.Resampling.BICUBIC,
        fillcolor=edge_colour(image),
    )


def _recolour(image: Image.Image, *, rng: np.random.Generator) -> Image.Image:
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhance(image).enhance(rng.uniform(1 - MAX_RECOLOUR, 1 + MAX_RECOLOUR))
    return image
