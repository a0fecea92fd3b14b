"""Backdrops: what stands behind the figures, from white paper to the bottom of the sea."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from PIL import Image

from pipeline.collect.sources.studio.shapes import (
    Colour,
    Shape,
    blob,
    box,
    ellipse,
    mixed,
    shaded,
    stroke,
)

Size = tuple[int, int]  # width, height in pixels
_WHITE = (255, 255, 255)


class Backdrop(NamedTuple):
    """A vertical gradient and shapes upon it, in pixels of the final picture."""

    top: Colour
    bottom: Colour
    shapes: list[Shape]


def white(_size: Size, rng: Random) -> Backdrop:
    """Paper, mostly pure white."""
    paper = rng.choice((_WHITE, _WHITE, _WHITE, (250, 248, 240), (238, 238, 240)))
    return Backdrop(paper, paper, [])


def flat(_size: Size, rng: Random) -> Backdrop:
    """One colour."""
    colour = _any_colour(rng)
    return Backdrop(colour, colour, [])


def gradient(size: Size, rng: Random) -> Backdrop:
    """Two colours and perhaps a glow in the middle."""
    top, bottom = _any_colour(rng), _any_colour(rng)
    width, height = size
    glow = []
    if rng.random() < 0.4:
        middle = complex(width / 2, height * rng.uniform(0.35, 0.6))
        for ring in range(6, 0, -1):
            colour = mixed(mixed(top, bottom, 0.5), _WHITE, 0.75 - 0.11 * ring)
            glow.append(ellipse(middle, 0.11 * ring * width, 0.11 * ring * height, colour))
    return Backdrop(top, bottom, glow)


def sea(size: Size, rng: Random) -> Backdrop:
    """Under water: ground, weeds, bubbles; or a shore with waves."""
    width, height = size
    if rng.random() < 0.35:
        line = height * rng.uniform(0.4, 0.7)
        shapes = [box(complex(0, line), width, height - line, (56, 140, 176))]
        for _ in range(6):
            at = complex(rng.uniform(0, width), rng.uniform(line, height))
            shapes.append(stroke([at, at + 0.12 * width], (170, 216, 230), width=3))
        return Backdrop((176, 216, 240), (240, 236, 214), shapes)
    ground = (206, 190, 140)
    shapes = [_hill(size, 0.88, rng, ground)]
    for _ in range(rng.randint(2, 6)):
        foot = complex(rng.uniform(0, width), height)
        weed = [foot + complex(8 * (-1) ** i, -0.09 * height * i) for i in range(rng.randint(3, 6))]
        shapes.append(
            stroke(weed, rng.choice(((40, 120, 80), (180, 80, 110), (90, 140, 60))), width=9)
        )
    shapes += _dots(size, rng, (210, 238, 244), count=10, radius=0.018)
    return Backdrop((96, 196, 216), (22, 82, 132), shapes)


def forest(size: Size, rng: Random) -> Backdrop:
    """Trunks, leaves and grass."""
    width, height = size
    dark = rng.choice(((36, 74, 48), (58, 104, 60), (96, 118, 52)))
    shapes = [_hill(size, 0.8, rng, (88, 138, 66))]
    for _ in range(rng.randint(3, 6)):
        x, thick = rng.uniform(-0.05, 1) * width, rng.uniform(0.05, 0.12) * width
        shapes.append(box(complex(x, 0), thick, height * rng.uniform(0.75, 0.95), (92, 66, 46)))
    for _ in range(rng.randint(5, 9)):
        at = complex(rng.uniform(0, width), rng.uniform(-0.05, 0.22) * height)
        shapes.append(ellipse(at, 0.18 * width, 0.13 * height, shaded(dark, rng.uniform(0.8, 1.3))))
    return Backdrop(mixed(dark, (220, 236, 190), 0.6), mixed(dark, (150, 180, 110), 0.5), shapes)


def castle(size: Size, rng: Random) -> Backdrop:
    """A castle with towers on a hill."""
    width, height = size
    wall = rng.choice(((206, 200, 210), (176, 160, 178), (224, 208, 176)))
    roof = rng.choice(((86, 104, 168), (168, 78, 84), (110, 78, 138)))
    shapes = [_hill(size, 0.72, rng, (128, 168, 96))]
    for _ in range(rng.randint(3, 5)):
        x, tower = rng.uniform(0, 0.85) * width, rng.uniform(0.1, 0.18) * width
        top = rng.uniform(0.2, 0.5) * height
        peak = [
            complex(x - 4, top),
            complex(x + tower / 2, top - 1.3 * tower),
            complex(x + tower + 4, top),
        ]
        window = box(
            complex(x + 0.35 * tower, top + 0.4 * tower), 0.3 * tower, 0.5 * tower, (70, 66, 90)
        )
        shapes += [
            box(complex(x, top), tower, 0.75 * height - top, wall),
            Shape(peak, roof),
            window,
        ]
    return Backdrop((150, 190, 232), (246, 214, 200), shapes)


def snow(size: Size, rng: Random) -> Backdrop:
    """White mountains and flakes."""
    width, height = size
    shapes = []
    for _ in range(3):
        x, peak = rng.uniform(0, 1) * width, rng.uniform(0.15, 0.45) * height
        base, half = 0.85 * height, rng.uniform(0.3, 0.6) * width
        shapes.append(
            Shape(
                [complex(x - half, base), complex(x, peak), complex(x + half, base)],
                (150, 176, 206),
            )
        )
        tip = [
            complex(x - 0.3 * half, peak + 0.3 * (base - peak)),
            complex(x, peak),
            complex(x + 0.3 * half, peak + 0.3 * (base - peak)),
        ]
        shapes.append(Shape(tip, (240, 246, 252)))
    shapes += [
        _hill(size, 0.82, rng, (232, 240, 248)),
        *_dots(size, rng, _WHITE, count=16, radius=0.012),
    ]
    return Backdrop(
        rng.choice(((120, 160, 210), (70, 90, 150), (190, 210, 230))), (226, 236, 246), shapes
    )


def night(size: Size, rng: Random) -> Backdrop:
    """A dark sky with stars or lanterns."""
    light = rng.choice(((250, 240, 200), (250, 190, 90)))
    radius = rng.choice((0.008, 0.03))
    dots = _dots(size, rng, light, count=22, radius=radius)
    return Backdrop((22, 22, 58), rng.choice(((70, 50, 110), (30, 60, 100))), dots)


def room(size: Size, rng: Random) -> Backdrop:
    """A wall, a floor and a window or a curtain."""
    width, height = size
    wall, line = _any_colour(rng), height * rng.uniform(0.65, 0.85)
    shapes = [
        box(
            complex(0, line),
            width,
            height,
            rng.choice(((140, 98, 66), (190, 160, 130), (110, 100, 100))),
        )
    ]
    x, side = rng.uniform(0, 0.7) * width, 0.28 * width
    shapes.append(box(complex(x, 0.12 * height), side, 0.35 * height, (236, 230, 214)))
    shapes.append(
        box(complex(x + 5, 0.12 * height + 5), side - 10, 0.35 * height - 10, (170, 206, 232))
    )
    shapes.append(box(0j, 0.12 * width, line, shaded(_any_colour(rng), 0.8)))
    return Backdrop(wall, shaded(wall, 0.9), shapes)


def pattern(size: Size, rng: Random) -> Backdrop:
    """Stripes, dots, or the grey squares of a picture saved without its transparency."""
    width, height = size
    ground, other = _any_colour(rng), _any_colour(rng)
    step = rng.randint(14, 34)
    match rng.choice(("stripes", "dots", "squares")):
        case "stripes":
            shapes = [
                Shape(
                    [
                        complex(x, 0),
                        complex(x + step, 0),
                        complex(x + step - height, height),
                        complex(x - height, height),
                    ],
                    other,
                )
                for x in range(0, width + height, 2 * step)
            ]
        case "dots":
            shapes = [
                ellipse(complex(x + step / 2 * (y // step % 2), y), step / 5, step / 5, other)
                for y in range(0, height, step)
                for x in range(0, width + step, step)
            ]
        case _:
            ground, other = _WHITE, (224, 224, 224)
            shapes = [
                box(complex(x + step * (y // step % 2), y), step, step, other)
                for y in range(0, height, step)
                for x in range(0, width, 2 * step)
            ]
    return Backdrop(ground, ground, shapes)


BACKDROPS: dict[str, Callable[[Size, Random], Backdrop]] = {
    backdrop.__name__: backdrop
    for backdrop in (white, flat, gradient, sea, forest, castle, snow, night, room, pattern)
}
"""Every backdrop by name."""


def blended(backdrop: Backdrop, size: Size) -> Image.Image:
    """Paint the gradient alone, RGB."""
    if backdrop.top == backdrop.bottom:
        return Image.new("RGB", size, backdrop.top)
    column = Image.new("RGB", (1, 2))
    column.putdata([backdrop.top, backdrop.bottom])
    return column.resize((1, size[1]), Image.Resampling.BILINEAR).resize(
        size, Image.Resampling.NEAREST
    )


def _any_colour(rng: Random) -> Colour:
    """Any colour, pale ones more often."""
    colour = rng.randrange(256), rng.randrange(256), rng.randrange(256)
    return mixed(colour, _WHITE, rng.uniform(0, 0.8))


def _hill(size: Size, level: float, rng: Random, colour: Colour) -> Shape:
    width, height = size
    points = [complex(-0.1 * width, 1.2 * height)]
    points += [
        complex(width * x, height * (level + rng.uniform(-0.07, 0.07)))
        for x in (-0.1, 0.2, 0.5, 0.8, 1.1)
    ]
    return blob([*points, complex(1.1 * width, 1.2 * height)], colour)


def _dots(size: Size, rng: Random, colour: Colour, *, count: int, radius: float) -> list[Shape]:
    width, height = size
    dots = []
    for _ in range(count):
        at = complex(rng.uniform(0, width), rng.uniform(0, height))
        side = min(size) * radius * rng.uniform(0.6, 1.6)
        dots.append(ellipse(at, side, side, colour))
    return dots
