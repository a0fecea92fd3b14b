"""Overlays: what hides parts of the figures, and the frames and words people put on pictures."""

import cmath
import math
from collections.abc import Callable
from functools import cache
from random import Random
from typing import NamedTuple

from PIL import ImageDraw, ImageFont

from pipeline.collect.sources.studio.backdrops import Size
from pipeline.collect.sources.studio.shapes import Colour, Shape, blob, box, ellipse, shaded, stroke

_WHITE = (255, 255, 255)
_BLACK = (16, 14, 18)


class Words(NamedTuple):
    """A line of text, centred at a point; a border keeps it readable on any ground."""

    text: str
    at: complex
    size_px: int
    fill: Colour
    border: Colour


class Overlay(NamedTuple):
    """Shapes and words in pixels of the final picture, over everything else."""

    shapes: list[Shape]
    words: list[Words]


def occluders(size: Size, rng: Random) -> Overlay:
    """Draw one to three things that stand before the figure."""
    things = [rng.choice(_THINGS) for _ in range(rng.choice((1, 1, 2, 3)))]
    shapes: list[Shape] = []
    for thing in things:
        at = complex(rng.uniform(0.1, 0.9) * size[0], rng.uniform(0.45, 1) * size[1])
        shapes += thing(at, min(size) * rng.uniform(0.1, 0.22), rng)
    return Overlay(shapes, [])


def objects(size: Size, rng: Random) -> Overlay:
    """Draw things only, large: a picture that shows no character at all."""
    shapes: list[Shape] = []
    for _ in range(rng.choice((1, 1, 2))):
        at = complex(rng.uniform(0.3, 0.7) * size[0], rng.uniform(0.4, 0.6) * size[1])
        shapes += rng.choice(_THINGS)(at, min(size) * rng.uniform(0.25, 0.42), rng)
    return Overlay(shapes, [])


def caption(size: Size, rng: Random, name: str) -> Overlay:
    """Draw words, perhaps on a band, above or below."""
    width, height = size
    text = rng.choice((name, name, *_PHRASES))
    letters_px = max(10, min(round(1.5 * width / len(text)), round(0.13 * height)))
    y = rng.choice((0.0, 1.0)) * (height - 1.5 * letters_px) + 0.75 * letters_px
    fill, border = rng.choice(((_WHITE, _BLACK), (_BLACK, _WHITE), ((250, 210, 60), _BLACK)))
    words = Words(text, complex(width / 2, y), letters_px, fill, border)
    band = box(complex(0, y - 0.75 * letters_px), width, 1.5 * letters_px, border)
    return Overlay([band] if rng.random() < 0.5 else [], [words])


def frame(size: Size, rng: Random) -> Overlay:
    """Draw a frame: a medallion, black bars, a trading card, a plain border."""
    return Overlay(rng.choice(_FRAMES)(size, rng), [])


def watermark(size: Size, rng: Random) -> Overlay:
    """Draw a pale line of words somewhere, as picture agencies do."""
    width, height = size
    text = rng.choice(("studio stock", "preview only", "sample copy"))
    letters_px = max(9, round(width / len(text) * rng.uniform(0.8, 1.4)))
    at = complex(width * rng.uniform(0.4, 0.6), height * rng.uniform(0.3, 0.9))
    return Overlay([], [Words(text, at, letters_px, (236, 236, 236), (150, 150, 150))])


def write(draw: ImageDraw.ImageDraw, words: Words, *, scale: float) -> None:
    """Write a line onto an image that is `scale` times as large as its coordinates."""
    draw.text(
        (words.at.real * scale, words.at.imag * scale),
        words.text,
        fill=words.fill,
        font=_font(round(words.size_px * scale)),
        anchor="mm",
        stroke_width=max(1, round(words.size_px * scale / 16)),
        stroke_fill=words.border,
    )


_PHRASES = (
    "once upon a time",
    "COLOUR ME",
    "wallpaper HD",
    "step 3",
    "made with love",
    "OH NO",
    "new!",
)


@cache
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)


def _rock(at: complex, size: float, rng: Random) -> list[Shape]:
    corners = [cmath.rect(size * rng.uniform(0.8, 1.4), a) for a in (0.1, 1.1, 2.3, 3.2, 4.3, 5.4)]
    grey = rng.randrange(80, 160)
    return [blob([at + corner for corner in corners], (grey, grey - 6, grey - 14))]


def _bush(at: complex, size: float, rng: Random) -> list[Shape]:
    green = shaded((70, 130, 60), rng.uniform(0.7, 1.3))
    return [
        ellipse(at + size * z, 0.8 * size, 0.65 * size, green)
        for z in (-0.9 + 0.2j, 0.9 + 0.2j, -0.4j, 0.3j)
    ]


