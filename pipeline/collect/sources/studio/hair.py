"""Hair: the strongest mark of a character. Middle of the head at 0, its radius is 1, y down."""

import cmath
import math
from collections.abc import Callable
from typing import NamedTuple

from pipeline.collect.sources.studio.looks import Look
from pipeline.collect.sources.studio.pose import Pose
from pipeline.collect.sources.studio.shapes import (
    Colour,
    Shape,
    blob,
    ellipse,
    mirrored,
    pair,
    shaded,
    stroke,
)


class Hair(NamedTuple):
    """The parts of a hairdo, by what they cover."""

    back: list[Shape]  # behind head and body
    front: list[Shape]  # on the head
    over: list[Shape]  # hangs in front of the body


def flowing(look: Look, pose: Pose) -> Hair:
    """Long, full, swinging to one side, with a high wave over the forehead."""
    colour = look.hair_colour
    swing = 0.9 * pose.sway
    back = blob(
        [
            -1.4j, -1.1 - 1.1j, -1.45 - 0.1j, -1.6 + 1j + 0.4 * swing, -1.75 + 2.1j + swing,
            -1 + 3.2j + 1.3 * swing, -0.3 + 2.5j + swing, 0.4 + 3.3j + 1.2 * swing,
            1.1 + 2.4j + 0.9 * swing, 1.75 + 2.3j + swing, 1.5 + 1j + 0.4 * swing, 1.4 - 0.1j,
            1.1 - 1.1j,
        ],
        colour,
    )  # fmt: skip
    wave = blob(
        [
            0.5 - 1.05j, 0.2 - 1.75j, -0.8 - 1.7j, -1.35 - 0.9j, -1.2 + 0.1j, -0.85 + 0.55j,
            -0.8 - 0.2j, -0.45 - 0.65j, 0.1 - 0.75j,
        ],
        colour,
    )  # fmt: skip
    lock = blob([0.3 - 1.2j, 0.9 - 1.1j, 1.2 - 0.3j, 1.05 + 0.6j, 0.8 - 0.1j, 0.6 - 0.7j], colour)
    strands = [
        _strand(
            [
                complex(x, 0.2), complex(1.1 * x + 0.25 + 0.3 * swing, 1),
                complex(1.1 * x - 0.2 + 0.7 * swing, 1.8), complex(x + 0.2 + swing, 2.6),
            ],
            colour,
        )
        for x in (-1.3, -0.95, 0.95, 1.25)
    ]  # fmt: skip
    shine = stroke([-0.9 - 1.1j, -0.4 - 1.35j, 0.1 - 1.3j], shaded(colour, 1.25), width=0.09)
    return Hair([back, *strands], [wave, lock, shine], [])


def curls(look: Look, _pose: Pose) -> Hair:
    """A huge round mass of curls, wider than the shoulders."""
    colour = look.hair_colour
    back = [
        blob(
            [-1.5j, -1.5 - 0.6j, -1.6 + 1.2j, -0.6 + 2.2j, 0.6 + 2.2j, 1.6 + 1.2j, 1.5 - 0.6j],
            colour,
        )
    ]
    for step in range(-6, 7):
        out = cmath.rect(1.62 + 0.12 * (step % 2), 0.42 * step - math.pi / 2)
        back.append(ellipse(complex(out.real, out.imag * 1.15 + 0.25), 0.55, 0.5, colour))
    rings = [
        _ring(complex(x, y), shaded(colour, 0.72))
        for side in (-1, 1)
        for x, y in (
            (side * 0.6, -1.5),
            (side * 1.25, -0.95),
            (side * 1.6, -0.2),
            (side * 1.25, 0.3),
            (side * 1.75, 0.6),
            (side * 1.3, 1),
            (side * 1.75, 1.4),
            (side * 1.2, 1.75),
        )
    ]
    fringe = [
        ellipse(complex(x, y), 0.42, 0.36, colour)
        for x, y in ((-1, -0.2), (-0.8, -0.75), (-0.25, -1), (0.35, -1), (0.85, -0.7), (1.02, -0.1))
    ]
    rings_front = [
        _ring(complex(x, -0.95), shaded(colour, 0.72)) for x in (-0.75, -0.25, 0.25, 0.75)
    ]
    return Hair([*back, *rings], [*fringe, *rings_front], [])


