"""How a figure stands: everything of one drawing that is not its look."""

import math
from dataclasses import dataclass
from random import Random

WAIST = 2.4  # y, in head radii below the middle of the head
_FLOOR = 5.7  # of an average figure that stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """One pose. Lengths are in head radii, angles in radians, y points down."""

    turn: float  # of the face, -1 (left) to 1 (right)
    tilt: float  # of the head
    lean: float  # of the whole figure
    tall: float  # length of the body, 1 is average; small is a child-like drawing
    spread: float  # width of everything below the waist, 1 is average
    drop: float  # length of everything below the waist; small is sitting
    sway: float  # how far hair and tail swing aside, -1 to 1
    arms: tuple[tuple[float, float], tuple[float, float]]  # shoulder and elbow, left and right
    eyes: float  # size of the eyes, 1 is average
    mood: str  # smile, open, small, sad
    asleep: bool  # eyes closed
    behind: bool  # seen from behind: no face

    def body(self, point: complex) -> complex:
        """Bend a point of the standard body (average, standing) into this pose."""
        x, y = point.real, point.imag
        if y > WAIST:
            x, y = x * self.spread, WAIST + (y - WAIST) * self.drop
        return complex(x, 1.2 + (y - 1.2) * self.tall)

    @property
    def floor(self) -> float:
        """Where the figure ends, y."""
        return self.body(complex(0, _FLOOR)).imag


# Shoulder angle from hanging down (0) outwards, then the elbow's bend.
_ARMS = ((0.25, 0.1), (0.6, -1.6), (2.4, 0.5), (1.5, 0.2), (0.5, -2.2), (1.1, 1.2), (0.9, 0.3))


def draw_pose(rng: Random) -> Pose:
    """Draw a pose as varied as fan art is."""
    sits = rng.random() < 0.15
    lies = rng.random() < 0.04
    return Pose(
        turn=rng.uniform(-1, 1),
        tilt=rng.gauss(0, 0.1),
        lean=rng.choice((-1, 1)) * rng.uniform(0.9, 1.5) if lies else rng.gauss(0, 0.1),
        tall=rng.uniform(0.5, 0.85),
        spread=rng.uniform(1.2, 1.45) if sits else rng.uniform(0.8, 1.15),
        drop=rng.uniform(0.5, 0.65) if sits else rng.uniform(0.9, 1.1),
        sway=rng.uniform(-1, 1),
        arms=(_arm(rng), _arm(rng)),
        eyes=rng.uniform(0.75, 1.35),
        mood=rng.choice(("smile", "open", "small", "sad")),
        asleep=rng.random() < 0.1,
        behind=rng.random() < 0.03,
    )


def _arm(rng: Random) -> tuple[float, float]:
    shoulder, elbow = rng.choice(_ARMS)
    return shoulder + rng.gauss(0, 0.15), elbow + rng.gauss(0, 0.2)


def arm_path(side: int, angles: tuple[float, float]) -> list[complex]:
    """Shoulder, elbow and hand of one arm; `side` is -1 (left) or 1 (right)."""
    shoulder, elbow = angles
    at = complex(side * 0.58, 1.55)
    middle = at + 0.8 * complex(side * math.sin(shoulder), math.cos(shoulder))
    bend = shoulder + elbow
    return [at, middle, middle + 0.8 * complex(side * math.sin(bend), math.cos(bend))]
