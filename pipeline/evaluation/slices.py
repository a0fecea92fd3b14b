"""Is it as good everywhere? Accuracy by source, member, size and number of copies."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.catalog.catalog import CatalogImage
from pipeline.errors import DataError
from pipeline.evaluation.predictions import Predictions
from pipeline.evaluation.proportions import proportion_interval

SLICES = "slices.csv"
_SIDES_PX = (200, 400, 800)  # buckets of the shorter side begin at 0 and at these
_COPIES = (2, 3, 5)  # buckets of a group's size begin at 1 and at these
_DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Test pictures that have something in common: a row of slices.csv."""

    slice: str  # "source", "member", "side" (the shorter one, in px) or "copies" (group size)
    value: str  # such as "studio", "m2", "200-399", "2"
    num: int  # test pictures
    num_groups: int
    accuracy: float  # in [0, 1]
    low: float  # 95 % interval, by duplicate group
    high: float


def slice_scores(
    test: Predictions, groups: Sequence[str], images: Mapping[str, CatalogImage]
) -> list[Slice]:
    """Score each slice of the test pictures, in the order of its kind and value.

    Args:
        test: of the test pictures.
        groups: the duplicate group of each.
        images: what is known of at least these, by sha256.
    """
    is_right_N = test.predicted == test.labels
    rows = []
    for name, places_of in _places(test, images).items():
        for value in sorted(places_of, key=_natural):
            places = places_of[value]
            own = [groups[place] for place in places]
            low, high = proportion_interval(is_right_N[places], own)
            rows.append(
                Slice(
                    slice=name,
                    value=value,
                    num=len(places),
                    num_groups=len(set(own)),
                    accuracy=round(float(is_right_N[places].mean()), _DECIMALS),
                    low=round(low, _DECIMALS),
                    high=round(high, _DECIMALS),
                )
            )
    return rows


def _places(
    test: Predictions, images: Mapping[str, CatalogImage]
) -> dict[str, dict[str, list[int]]]:
    """Find the pictures of each slice: kind -> value -> places."""
    found: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, sha256 in enumerate(test.sha256s):
        if sha256 not in images:
            raise DataError(f"{sha256}: in predictions.csv, but not kept in groups.csv")
        for name, value in _facts(images[sha256]):
            found[name][value].append(place)
    return found


def _facts(image: CatalogImage) -> Iterator[tuple[str, str]]:
    record = image.record
    yield "source", record.source
    yield "member", record.member
    yield "side", _bucket(min(record.width_px, record.height_px), _SIDES_PX, least=0)
    yield "copies", _bucket(image.copies, _COPIES, least=1)


def _bucket(number: int, starts: Sequence[int], *, least: int) -> str:
    """Name the range a number is in.

    >>> [_bucket(number, (2, 3, 5), least=1) for number in (1, 2, 4, 9)]
    ['1', '2', '3-4', '5 or more']
    """
    edges = (least, *starts)
    place = int(np.searchsorted(edges, number, side="right")) - 1
    if place == len(starts):
        return f"{edges[place]} or more"
    first, last = edges[place], edges[place + 1] - 1
    return str(first) if first == last else f"{first}-{last}"


def _natural(value: str) -> tuple[int, str]:
    """Sort ranges by their number and names by themselves."""
    start = value.split("-", maxsplit=1)[0].split(" ", maxsplit=1)[0]
    return (int(start) if start.isdecimal() else 0, value)
