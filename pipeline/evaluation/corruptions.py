"""Ten ways to spoil a picture at three strengths, and a mirror image; numpy and Pillow only.

After the corruptions of Hendrycks and Dietterich 2019 (arXiv:1903.12261), chosen for drawings, on
packed pictures of about 160 px. Each is a function (H, W, 3) uint8 -> the same, and depends on
nothing but the picture, the strength and a seed that the caller derives from the picture's name.
"""

import io
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

Pixels = NDArray[np.uint8]
Corruption = Callable[[Pixels, int, np.random.Generator], Pixels]  # picture, strength, luck

STRENGTHS = (1, 2, 3)
_MIDDLE = 127.5
_GREY = (0.299, 0.587, 0.114)  # luma of ITU-R BT.601, as Pillow's "L"


def noise(picture: Pixels, strength: int, rng: np.random.Generator) -> Pixels:
    """Add Gaussian noise to every value."""
    deviation = (15, 35, 60)[strength - 1]
    return _to_bytes(picture + deviation * rng.standard_normal(picture.shape, dtype=np.float32))


def blur(picture: Pixels, strength: int, _: np.random.Generator) -> Pixels:
    """Blur as a lens out of focus does, by a Gaussian."""
    radius_px = (1, 2, 4)[strength - 1]
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius_px)))


def jpeg(picture: Pixels, strength: int, _: np.random.Generator) -> Pixels:
    """Save as a bad JPEG and open again."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=(25, 10, 5)[strength - 1])
    return np.asarray(Image.open(file))


def brightness(picture: Pixels, strength: int, _: np.random.Generator) -> Pixels:
    """Make it lighter."""
    return _to_bytes(picture.astype(np.float32) + (40, 80, 120)[strength - 1])


def contrast(picture: Pixels, strength: int, _: np.random.Generator) -> Pixels:
    """Pull all values towards middle grey."""
    kept = (0.6, 0.35, 0.15)[strength - 1]
    return _to_bytes(_MIDDLE + kept * (picture.astype(np.float32) - _MIDDLE))


def pixelate(picture: Pixels, strength: int, _: np.random.Generator) -> Pixels:
    """Draw it with fewer, larger pixels."""
    block_px = (4, 6, 10)[strength - 1]
    image = Image.fromarray(picture)
    small = image.resize(
        (-(-image.width // block_px), -(-image.height // block_px)), Image.Resampling.BOX
    )
    return np.asarray(small.resize(image.size, Image.Resampling.NEAREST))


def grey(picture: Pixels, strength: int, _: np.random.Generator) -> Pixels:
    """Take out colour, a third, two thirds, all of it."""
    luma_HW1 = (picture @ np.array(_GREY, dtype=np.float32))[..., None]
    return _to_bytes(picture + strength / 3 * (luma_HW1 - picture))


def hue(picture: Pixels, strength: int, _: np.random.Generator) -> Pixels:
    """Turn every hue, by up to half of the circle."""
    turn = (21, 64, 128)[strength - 1]  # of 256
    hue_band, *others = Image.fromarray(picture).convert("HSV").split()
    turned = hue_band.point([(value + turn) % 256 for value in range(256)])
    return np.asarray(Image.merge("HSV", [turned, *others]).convert("RGB"))


def occlusion(picture: Pixels, strength: int, rng: np.random.Generator) -> Pixels:
    """Cover a rectangle of its own shape, at a random place: 10, 25 and 50 % of the area."""
    height, width = picture.shape[:2]
    scale = (0.10, 0.25, 0.50)[strength - 1] ** 0.5
    covered_height, covered_width = round(scale * height), round(scale * width)
    top = rng.integers(height - covered_height + 1)
    left = rng.integers(width - covered_width + 1)
    covered = picture.copy()
    covered[top : top + covered_height, left : left + covered_width] = round(_MIDDLE)
    return covered


def line_art(picture: Pixels, strength: int, _: np.random.Generator) -> Pixels:
    """Fade into dark lines on white: half, most, nothing but lines."""
    lines = ImageOps.invert(Image.fromarray(picture).convert("L").filter(ImageFilter.FIND_EDGES))
    lines_HW1 = np.asarray(lines, dtype=np.float32)[..., None]
    return _to_bytes(picture + (0.5, 0.8, 1.0)[strength - 1] * (lines_HW1 - picture))


CORRUPTIONS: Mapping[str, Corruption] = {
    "noise": noise,
    "blur": blur,
    "jpeg": jpeg,
    "brightness": brightness,
    "contrast": contrast,
    "pixelate": pixelate,
    "grey": grey,
    "hue": hue,
    "occlusion": occlusion,
    "line_art": line_art,
}


def flip(picture: Pixels) -> Pixels:
    """Mirror it, left to right."""
    return picture[:, ::-1]


def centre_crop(picture: Pixels) -> Pixels:
    """Cut out the middle square, 7/8 of the shorter side, as common preparation does."""
    height, width = picture.shape[:2]
    side_px = max(1, min(height, width) * 7 // 8)
    top, left = (height - side_px) // 2, (width - side_px) // 2
    return picture[top : top + side_px, left : left + side_px]


FRAMINGS: Mapping[str, Callable[[Pixels], Pixels]] = {"flip": flip, "centre_crop": centre_crop}


def _to_bytes(values: NDArray[np.float32]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
