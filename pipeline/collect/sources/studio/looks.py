"""Who looks how: six looks made by hand, any other from a hash of its slug.

Looks share colours on purpose (red and green, blond and blue, yellow and purple):
who knows only the colours cannot tell the characters apart; hair, dress and ornaments can.
"""

import colorsys
from dataclasses import dataclass, replace
from random import Random

from pipeline.collect.sources.studio.dice import dice, pick
from pipeline.collect.sources.studio.shapes import Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What makes a character recognisable, and the colours of one picture of it."""

    hair: str  # a name of hair.STYLES
    outfit: str  # a name of outfits.OUTFITS
    ornament: str  # a name of ornaments.ORNAMENTS
    home: str  # the scene it is often seen in, a name of backdrops.BACKDROPS
    hair_colour: Colour
    skin: Colour
    eyes: Colour
    main: Colour  # the largest part of the outfit: skirt or tail
    second: Colour  # bodice, cape or shells
    trim: Colour  # belts, hems, bows


_LIGHT = (250, 219, 196)

CAST = {
    "ariel": Look(
        hair="flowing", outfit="tail", ornament="flower", home="sea",
        hair_colour=(203, 44, 38), skin=_LIGHT, eyes=(52, 110, 190),
        main=(52, 158, 112), second=(134, 82, 160), trim=(122, 206, 168),
    ),
    "merida": Look(
        hair="curls", outfit="tunic", ornament="quiver", home="forest",
        hair_colour=(206, 64, 34), skin=_LIGHT, eyes=(62, 132, 178),
        main=(34, 112, 96), second=(30, 84, 88), trim=(204, 170, 92),
    ),
    "elsa": Look(
        hair="braid", outfit="sheath", ornament="tiara", home="snow",
        hair_colour=(240, 219, 158), skin=_LIGHT, eyes=(70, 140, 205),
        main=(136, 192, 226), second=(186, 222, 242), trim=(236, 244, 250),
    ),
    "cinderella": Look(
        hair="bun", outfit="ball_gown", ornament="headband", home="castle",
        hair_colour=(240, 212, 138), skin=_LIGHT, eyes=(70, 130, 200),
        main=(150, 192, 232), second=(182, 212, 240), trim=(240, 244, 250),
    ),
    "rapunzel": Look(
        hair="endless", outfit="laced", ornament="garland", home="castle",
        hair_colour=(240, 205, 112), skin=_LIGHT, eyes=(80, 150, 80),
        main=(156, 104, 178), second=(112, 64, 140), trim=(240, 170, 190),
    ),
    "snow_white": Look(
        hair="bob", outfit="puffed", ornament="bow", home="forest",
        hair_colour=(44, 34, 46), skin=(252, 230, 214), eyes=(96, 70, 50),
        main=(240, 206, 92), second=(74, 72, 158), trim=(206, 48, 52),
    ),
}  # fmt: skip
"""The built-in cast: it also plays the wrong and the extra characters of any search."""

_HAIR = ("flowing", "curls", "braid", "bun", "endless", "bob", "pigtails", "ponytail", "cap")
_OUTFITS = ("tail", "tunic", "sheath", "ball_gown", "laced", "puffed", "trousers")
_ORNAMENTS = ("flower", "quiver", "tiara", "headband", "garland", "bow", "crown", "nothing")
_HOMES = ("sea", "forest", "snow", "castle", "room", "night")
_SKINS = (_LIGHT, (236, 192, 158), (196, 144, 106), (140, 94, 66), (98, 64, 48))
_NATURAL_HAIR = (*(look.hair_colour for look in CAST.values()), (112, 70, 42), (150, 98, 56))
_CLOTH = tuple(
    colour for look in CAST.values() for colour in (look.main, look.second, look.trim)
)  # the one pool of colours everybody dresses from
_EYES = tuple(look.eyes for look in CAST.values())
_PLASTIC = (
    (226, 50, 44), (244, 196, 48), (58, 116, 206), (40, 170, 84), (250, 196, 160),
    (150, 90, 180), (238, 238, 232), (36, 36, 40), (120, 200, 244),
)  # fmt: skip
_STATUE = ((196, 168, 96), (176, 178, 184), (150, 104, 66), (236, 226, 206), (120, 140, 120))

COLOURINGS = {"own": 0.5, "other dress": 0.44, "recoloured": 0.02, "toy": 0.03, "statue": 0.01}
"""How often a picture shows a character in its own colours, or in which others."""


def look_of(slug: str) -> Look:
    """Return the look of any character: by hand for the cast, else from a hash of the slug."""
    if slug in CAST:
        return CAST[slug]
    rng = dice("look", slug)
    main, second, trim = rng.sample(_CLOTH, 3)
    return Look(
        hair=rng.choice(_HAIR),
        outfit=rng.choice(_OUTFITS),
        ornament=rng.choice(_ORNAMENTS),
        home=rng.choice(_HOMES),
        hair_colour=rng.choice(_NATURAL_HAIR),
        skin=rng.choice(_SKINS),
        eyes=rng.choice(_EYES),
        main=main,
        second=second,
        trim=trim,
    )


def coloured(look: Look, rng: Random) -> tuple[str, Look]:
    """Draw the colours of one picture: the name of the colouring, and the look in it."""
    name = pick(rng, COLOURINGS)
    if name == "toy":
        return name, _in_plastic(look)
    if name == "statue":
        one = rng.choice(_STATUE)
        return name, replace(
            look, hair_colour=one, skin=one, main=one, second=one, trim=one, eyes=one
        )
    if name != "own":
        main, second, trim = rng.sample(_CLOTH, 3)
        look = replace(look, main=main, second=second, trim=trim)
    if name == "recoloured":
        look = replace(look, hair_colour=rng.choice(_NATURAL_HAIR))
    return name, _jittered(look, rng)


def _in_plastic(look: Look) -> Look:
    """Toys are cast in few plain colours: each part in the one that comes nearest."""
    return replace(
        look,
        hair_colour=_nearest(look.hair_colour),
        skin=_nearest(look.skin),
        main=_nearest(look.main),
        second=_nearest(look.second),
        trim=_nearest(look.trim),
        eyes=_nearest((0, 0, 0)),
    )


def _nearest(colour: Colour) -> Colour:
    return min(
        _PLASTIC, key=lambda each: sum((a - b) ** 2 for a, b in zip(each, colour, strict=True))
    )


def _jittered(look: Look, rng: Random) -> Look:
    """Every artist mixes paints a little differently."""
    return replace(
        look,
        hair_colour=_near(look.hair_colour, rng),
        skin=_near(look.skin, rng, hue=0.015),
        main=_near(look.main, rng),
        second=_near(look.second, rng),
        trim=_near(look.trim, rng),
    )


def _near(colour: Colour, rng: Random, *, hue: float = 0.025) -> Colour:
    h, s, v = colorsys.rgb_to_hsv(*(channel / 255 for channel in colour))
    shifted = colorsys.hsv_to_rgb(
        (h + rng.uniform(-hue, hue)) % 1.0,
        min(1.0, s * rng.uniform(0.85, 1.15)),
        min(1.0, v * rng.uniform(0.88, 1.1)),
    )
    red, green, blue = (round(255 * channel) for channel in shifted)
    return red, green, blue
