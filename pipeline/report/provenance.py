"""Where the pictures came from, and what may be done with them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import DataError
from pipeline.records import UNKNOWN, ImageRecord, SplitRow

_DRAWN = "studio"  # the embedded source, whose pictures are ours
_SHOWN = 12  # licences named one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Sources and licences of the kept pictures."""

    by_licence: tuple[tuple[str, str, int], ...]  # source, licence, pictures; the most first
    num_others: int  # pictures under licences beyond the ones named
    num_unknown: int  # pictures whose licence nobody knows
    is_all_drawn: bool  # by this project's own code


def record_of(sha256: str, records: Mapping[str, ImageRecord]) -> ImageRecord:
    """Find where a picture came from.

    Raises:
        DataError: no manifest knows it.
    """
    if sha256 not in records:
        raise DataError(f"{sha256}: in split.csv, but in no manifest; run dvc repro")
    return records[sha256]


def rights_of(rows: Sequence[SplitRow], records: Mapping[str, ImageRecord]) -> Rights:
    """Count the kept pictures by source and licence."""
    kept = [record_of(row.sha256, records) for row in rows]
    counts = Counter((each.source, each.licence) for each in kept)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return Rights(
        by_licence=tuple((*key, number) for key, number in ordered[:_SHOWN]),
        num_others=sum(number for _, number in ordered[_SHOWN:]),
        num_unknown=sum(each.licence == UNKNOWN for each in kept),
        is_all_drawn=all(each.source == _DRAWN for each in kept),
    )
