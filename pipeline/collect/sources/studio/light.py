"""Light: how bright, how strong and how tinted a picture came out, as one table per channel."""

from collections.abc import Callable
from random import Random

from PIL import Image

from pipeline.collect.sources.studio.dice import pick

Curve = Callable[[float, int], float]  # value in [0, 1] of channel 0, 1, 2 -> value

MOODS = {
    "plain": 0.64,
    "exposed": 0.18,
    "tinted": 0.07,
    "faded": 0.06,
    "night": 0.03,
    "sepia": 0.02,
}
"""How often a picture is lit how."""


def lit(image: Image.Image, rng: Random) -> Image.Image:
    """Change the light of an RGB picture."""
    mood = pick(rng, MOODS)
    if mood == "plain":
        return image
    if mood == "sepia":
        grey = image.convert("L").convert("RGB")
        return _apply(grey, lambda value, channel: value * (1.0, 0.87, 0.68)[channel])
    return _apply(image, _CURVES[mood](rng))


def _exposed(rng: Random) -> Curve:
    gain, contrast = rng.uniform(0.8, 1.2), rng.uniform(0.8, 1.2)
    return lambda value, _: (value - 0.5) * contrast + 0.5 * gain


def _tinted(rng: Random) -> Curve:
    gains = [rng.uniform(0.8, 1.1) for _ in range(3)]
    return lambda value, channel: value * gains[channel]


def _faded(rng: Random) -> Curve:
    lift, strength = rng.uniform(0.15, 0.4), rng.uniform(0.4, 0.65)
    return lambda value, _: lift + value * strength


def _night(rng: Random) -> Curve:
    gains = (rng.uniform(0.3, 0.45), rng.uniform(0.35, 0.5), rng.uniform(0.55, 0.8))
    return lambda value, channel: value * gains[channel]


_CURVES: dict[str, Callable[[Random], Curve]] = {
    "exposed": _exposed,
    "tinted": _tinted,
    "faded": _faded,
    "night": _night,
}


def _apply(image: Image.Image, curve: Curve) -> Image.Image:
    table = [
        min(255, max(0, round(255 * curve(value / 255, channel))))
        for channel in range(3)
        for value in range(256)
    ]
    return image.point(table)
