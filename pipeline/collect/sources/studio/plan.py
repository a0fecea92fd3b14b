"""What each address holds: a picture, a copy, the wrong character or nothing that lives.

`studio://pictures/<slug>/<number>.<ext>`: everything follows from slug and number alone.
Number 1 is always a picture, so that every later copy finds an original.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from pipeline.collect.sources.studio.dice import dice, pick
from pipeline.collect.sources.studio.looks import CAST

PREFIX = "studio://"
_ADDRESS = re.compile(
    rf"^{PREFIX}pictures/([a-z0-9][a-z0-9_-]{{0,63}})/([1-9][0-9]{{0,6}})\.[a-z]+$"
)


class Kind(StrEnum):
    """What a candidate turns out to be."""

    PICTURE = "picture"  # of the character it is listed under
    COPY = "copy"  # of another address, exact or edited
    WRONG = "wrong"  # a fresh picture of somebody or something else
    DEAD = "dead"  # nothing that can be kept


KINDS = {Kind.PICTURE: 0.77, Kind.COPY: 0.10, Kind.WRONG: 0.05, Kind.DEAD: 0.08}
"""Shares of all candidates."""

FOREIGN_COPIES = 0.2
"""Share of the copies whose original is listed under another member of the cast."""

EDITS = {
    "exact": 0.18, "reencoded": 0.16, "resized": 0.16, "cropped": 0.14, "flipped": 0.12,
    "bordered": 0.10, "watermarked": 0.09, "grey": 0.05,
}  # fmt: skip
"""How copies differ from their originals; `copies` makes them."""

DEATHS = {
    "missing": 0.30, "cut": 0.14, "broken off": 0.14, "html": 0.18, "pixel": 0.12, "huge": 0.12,
}  # fmt: skip
"""How candidates are dead; `dead` makes them."""

_EXTENSIONS = {"jpg": 0.70, "jpeg": 0.06, "png": 0.14, "webp": 0.07, "gif": 0.03}
_DEAD_EXTENSIONS = {"cut": "jpg", "broken off": "jpg", "html": "jpg", "huge": "png"}
_FOREIGN_NUMBERS = 150  # originals elsewhere come early in their lists: they are collected too
_NOBODY = 0.3  # share of the wrong pictures without any of the cast


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one address holds."""

    slug: str  # the character it is listed under
    number: int  # from 1
    kind: Kind
    subject: str = ""  # who is drawn; "" for things and for copies
    original: "Plan | None" = None  # of a copy
    edit: str = ""  # of a copy: one of EDITS
    death: str = ""  # of a dead one: one of DEATHS

    @property
    def extension(self) -> str:
        """The end of the file's name, which says little about its content."""
        if self.death in _DEAD_EXTENSIONS:
            return _DEAD_EXTENSIONS[self.death]
        return pick(dice(self.slug, self.number, "name"), _EXTENSIONS)

    @property
    def url(self) -> str:
        """The address of the file."""
        return f"{PREFIX}pictures/{self.slug}/{self.number}.{self.extension}"

    @property
    def page_url(self) -> str:
        """The address of the page that shows the picture."""
        return f"{PREFIX}pages/{self.slug}/{self.number}"


def plan_of(slug: str, number: int) -> Plan:
    """Plan the picture of one character with one number, from 1."""
    rng = dice(slug, number, "plan")
    match kind_of(slug, number):
        case Kind.COPY:
            original = plan_of(*_original(slug, number))
            return Plan(
                slug=slug, number=number, kind=Kind.COPY, original=original, edit=pick(rng, EDITS)
            )
        case Kind.DEAD:
            return Plan(
                slug=slug, number=number, kind=Kind.DEAD, subject=slug, death=pick(rng, DEATHS)
            )
        case Kind.WRONG:
            return Plan(
                slug=slug, number=number, kind=Kind.WRONG, subject=_somebody_else(slug, number)
            )
        case _:
            return Plan(slug=slug, number=number, kind=Kind.PICTURE, subject=slug)


def kind_of(slug: str, number: int) -> Kind:
    """Say what kind of candidate a number is."""
    if number == 1:
        return Kind.PICTURE
    return Kind(pick(dice(slug, number, "kind"), KINDS))


def plan_at(url: str) -> Plan | None:
    """Find the plan of an address, None if there is no such address."""
    match = _ADDRESS.match(url)
    if match is None:
        return None
    plan = plan_of(match[1], int(match[2]))
    return plan if plan.url == url else None


def others(slug: str) -> list[str]:
    """Name the members of the cast but one: extra, wrong and foreign characters."""
    return [member for member in CAST if member != slug]


def _original(slug: str, number: int) -> tuple[str, int]:
    rng = dice(slug, number, "original")
    below = number
    if rng.random() < FOREIGN_COPIES:
        slug, below = rng.choice(others(slug)), _FOREIGN_NUMBERS
    while True:  # ends: number 1 is a picture
        candidate = rng.randrange(1, below)
        if kind_of(slug, candidate) is Kind.PICTURE:
            return slug, candidate


def _somebody_else(slug: str, number: int) -> str:
    rng = dice(slug, number, "wrong")
    if rng.random() < _NOBODY:
        return rng.choice(("", f"stranger_{rng.randrange(1000)}"))
    return rng.choice(others(slug))
