"""The edits that `benchmarks/dedup.py` plants: what people and sites do to a picture.

`TUNED` are the 14 that rules were chosen with. `UNSEEN` and the collage were never looked at while
rules were chosen; they are planted and reported apart.
"""

from collections.abc import Callable
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

Edit = Callable[[Image.Image, Random], Image.Image]
COLLAGE = "collage of two"
JPEG_30, PNG = "JPEG 30", "PNG"  # how a copy is stored, not what is done to it
_PERSPECTIVE = 0.03  # of a side: how far each corner moves inwards at most


def _same(image: Image.Image, _: Random) -> Image.Image:
    return image


def _crop(fraction: float) -> Edit:
    def edit(image: Image.Image, rng: Random) -> Image.Image:
        width, height = (round(side * (1 - fraction)) for side in image.size)
        x, y = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
        return image.crop((x, y, x + width, y + height))

    return edit


def _border(image: Image.Image, rng: Random) -> Image.Image:
    width = round(min(image.size) * rng.uniform(0.04, 0.1))
    return ImageOps.expand(image, width, rng.choice(("white", "black", "navy")))


def _caption(image: Image.Image, rng: Random) -> Image.Image:
    strip = round(image.height * rng.uniform(0.1, 0.18))
    is_above = rng.random() < 0.4
    ground, ink = rng.choice((("white", "black"), ("black", "white")))
    edges = (0, strip, 0, 0) if is_above else (0, 0, 0, strip)
    taller = ImageOps.expand(image, edges, ground)
    at = (image.width * 0.1, (0 if is_above else image.height) + strip * 0.2)
    ImageDraw.Draw(taller).text(at, "when you see it", ink, font_size=max(8, strip // 2))
    return taller


def _watermark(image: Image.Image, rng: Random) -> Image.Image:
    marked = image.copy()
    at = (image.width * rng.uniform(0.1, 0.4), image.height * rng.uniform(0.2, 0.7))
    ImageDraw.Draw(marked).text(at, "sample.com", "white", font_size=max(8, image.width // 9))
    return marked


def _sticker(image: Image.Image, rng: Random) -> Image.Image:
    covered = image.copy()
    side = round((0.1 * image.width * image.height) ** 0.5)
    x, y = (rng.randint(0, max(0, extent - side)) for extent in image.size)
    ImageDraw.Draw(covered).rectangle((x, y, x + side, y + side), fill="gold")
    return covered


def _warm(image: Image.Image, _: Random) -> Image.Image:
    red, green, blue = image.split()
    return Image.merge(
        "RGB", (red.point(lambda v: v * 1.12), green, blue.point(lambda v: v * 0.88))
    )


def _perspective(image: Image.Image, rng: Random) -> Image.Image:
    width, height = image.size
    corners = [(0, 0), (width, 0), (width, height), (0, height)]
    seen = []
    for x, y in corners:
        inwards_x, inwards_y = (rng.uniform(0, _PERSPECTIVE) for _ in range(2))
        seen.append((x + (width - 2 * x) * inwards_x, y + (height - 2 * y) * inwards_y))
    return image.transform(
        image.size,
        Image.Transform.PERSPECTIVE,
        _homography(corners, seen),
        Image.Resampling.BICUBIC,
    )


def _homography(
    targets: list[tuple[int, int]], sources: list[tuple[float, float]]
) -> tuple[float, ...]:
    """Solve for the eight numbers by which Pillow finds each target's source."""
    rows, sides = [], []
    for (x, y), (u, v) in zip(targets, sources, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        sides += [u, v]
    return tuple(np.linalg.solve(np.array(rows, float), np.array(sides, float)).tolist())


def _screenshot(image: Image.Image, rng: Random) -> Image.Image:
    """Show the picture in a video player: black beside it, controls over its lower edge."""
    width = max(image.width, round(image.height * 16 / 9))
    screen = Image.new("RGB", (width, image.height), "black")
    screen.paste(image, ((width - image.width) // 2, 0))
    draw, bar = ImageDraw.Draw(screen), max(12, image.height // 12)
    top, played = image.height - bar, rng.uniform(0.1, 0.9)
    draw.rectangle((0, top, width, image.height), fill=(24, 24, 24))
    draw.line((8, top + 3, width - 8, top + 3), fill="grey", width=3)
    draw.line((8, top + 3, 8 + (width - 16) * played, top + 3), fill="red", width=3)
    words = f"> {rng.randint(0, 9)}:{rng.randint(10, 59)} / 10:00"
    draw.text((12, top + bar * 0.35), words, "white", font_size=max(8, bar // 2))
    return screen


def collage(one: Image.Image, other: Image.Image) -> Image.Image:
    """Put two pictures side by side, as high as the first."""
    beside = other.resize((max(1, round(other.width * one.height / other.height)), one.height))
    both = Image.new("RGB", (one.width + beside.width, one.height))
    both.paste(one, (0, 0))
    both.paste(beside, (one.width, 0))
    return both


TUNED: dict[str, Edit] = {
    "resize 50 %": lambda image, _: image.resize((image.width // 2, image.height // 2)),
    JPEG_30: _same,
    "crop 5 %": _crop(0.05),
    "crop 20 %": _crop(0.2),
    "brightness +20 %": lambda image, _: ImageEnhance.Brightness(image).enhance(1.2),
    "gamma 0.8": lambda image, _: image.point(lambda value: 255 * (value / 255) ** 0.8),
    "watermark": _watermark,
    "border": _border,
    "caption": _caption,
    "mirrored": lambda image, _: ImageOps.mirror(image),
    "turned 90": lambda image, _: image.transpose(Image.Transpose.ROTATE_90),
    "tilted 5": lambda image, _: image.rotate(5, Image.Resampling.BICUBIC, fillcolor="white"),
    "grey": lambda image, _: image.convert("L").convert("RGB"),
    PNG: _same,
}
UNSEEN: dict[str, Edit] = {
    "perspective 3 %": _perspective,
    "colour temperature": _warm,
    "sticker 10 %": _sticker,
    "screenshot": _screenshot,
}