def braid(look: Look, pose: Pose) -> Hair:
    """Combed back high, one thick braid over a shoulder."""
    colour, dark = look.hair_colour, shaded(look.hair_colour, 0.74)
    side = 1 if pose.sway > 0 else -1
    back = blob(
        [-1.3j, -1.05 - 0.9j, -1.12 + 0.2j, -0.7 + 0.9j, 0.7 + 0.9j, 1.12 + 0.2j, 1.05 - 0.9j],
        colour,
    )
    crest = blob(
        [
            -0.95 + 0.05j, -1.12 - 0.7j, -0.5 - 1.6j, 0.3 - 1.65j, 0.95 - 1.2j, 1 + 0.05j,
            0.8 - 0.5j, 0.3 - 0.85j, -0.5 - 0.75j,
        ],
        colour,
    )  # fmt: skip
    combed = [
        stroke([complex(x, -0.8), complex(0.55 * x, -1.45)], dark, width=0.06)
        for x in (-0.8, -0.45, -0.1, 0.25, 0.6)
    ]
    over = []
    for link in range(7):
        at = complex(side * (0.95 + 0.12 * math.sin(link)), 0.6 + 0.44 * link)
        size = 0.52 - 0.03 * link
        over.append(ellipse(at, size, size * 0.78, colour))
        over.append(stroke([at - size, at + 0.25j, at + size], dark, width=0.07))
    tip = complex(side * 0.85, 3.7)
    over.append(
        blob([tip - 0.2 - 0.2j, tip + 0.2 - 0.2j, tip + 0.15 + 0.5j, tip - 0.15 + 0.5j], colour)
    )
    return Hair([back], [crest, *combed], over)


def bun(look: Look, _pose: Pose) -> Hair:
    """Pinned up: a ball on top, a soft roll over the forehead, a bare neck."""
    colour, dark = look.hair_colour, shaded(look.hair_colour, 0.78)
    ball = ellipse(0.1 - 1.8j, 0.85, 0.68, colour)
    coil = stroke(
        [0.1 - 1.8j + cmath.rect(0.08 + 0.075 * i, 0.9 * i) for i in range(9)], dark, width=0.08
    )
    back = blob(
        [-1.25j, -1.1 - 0.8j, -1.1 + 0.1j, -0.6 + 0.6j, 0.6 + 0.6j, 1.1 + 0.1j, 1.1 - 0.8j], colour
    )
    roll = blob(
        [
            -0.9 + 0.15j, -1.15 - 0.6j, -0.55 - 1.3j, 0.5 - 1.3j, 1.15 - 0.6j, 0.9 + 0.15j,
            0.85 - 0.35j, 0.2 - 0.5j, -0.4 - 0.85j, -0.8 - 0.4j,
        ],
        colour,
    )  # fmt: skip
    return Hair([back], [ball, coil, roll], [])


def endless(look: Look, pose: Pose) -> Hair:
    """Loose and longer than its owner: it runs down the back and along the floor."""
    colour = look.hair_colour
    side = 1 if pose.sway > 0 else -1
    floor = pose.floor
    back = blob(
        [
            -1.3j, -side * (1.1 + 1j), -side * 1.35 + 0.6j, complex(-side * 1.45, 0.5 * floor),
            complex(-side * 1.2, floor), complex(side * 0.2, floor + 0.45),
            complex(side * 3.4, floor + 0.5), complex(side * 3.7, floor - 0.2),
            complex(side * 2, floor - 0.35), complex(side * 1.8, 0.5 * floor),
            side * 1.35 + 0.6j, complex(side * 1.1, -1),
        ],
        colour,
    )  # fmt: skip
    lines = [
        _strand([complex(x, 0.3), complex(1.1 * x, 0.5 * floor), complex(x, floor)], colour)
        for x in (-1.25, -1, -0.75, 0.75, 1, 1.25)
    ]
    lock = blob(
        [
            0.05 - 1.2j,
            -0.7 - 1.15j,
            -1.2 - 0.3j,
            -1.2 + 1.2j,
            -0.85 + 1.5j,
            -0.8 + 0.1j,
            -0.5 - 0.6j,
        ],
        colour,
    )
    parted = [
        _strand([complex(x, -0.9), complex(1.7 * x, 0), complex(1.75 * x, 1.2)], colour)
        for x in (-0.6, 0.6)
    ]
    return Hair([back, *lines], [*pair(lock), *parted], [])


