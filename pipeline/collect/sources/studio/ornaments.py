"""Ornaments: what a character wears in its hair or carries. Middle of the head at 0, radius 1."""

import cmath
import math
from collections.abc import Callable
from typing import NamedTuple

from pipeline.collect.sources.studio.looks import Look
from pipeline.collect.sources.studio.shapes import (
    Colour,
    Shape,
    blob,
    ellipse,
    mirrored,
    ribbon,
    shaded,
    stroke,
)


class Ornament(NamedTuple):
    """The parts of an ornament, by what they cover."""

    back: list[Shape]  # behind the body
    top: list[Shape]  # on the hair, moves with the head
    front: list[Shape]  # before the body


def flower(look: Look) -> Ornament:
    """One big flower over an ear."""
    return Ornament([], _petals(0.95 - 0.75j, 0.33, look.trim), [])


def garland(look: Look) -> Ornament:
    """Flowers along the hair."""
    places = (-0.95 - 0.85j, -0.35 - 1.25j, 0.35 - 1.25j, 0.95 - 0.85j, 1.2 + 0.1j, -1.2 + 0.1j)
    blossoms = [_petals(at, 0.22, look.trim) for at in places]
    return Ornament([], [shape for blossom in blossoms for shape in blossom], [])


def quiver(_look: Look) -> Ornament:
    """A quiver with arrows over a shoulder and a bow taller than the torso."""
    wood = (122, 82, 48)
    case = ribbon([-0.9 + 1j, -0.2 + 2.6j], (0.22, 0.18), wood)
    arrows = [
        stroke(
            [complex(-0.75 - 0.18 * i, 1.1), complex(-1.1 - 0.2 * i, 0.1 + 0.1 * i)],
            (236, 226, 200),
            width=0.1,
        )
        for i in range(3)
    ]
    bend = [
        complex(1.35 + 0.65 * math.cos(a), 2.9 + 1.9 * math.sin(a)) for a in _span(-1.45, 1.45, 9)
    ]
    string = stroke([bend[0], bend[-1]], (230, 224, 210), width=0.05)
    return Ornament([*arrows, case], [], [stroke(bend, wood, width=0.15), string])


def tiara(look: Look) -> Ornament:
    """A small pointed band at the hairline."""
    points = [-0.5 - 0.85j, -0.25 - 1.05j, -1.35j, 0.25 - 1.05j, 0.5 - 0.85j, -0.8j]
    return Ornament([], [Shape(points, look.trim)], [])


def headband(look: Look) -> Ornament:
    """A wide band across the hair."""
    arc = [complex(1.12 * math.sin(a), -0.1 - 1.05 * math.cos(a)) for a in _span(-1.25, 1.25, 8)]
    return Ornament([], [ribbon(arc, [0.14] * len(arc), look.trim)], [])


def bow(look: Look) -> Ornament:
    """A big bow on top of the head."""
    loop = blob([-1.2j, -0.45 - 1.95j, -1.15 - 1.9j, -1.1 - 1.0j, -0.4 - 0.95j], look.trim)
    knot = ellipse(-1.25j, 0.17, 0.2, shaded(look.trim, 0.8))
    return Ornament([], [loop, mirrored(loop), knot], [])


def crown(_look: Look) -> Ornament:
    """A crown with five points."""
    points = [complex(x, y) for x, y in zip(
        (-0.7, -0.85, -0.45, -0.3, 0, 0.3, 0.45, 0.85, 0.7),
        (-1, -1.8, -1.35, -1.95, -1.4, -1.95, -1.35, -1.8, -1), strict=True)]  # fmt: skip
    return Ornament([], [Shape(points, (232, 190, 70))], [])


def nothing(_look: Look) -> Ornament:
    """No ornament."""
    return Ornament([], [], [])


ORNAMENTS: dict[str, Callable[[Look], Ornament]] = {
    ornament.__name__: ornament
    for ornament in (flower, garland, quiver, tiara, headband, bow, crown, nothing)
}
"""Every ornament by name."""


def _petals(centre: complex, size: float, colour: Colour) -> list[Shape]:
    petals = [
        ellipse(centre + cmath.rect(size, 2 * math.pi * step / 5), 0.75 * size, 0.75 * size, colour)
        for step in range(5)
    ]
    return [*petals, ellipse(centre, 0.5 * size, 0.5 * size, (250, 226, 120))]


def _span(first: float, last: float, count: int) -> list[float]:
    return [first + (last - first) * step / (count - 1) for step in range(count)]
