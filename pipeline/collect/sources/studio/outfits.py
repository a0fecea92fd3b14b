"""Outfits: what a character wears below the neck. Neck at y = 1.2, waist 2.4, floor 5.7."""

import cmath
from collections.abc import Callable
from typing import NamedTuple

from pipeline.collect.sources.studio.looks import Look
from pipeline.collect.sources.studio.pose import WAIST, Pose
from pipeline.collect.sources.studio.shapes import (
    Colour,
    Shape,
    blob,
    ellipse,
    pair,
    ribbon,
    shaded,
    stroke,
)


class Outfit(NamedTuple):
    """The parts of an outfit, by what they cover; arms are drawn between `body` and `front`."""

    back: list[Shape]  # behind the body
    body: list[Shape]  # skirt or tail, then the torso
    front: list[Shape]  # over the arms: sleeves, collars
    sleeve: tuple[Colour, Colour] | None = None  # upper and lower arm, if covered


def tail(look: Look, pose: Pose) -> Outfit:
    """A fish tail that swings aside and ends in a fin, and two shells."""
    swing = 1.5 * pose.sway
    path = [complex(swing * t**2, WAIST - 0.15 + 2.9 * t) for t in (0, 0.2, 0.45, 0.7, 0.88, 1)]
    end, along = path[-1], (path[-1] - path[-2]) / abs(path[-1] - path[-2])
    fin = []
    for bend in (-0.95, 0.95):
        out = along * cmath.rect(1, bend)
        fin.append(
            blob([end - 0.15 * along, end + 0.8 * out * cmath.rect(1, -0.4), end + 1.7 * out,
                  end + 0.9 * out * cmath.rect(1, 0.5)], look.trim)
        )  # fmt: skip
    scales = [
        stroke([at - 0.17, at + 0.15j, at + 0.17], shaded(look.main, 0.7), width=0.06)
        for row, t in enumerate((0.12, 0.22, 0.32, 0.42, 0.52, 0.62))
        for at in (
            complex(swing * t**2 + x + 0.12 * (row % 2), WAIST - 0.15 + 2.9 * t)
            for x in ((-0.42, -0.1, 0.22) if t < 0.5 else (-0.18, 0.1))
        )
    ]
    body = ribbon(path, (0.42, 0.66, 0.6, 0.4, 0.22, 0.14), look.main)
    belt = blob([-0.5 + 2.25j, 2.55j, 0.5 + 2.25j, 0.45 + 2.5j, 2.8j, -0.45 + 2.5j], look.trim)
    shells = pair(ellipse(-0.3 + 1.8j, 0.3, 0.27, look.second))
    return Outfit([], [*fin, body, *scales, belt, _torso(look.skin), *shells], [])


def tunic(look: Look, _pose: Pose) -> Outfit:
    """A long straight dress with wide sleeves, belted, slashed at the elbows."""
    skirt = blob(
        [-0.5 + 2.3j, 0.5 + 2.3j, 0.95 + 4j, 1.15 + 5.6j, 5.75j, -1.15 + 5.6j, -0.95 + 4j],
        look.main,
    )
    folds = [
        stroke([complex(x, 3), complex(1.8 * x, 5.4)], shaded(look.main, 0.7), width=0.07)
        for x in (-0.3, 0.3)
    ]
    belt = stroke([-0.5 + 2.45j, 2.7j, 0.5 + 2.45j], look.trim, width=0.16)
    strap = stroke([-0.55 + 1.45j, 0.45 + 2.4j], look.trim, width=0.13)
    collar = stroke([-0.35 + 1.3j, 1.6j, 0.35 + 1.3j], look.trim, width=0.1)
    return Outfit(
        [],
        [skirt, *folds, _torso(look.main), belt, strap, collar],
        [],
        (look.main, look.second),
    )


def sheath(look: Look, _pose: Pose) -> Outfit:
    """A narrow dress with a long slit, and a wide pale cape behind."""
    cape = blob(
        [
            -0.6 + 1.35j,
            0.6 + 1.35j,
            1.5 + 3j,
            2.3 + 5.6j,
            0.8 + 5.9j,
            -0.8 + 5.9j,
            -2.3 + 5.6j,
            -1.5 + 3j,
        ],
        look.second,
    )
    crystals = [
        Shape([at - 0.16, at - 0.22j, at + 0.16, at + 0.22j], look.trim)
        for row in range(4)
        for x in (-0.85, -0.55, 0.55, 0.85)
        for at in [complex(x * (1.3 + 0.45 * row), 2.6 + 0.85 * row)]
    ]
    skirt = blob(
        [
            -0.42 + 2.3j,
            0.42 + 2.3j,
            0.62 + 3.1j,
            0.5 + 4.6j,
            0.6 + 5.7j,
            -0.6 + 5.7j,
            -0.5 + 4.6j,
            -0.62 + 3.1j,
        ],
        look.main,
    )
    slit = blob([0.25 + 3.4j, 0.5 + 5.6j, 0.15 + 5.6j], look.skin)
    edge = stroke([-0.5 + 1.75j, 1.6j, 0.5 + 1.75j], look.trim, width=0.1)
    return Outfit(
        [cape, *crystals], [skirt, slit, _torso(look.main), edge], [], (look.second, look.second)
    )


