"""Where the kept images came from, who made them, and what may be done with them."""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from pipeline.records import UNKNOWN, ImageRecord

DRAWN = "studio"  # the embedded source, whose pictures are ours
KeyT = TypeVar("KeyT", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Sources, licences and authors of images, counted; the most frequent first."""

    by_licence: tuple[tuple[tuple[str, str], int], ...]  # source and licence, images
    by_author: tuple[tuple[str, int], ...]  # of those that are named
    licences: tuple[str, ...]  # addresses of licences, else their names, sorted
    num_unknown: int  # images whose licence nobody knows
    num_unnamed: int  # images of nobody known
    is_all_drawn: bool  # by this project's own code


def rights_of(records: Iterable[ImageRecord]) -> Rights:
    """Count images by source and licence, and by author."""
    records = list(records)
    return Rights(
        by_licence=_counted((row.source, row.licence) for row in records),
        by_author=_counted(row.author for row in records if row.author),
        licences=tuple(sorted({row.licence_url or row.licence for row in records})),
        num_unknown=sum(row.licence == UNKNOWN for row in records),
        num_unnamed=sum(not row.author for row in records),
        is_all_drawn=all(row.source == DRAWN for row in records),
    )


def _counted(keys: Iterable[KeyT]) -> tuple[tuple[KeyT, int], ...]:
    return tuple(sorted(Counter(keys).items(), key=lambda item: (-item[1], item[0])))