def bob(look: Look, _pose: Pose) -> Hair:
    """Short, rolled inwards at the chin: a ball around the face."""
    colour = look.hair_colour
    back = blob(
        [
            -1.35j, -1.1 - 1.1j, -1.45 - 0.1j, -1.4 + 0.7j, -0.9 + 1.05j, -0.4 + 0.8j,
            0.4 + 0.8j, 0.9 + 1.05j, 1.4 + 0.7j, 1.45 - 0.1j, 1.1 - 1.1j,
        ],
        colour,
    )  # fmt: skip
    wing = blob(
        [
            0.1 - 1.15j,
            -0.75 - 1.2j,
            -1.3 - 0.3j,
            -1.25 + 0.75j,
            -0.8 + 0.75j,
            -0.82,
            -0.7 - 0.5j,
            -0.2 - 0.7j,
        ],
        colour,
    )
    shine = stroke([-0.9 - 0.7j, -0.5 - 0.95j], shaded(colour, 1.5), width=0.09)
    return Hair([back], [*pair(wing), shine], [])


def pigtails(look: Look, pose: Pose) -> Hair:
    """Two tails, high at the sides."""
    colour = look.hair_colour
    swing = 0.4 * pose.sway
    tail = blob([-1 - 0.7j, -1.7 - 0.9j, -2.2 + 0.2j, -2 + 1.6j + swing, -1.5 + 0.4j], colour)
    back = [_cap_back(colour), tail, mirrored(tail)]
    return Hair(back, _fringe(colour), [])


def ponytail(look: Look, pose: Pose) -> Hair:
    """One tail, high at the back."""
    colour = look.hair_colour
    side = 1 if pose.sway > 0 else -1
    tail = blob(
        [
            complex(side * x, y)
            for x, y in ((0.2, -1.3), (1, -2), (2, -1.2), (2.1, 0.8), (1.5, 1.8), (1.4, 0))
        ],
        colour,
    )
    return Hair([tail, _cap_back(colour)], _fringe(colour), [])


def cap(look: Look, _pose: Pose) -> Hair:
    """Cropped short."""
    return Hair([_cap_back(look.hair_colour)], _fringe(look.hair_colour), [])


STYLES: dict[str, Callable[[Look, Pose], Hair]] = {
    style.__name__: style
    for style in (flowing, curls, braid, bun, endless, bob, pigtails, ponytail, cap)
}
"""Every hairdo by name."""


def _cap_back(colour: Colour) -> Shape:
    return ellipse(-0.15j, 1.1, 1.12, colour)


def _fringe(colour: Colour) -> list[Shape]:
    sweep = [
        -1 + 0.1j,
        -1.1 - 0.8j,
        -0.4 - 1.3j,
        0.5 - 1.25j,
        1.1 - 0.7j,
        1 + 0.1j,
        0.6 - 0.55j,
        -0.2 - 0.45j,
    ]
    return [blob(sweep, colour)]


def _strand(points: list[complex], colour: Colour) -> Shape:
    return stroke(points, shaded(colour, 0.8), width=0.08)


def _ring(centre: complex, colour: Colour) -> Shape:
    arc = [centre + cmath.rect(0.26, 0.8 * step) for step in range(7)]
    return stroke(arc, colour, width=0.07)
