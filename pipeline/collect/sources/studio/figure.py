"""One figure in one pose: shapes from back to front, middle of the head at 0, its radius is 1."""

import cmath
from collections.abc import Iterable

from pipeline.collect.sources.studio.hair import STYLES, Hair
from pipeline.collect.sources.studio.looks import Look
from pipeline.collect.sources.studio.ornaments import ORNAMENTS
from pipeline.collect.sources.studio.outfits import OUTFITS, Outfit
from pipeline.collect.sources.studio.pose import Pose, arm_path
from pipeline.collect.sources.studio.shapes import (
    Shape,
    blob,
    ellipse,
    mixed,
    placed,
    ribbon,
    shaded,
    stroke,
)

_NECK = 1j
_DARK = (44, 34, 40)
_WHITE = (252, 252, 250)
_HEAD = [
    -0.86 - 0.35j, -0.84 + 0.25j, -0.55 + 0.82j, 1.1j, 0.55 + 0.82j, 0.84 + 0.25j, 0.86 - 0.35j,
    0.5 - 1.05j, -0.5 - 1.05j,
]  # fmt: skip


def figure(look: Look, pose: Pose) -> list[Shape]:
    """Draw a character: all its shapes, those in front last."""
    hair = STYLES[look.hair](look, pose)
    outfit = OUTFITS[look.outfit](look, pose)
    ornament = ORNAMENTS[look.ornament](look)
    body = [*outfit.body, *_arms(look, pose, outfit), *outfit.front]
    if pose.behind:
        return [
            *_bent(body, pose),
            *_tilted([blob(_HEAD, look.hair_colour), *hair.back, *ornament.back], pose),
            *_tilted(_seen_from_behind(hair), pose),
            *_tilted(ornament.top, pose),
        ]
    return [
        *_bent([*ornament.back, *outfit.back], pose),
        *_tilted(hair.back, pose),
        *_bent(body, pose),
        *_tilted([*_head(look, pose), *hair.front, *ornament.top], pose),
        *_bent([*hair.over, *ornament.front], pose),
    ]


def _seen_from_behind(hair: Hair) -> list[Shape]:
    """Buns and crests stand up on both sides of a head; strokes that shine do not."""
    return [shape for shape in hair.front if not shape.width][:1]


def _bent(shapes: Iterable[Shape], pose: Pose) -> list[Shape]:
    return [shape._replace(points=[pose.body(p) for p in shape.points]) for shape in shapes]


def _tilted(shapes: Iterable[Shape], pose: Pose) -> list[Shape]:
    turn = cmath.rect(1, pose.tilt)
    return placed(shapes, turn=turn, to=_NECK - turn * _NECK)


def _arms(look: Look, pose: Pose, outfit: Outfit) -> list[Shape]:
    upper, lower = outfit.sleeve or (look.skin, look.skin)
    shapes = [ribbon([0.9j, 1.5j], (0.24, 0.3), shaded(look.skin, 0.93))]
    for side, angles in zip((-1, 1), pose.arms, strict=True):
        shoulder, elbow, hand = arm_path(side, angles)
        shapes += [
            ellipse(hand + 0.1 * (hand - elbow), 0.18, 0.18, look.skin),
            ribbon([elbow, hand], (0.17, 0.15), lower),
            ribbon([shoulder, (shoulder + elbow) / 2, elbow], (0.2, 0.2, 0.17), upper),
        ]
    return shapes


def _head(look: Look, pose: Pose) -> list[Shape]:
    ahead = 0.24 * pose.turn
    cheeks = [
        ellipse(complex(x + ahead, 0.48), 0.17, 0.1, mixed(look.skin, (240, 110, 110), 0.3))
        for x in (-0.48, 0.48)
    ]
    nose = stroke(
        [complex(1.3 * ahead, 0.2), complex(1.3 * ahead + 0.08 * pose.turn, 0.4)],
        shaded(look.skin, 0.8),
        width=0.07,
    )
    face = [*cheeks, nose, *_eyes(look, pose, ahead), *_mouth(pose, ahead)]
    return [blob(_HEAD, look.skin), *(part._replace(lined=False) for part in face)]


def _eyes(look: Look, pose: Pose, ahead: float) -> list[Shape]:
    shapes = []
    size = 0.2 * pose.eyes
    for side in (-1, 1):
        at = complex(ahead + 0.37 * side, 0.08)
        brow = at - 0.38j
        shapes.append(stroke([brow - 0.18, brow - 0.07j, brow + 0.18], _DARK, width=0.06))
        if pose.asleep:
            shapes.append(stroke([at - size, at + 0.1j, at + size], _DARK, width=0.08))
            continue
        look_to = at + 0.06 * pose.turn
        shapes += [
            ellipse(at, size, 1.25 * size, _WHITE),
            ellipse(look_to, 0.72 * size, 0.95 * size, look.eyes),
            ellipse(look_to, 0.36 * size, 0.5 * size, _DARK),
            ellipse(look_to - complex(0.25, 0.4) * size, 0.2 * size, 0.22 * size, _WHITE),
            stroke(
                [at + size * z for z in (-1.25 - 0.5j, -0.6 - 1.2j, 0.6 - 1.2j, 1.25 - 0.5j)],
                _DARK,
                width=0.09,
            ),
        ]
    return shapes


def _mouth(pose: Pose, ahead: float) -> list[Shape]:
    at = complex(1.1 * ahead, 0.66)
    red = (190, 60, 70)
    if pose.mood == "open":
        return [
            blob([at - 0.24 - 0.06j, at + 0.24 - 0.06j, at + 0.12 + 0.2j, at - 0.12 + 0.2j], red)
        ]
    if pose.mood == "small":
        return [ellipse(at, 0.11, 0.09, red)]
    curve = 0.12j if pose.mood == "smile" else -0.1j
    return [stroke([at - 0.24, at + curve, at + 0.24], red, width=0.09)]