def ball_gown(look: Look, _pose: Pose) -> Outfit:
    """A skirt like a bell, wide puffs at the hips, short round sleeves, long gloves."""
    skirt = blob(
        [
            -0.45 + 2.3j,
            0.45 + 2.3j,
            1.9 + 3.2j,
            2.5 + 4.8j,
            2.3 + 5.7j,
            5.95j,
            -2.3 + 5.7j,
            -2.5 + 4.8j,
            -1.9 + 3.2j,
        ],
        look.main,
    )
    folds = [
        stroke([complex(x, 3), complex(2.3 * x, 5.5)], shaded(look.main, 0.82), width=0.07)
        for x in (-0.7, -0.2, 0.25, 0.75)
    ]
    swags = [
        stroke([complex(x - 0.4, 4.6), complex(x, 5), complex(x + 0.4, 4.6)], look.trim, width=0.1)
        for x in (-1.9, -1.1, -0.3, 0.5, 1.3, 2.1)
    ]
    puffs = pair(ellipse(-0.85 + 2.75j, 0.85, 0.5, look.trim, angle=0.35))
    neck = stroke([-0.3 + 1.22j, 1.3j, 0.3 + 1.22j], (40, 36, 44), width=0.12)
    sleeves = pair(ellipse(-0.68 + 1.55j, 0.42, 0.36, look.second))
    return Outfit(
        [],
        [skirt, *folds, *swags, *puffs, _torso(look.main)],
        [*sleeves, neck],
        (look.skin, look.trim),
    )


def laced(look: Look, _pose: Pose) -> Outfit:
    """A bodice laced in front, an apron-like panel, striped upper sleeves."""
    skirt = blob(
        [-0.45 + 2.3j, 0.45 + 2.3j, 1.3 + 3.8j, 1.75 + 5.4j, 5.8j, -1.75 + 5.4j, -1.3 + 3.8j],
        look.main,
    )
    panel = blob([-0.25 + 2.5j, 0.25 + 2.5j, 0.7 + 5.5j, -0.7 + 5.5j], look.trim)
    posies = [
        ellipse(complex(x * (0.5 + 0.25 * y), y), 0.14, 0.14, look.trim)
        for y in (3.4, 4.2, 5)
        for x in (-0.75, 0.75)
    ]
    laces = [
        stroke([complex(-0.22, y), complex(0.22, y + 0.2)], look.trim, width=0.07)
        for y in (1.6, 1.85, 2.1)
    ] + [
        stroke([complex(0.22, y), complex(-0.22, y + 0.2)], look.trim, width=0.07)
        for y in (1.6, 1.85, 2.1)
    ]
    puffs = pair(ellipse(-0.7 + 1.62j, 0.34, 0.42, look.trim))
    stripes = pair(stroke([-0.78 + 1.3j, -0.76 + 1.95j], look.second, width=0.12))
    return Outfit(
        [],
        [skirt, *posies, panel, _torso(look.second), *laces],
        [*puffs, *stripes],
        (look.main, look.main),
    )


def puffed(look: Look, _pose: Pose) -> Outfit:
    """A long plain skirt, a dark bodice, big puffed sleeves and a high stiff collar."""
    collar = blob(
        [-0.2 + 1.5j, -1.25 + 0.65j, -1.1 + 1.4j, 1.8j, 1.1 + 1.4j, 1.25 + 0.65j, 0.2 + 1.5j],
        (248, 246, 240),
    )
    skirt = blob(
        [-0.45 + 2.3j, 0.45 + 2.3j, 1.35 + 3.4j, 1.6 + 5.6j, 5.75j, -1.6 + 5.6j, -1.35 + 3.4j],
        look.main,
    )
    folds = [
        stroke([complex(x, 3), complex(1.9 * x, 5.5)], shaded(look.main, 0.85), width=0.07)
        for x in (-0.5, 0, 0.5)
    ]
    middle = stroke([1.5j, 2.45j], look.trim, width=0.12)
    sleeves = pair(ellipse(-0.78 + 1.62j, 0.48, 0.46, look.second))
    drops = [
        each
        for x in (-0.98, -0.62)
        for each in pair(ellipse(complex(x, 1.65), 0.09, 0.25, look.trim))
    ]
    return Outfit([collar], [skirt, *folds, _torso(look.second), middle], [*sleeves, *drops])


def trousers(look: Look, _pose: Pose) -> Outfit:
    """A shirt and trousers."""
    leg = ribbon([-0.25 + 2.4j, -0.35 + 4j, -0.4 + 5.4j], (0.3, 0.26, 0.2), look.main)
    shoe = ellipse(-0.5 + 5.5j, 0.35, 0.2, look.trim)
    belt = stroke([-0.42 + 2.4j, 0.42 + 2.4j], look.trim, width=0.16)
    return Outfit(
        [], [*pair(leg), *pair(shoe), _torso(look.second), belt], [], (look.second, look.skin)
    )


OUTFITS: dict[str, Callable[[Look, Pose], Outfit]] = {
    outfit.__name__: outfit for outfit in (tail, tunic, sheath, ball_gown, laced, puffed, trousers)
}
"""Every outfit by name."""


def _torso(colour: Colour) -> Shape:
    return blob(
        [
            -0.72 + 1.3j,
            0.72 + 1.3j,
            0.6 + 1.95j,
            0.42 + 2.35j,
            0.5 + 2.65j,
            -0.5 + 2.65j,
            -0.42 + 2.35j,
            -0.6 + 1.95j,
        ],
        colour,
    )
