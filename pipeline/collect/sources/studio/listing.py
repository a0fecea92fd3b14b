"""The studio's search: a ranked list of candidates, with what a gallery says about each."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

from pipeline.collect.sources.studio.dice import dice, pick
from pipeline.collect.sources.studio.picture import size_of
from pipeline.collect.sources.studio.plan import Plan, plan_of
from pipeline.params import Search, StudioParams
from pipeline.records import UNKNOWN, Candidate

MAX_CANDIDATES = 2000  # as a search engine's list ends, too

_LICENCES = {"CC BY 4.0": 0.35, "CC BY-SA 4.0": 0.25, "CC0": 0.2, UNKNOWN: 0.2}
_LICENCE_URLS = {
    "CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC BY-SA 4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC0": "https://creativecommons.org/publicdomain/zero/1.0/",
    UNKNOWN: "",
}
_TITLES = (
    "{}",
    "{} fan art",
    "{}, {n}",
    '"{}" wallpaper',
    "how to draw {}",
    "IMG_{n:04}",
    "{} toy",
)
_ARTISTS = 60
_WITHOUT_PAGE = 0.04
_SIZES = {"true": 0.8, "unsaid": 0.15, "wrong": 0.05}


def candidates(
    character: str,
    search: Search,
    source: StudioParams,
    *,
    client: object,
    root: Path,
) -> Iterator[Candidate]:
    """Offer pictures of any character, best first, without drawing one.

    Args:
        character: slug.
        search: its name and queries become titles; nothing else depends on it.
        source: unused, like `client` and `root`: all sources are asked alike.
        client: unused.
        root: unused.
    """
    del source, client, root
    for number in range(1, MAX_CANDIDATES + 1):
        yield _candidate(plan_of(character, number), search)


def _candidate(plan: Plan, search: Search) -> Candidate:
    rng = dice(plan.slug, plan.number, "listing")
    licence = pick(rng, _LICENCES)
    width_px, height_px = _claimed_size(plan, rng)
    name = rng.choice((search.name, *search.queries))
    return Candidate(
        character=plan.slug,
        source="studio",
        image_url=plan.url,
        page_url="" if rng.random() < _WITHOUT_PAGE else plan.page_url,
        title=rng.choice(_TITLES).format(name, n=plan.number),
        author=f"studio artist {rng.randint(1, _ARTISTS)}",
        licence=licence,
        licence_url=_LICENCE_URLS[licence],
        width_px=width_px,
        height_px=height_px,
        rank=plan.number,
    )


def _claimed_size(plan: Plan, rng: Random) -> tuple[int, int] | tuple[None, None]:
    """Say what a gallery says: the size, nothing, or something else; a copy its original's."""
    width, height = size_of(plan.original or plan)
    match pick(rng, _SIZES):
        case "unsaid":
            return None, None
        case "wrong":
            return 2 * width, 2 * height
        case _:
            return width, height
