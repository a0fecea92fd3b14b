"""Flat shapes. Points are complex numbers x + yi, y down: one product turns and scales them."""

import cmath
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from PIL import ImageDraw

Colour = tuple[int, int, int]

_DARK_SUM = 400  # red + green + blue of what a pen fills black
_STEPS = 20
_CIRCLE = [cmath.rect(1, 2 * math.pi * step / _STEPS) for step in range(_STEPS)]


class Shape(NamedTuple):
    """A filled polygon, or an open stroke."""

    points: Sequence[complex]
    fill: Colour
    width: float = 0.0  # of the stroke, in the unit of the points; 0 is a filled polygon
    lined: bool = True  # outlined if the artist outlines; small parts of a face are not


class Ink(NamedTuple):
    """How shapes are outlined."""

    line: Colour
    width_px: float  # 0: no outlines
    paper: Colour | None  # line art: every shape has this colour, so lines behind it are hidden


def ellipse(centre: complex, rx: float, ry: float, fill: Colour, *, angle: float = 0.0) -> Shape:
    """An ellipse with half axes `rx` and `ry`, turned by `angle` radians."""
    turn = cmath.rect(1, angle)
    return Shape([centre + turn * complex(rx * u.real, ry * u.imag) for u in _CIRCLE], fill)


def blob(points: Sequence[complex], fill: Colour) -> Shape:
    """A closed shape with round corners (Chaikin's corner cutting, twice)."""
    return Shape(_rounded(_rounded(points)), fill)


def box(corner: complex, width: float, height: float, fill: Colour) -> Shape:
    """An upright rectangle from its upper left corner."""
    right, down = complex(width, 0), complex(0, height)
    return Shape([corner, corner + right, corner + right + down, corner + down], fill)


def ribbon(path: Sequence[complex], half_widths: Sequence[float], fill: Colour) -> Shape:
    """A band along a path, such as an arm or a tail; one half width per point of the path."""
    ends = [path[0], *path, path[-1]]
    sides = []
    for before, after, width in zip(ends[:-2], ends[2:], half_widths, strict=True):
        along = after - before
        sides.append(1j * width * along / (abs(along) or 1.0))
    left = [point + side for point, side in zip(path, sides, strict=True)]
    right = [point - side for point, side in zip(path, sides, strict=True)]
    return blob([*left, *reversed(right)], fill)


def stroke(points: Sequence[complex], fill: Colour, *, width: float) -> Shape:
    """An open line."""
    return Shape(points, fill, width)


def mirrored(shape: Shape) -> Shape:
    """The same shape on the other side of x = 0."""
    return shape._replace(points=[-point.conjugate() for point in shape.points])


def pair(shape: Shape) -> list[Shape]:
    """A shape and its mirror image: eyes, sleeves, ears."""
    return [shape, mirrored(shape)]


def placed(shapes: Iterable[Shape], *, turn: complex, to: complex) -> list[Shape]:
    """Turn and scale shapes about 0 by the factor `turn`, then move 0 to `to`."""
    size = abs(turn)
    return [
        Shape([point * turn + to for point in points], fill, width * size, lined)
        for points, fill, width, lined in shapes
    ]


def shaded(colour: Colour, factor: float) -> Colour:
    """A darker (factor < 1) or lighter (> 1) tone of a colour."""
    red, green, blue = (min(255, round(channel * factor)) for channel in colour)
    return red, green, blue


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """A colour between two: `share` in [0, 1] of the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def paint(draw: ImageDraw.ImageDraw, shapes: Iterable[Shape], ink: Ink, *, scale: float) -> None:
    """Paint shapes in order onto an image that is `scale` times as large as their coordinates."""
    line_px = round(ink.width_px * scale)
    for points, fill, width, lined in shapes:
        flat = [c * scale for point in points for c in (point.real, point.imag)]
        if width:
            draw.line(flat, fill=ink.line if ink.paper else fill, width=_at_least_1(width * scale))
        elif lined:
            draw.polygon(flat, fill=ink.paper or fill)
            if line_px:
                draw.line(flat + flat[:2], fill=ink.line, width=line_px)
        else:
            draw.polygon(flat, fill=_black_or_paper(fill, ink) if ink.paper else fill)


def fill_all(draw: ImageDraw.ImageDraw, shapes: Iterable[Shape], value: int) -> None:
    """Fill everything the shapes cover with one number: how masks are drawn."""
    for points, _, width, _ in shapes:
        flat = [c for point in points for c in (point.real, point.imag)]
        if width:
            draw.line(flat, fill=value, width=_at_least_1(width))
        else:
            draw.polygon(flat, fill=value)


def _black_or_paper(fill: Colour, ink: Ink) -> Colour | None:
    return ink.line if sum(fill) < _DARK_SUM else ink.paper


def _at_least_1(width: float) -> int:
    return max(1, round(width))


def _rounded(points: Sequence[complex]) -> list[complex]:
    corners: list[complex] = []
    before = points[-1]
    for point in points:
        corners += (before * 0.75 + point * 0.25, before * 0.25 + point * 0.75)
        before = point
    return corners
