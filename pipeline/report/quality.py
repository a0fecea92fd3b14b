"""Poor pictures on the page: how many have which flag, character by character, and some of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.catalog.catalog import Catalog
from pipeline.paths import Project
from pipeline.records import Flag, QualityRow
from pipeline.report.sheets import Sheet, make_sheet, make_tile

_SHOWN = 6  # pictures of one flag


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What the page says about flags."""

    flags: tuple[str, ...]  # those that occur
    counts: dict[str, dict[str, int]]  # character -> "in hand" and each flag -> pictures
    num_flagged: int  # pictures with one flag at least
    num_pictures: int
    sheets: tuple[Sheet, ...]  # named by their flag


def read_quality(catalog: Catalog) -> Quality | None:
    """Read what stage deduplicate measured; None if it measured nothing.

    Raises:
        DataError: quality.csv breaks its contract.
    """
    project = catalog.project
    if not project.quality.is_file():
        return None
    rows = sorted(catalog.quality, key=lambda row: (row.sha256, row.file))
    by_flag: dict[str, list[QualityRow]] = defaultdict(list)
    for row in rows:
        for flag in _flags(row):
            by_flag[flag].append(row)
    flags = tuple(flag.value for flag in Flag if flag.value in by_flag)
    return Quality(
        flags=flags,
        counts=_counts(rows, flags),
        num_flagged=sum(bool(_flags(row)) for row in rows),
        num_pictures=len(rows),
        sheets=tuple(sheet for flag in flags if (sheet := _sheet(project, flag, by_flag)).tiles),
    )


def _flags(row: QualityRow) -> list[str]:
    return row.flags.split(";") if row.flags else []


def _counts(rows: Sequence[QualityRow], flags: Sequence[str]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for row in sorted(rows, key=lambda row: row.character):
        own = counts.setdefault(row.character, dict.fromkeys(("in hand", *flags), 0))
        for column in ("in hand", *_flags(row)):
            own[column] += 1
    return counts


def _sheet(project: Project, flag: str, by_flag: dict[str, list[QualityRow]]) -> Sheet:
    """Show the first by sha256, which is as if drawn."""
    rows = by_flag[flag]
    tiles = [make_tile(project, row, "") for row in rows[:_SHOWN]]
    return make_sheet(flag, tiles, num_more=max(0, len(rows) - _SHOWN))