def _fish(at: complex, size: float, rng: Random) -> list[Shape]:
    colour = rng.choice(((240, 200, 60), (240, 130, 60), (90, 150, 220)))
    fin = Shape(
        [at + 0.7 * size, at + size * (1.4 - 0.5j), at + size * (1.4 + 0.5j)], shaded(colour, 0.8)
    )
    eye = ellipse(at - size * (0.5 + 0.12j), 0.13 * size, 0.15 * size, _BLACK)
    return [fin, ellipse(at, 0.95 * size, 0.55 * size, colour), eye]


def _column(at: complex, size: float, rng: Random) -> list[Shape]:
    grey = rng.randrange(150, 230)
    shaft = box(complex(at.real, -10), 0.6 * size, 4000, (grey, grey - 4, grey - 20))
    return [
        shaft,
        stroke(
            [complex(at.real + 0.2 * size, 0), complex(at.real + 0.2 * size, 4000)],
            (110, 106, 98),
            width=2,
        ),
    ]


def _snowman(at: complex, size: float, _rng: Random) -> list[Shape]:
    snow = (240, 244, 250)
    nose = Shape([at - 0.9j * size, at + size * (0.6 - 0.8j), at - 0.75j * size], (240, 140, 50))
    eyes = [
        ellipse(at + size * z, 0.08 * size, 0.08 * size, _BLACK) for z in (-0.2 - 1.1j, 0.2 - 1.1j)
    ]
    return [
        ellipse(at + 0.5j * size, 0.9 * size, 0.85 * size, snow),
        ellipse(at - 0.9j * size, 0.6 * size, 0.6 * size, snow),
        nose,
        *eyes,
    ]


def _sticker(at: complex, size: float, rng: Random) -> list[Shape]:
    star = [at + cmath.rect(size * (1 if i % 2 else 0.45), math.pi * i / 5) for i in range(10)]
    return [Shape(star, rng.choice(((250, 210, 60), (230, 70, 80), (90, 190, 120))))]


def _mug(at: complex, size: float, rng: Random) -> list[Shape]:
    colour = (rng.randrange(256), rng.randrange(256), rng.randrange(256))
    handle = ellipse(at + size, 0.5 * size, 0.45 * size, shaded(colour, 0.8))
    return [handle, box(at - size * (0.8 + 0.8j), 1.7 * size, 1.8 * size, colour)]


_THINGS: tuple[Callable[[complex, float, Random], list[Shape]], ...] = (
    _rock, _bush, _fish, _column, _snowman, _sticker, _mug,
)  # fmt: skip


def _medallion(size: Size, rng: Random) -> list[Shape]:
    width, height = size
    middle, radius = complex(width / 2, height / 2), 0.49 * min(size)
    circle = ellipse(middle, radius, radius, _WHITE, angle=math.pi / 20).points
    outside = [0j, complex(width, 0), complex(width, height), complex(0, height), 0j]
    ground = rng.choice((_WHITE, _WHITE, (240, 240, 236), _BLACK))
    return [
        Shape([*outside, *circle, circle[0], 0j], ground, lined=False),
        stroke(
            [*circle, *circle[:2]],
            rng.choice(((150, 150, 156), (200, 170, 80))),
            width=0.03 * min(size),
        ),
    ]


def _bars(size: Size, rng: Random) -> list[Shape]:
    width, height = size
    if rng.random() < 0.5:
        bar = rng.uniform(0.08, 0.15) * height
        return [box(0j, width, bar, _BLACK), box(complex(0, height - bar), width, bar, _BLACK)]
    bar = rng.uniform(0.08, 0.18) * width
    return [box(0j, bar, height, _BLACK), box(complex(width - bar, 0), bar, height, _BLACK)]


def _card(size: Size, rng: Random) -> list[Shape]:
    width, height = size
    colour = rng.choice(((236, 206, 90), (180, 60, 60), (80, 110, 170), (150, 150, 150)))
    edge = 0.06 * min(size)
    lines = [
        stroke(
            [complex(0.14 * width, y * height), complex(0.8 * width, y * height)], _BLACK, width=2
        )
        for y in (0.8, 0.85, 0.9)
    ]
    return [
        *_edges(size, edge, colour),
        box(complex(edge, 0.74 * height), width - 2 * edge, 0.21 * height, (244, 236, 210)),
        *lines,
    ]


def _border(size: Size, rng: Random) -> list[Shape]:
    colour = rng.choice((_WHITE, _BLACK, (120, 84, 50), (230, 190, 200)))
    return _edges(size, rng.uniform(0.03, 0.08) * min(size), colour)


def _edges(size: Size, edge: float, colour: Colour) -> list[Shape]:
    width, height = size
    across, down = box(0j, width, edge, colour), box(0j, edge, height, colour)
    return [
        across, down, box(complex(0, height - edge), width, edge + 1, colour),
        box(complex(width - edge, 0), edge + 1, height, colour),
    ]  # fmt: skip


_FRAMES: tuple[Callable[[Size, Random], list[Shape]], ...] = (_medallion, _bars, _card, _border)
