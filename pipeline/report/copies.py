"""Copies that were found: contact sheets of groups, near pairs, label conflicts, and counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.catalog.catalog import Catalog
from pipeline.dedup.listing import Listed, Member, list_groups
from pipeline.paths import Project
from pipeline.records import Band, ConflictRow, GroupReason, GroupRow, PairRow
from pipeline.report.sheets import Sheet, make_sheet, make_tile

_BITS = range(0, 11, 2)  # thresholds of a 64-bit hash that people choose from
_GROUPS, _MEMBERS, _NEAR, _CONFLICTS = 8, 6, 6, 6  # sheets, and pictures of one; some 300 kB


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a hash alone would have found at one threshold."""

    bits: int  # at most so many of 64 differ
    duplicates: int  # pairs that were verified as copies
    near: int  # pairs that are near, no copies: a mistake for who acts on the hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """What the page says about copies."""

    counts: dict[str, dict[str, int]]  # character -> step -> pictures
    num_groups: int
    num_near: int
    num_conflicts: int
    sweep: tuple[Reach, ...]  # thresholds of the hash, from the strictest
    num_beyond: int  # verified copies that the hash does not reach at any of them
    groups: tuple[Sheet, ...]  # the largest
    near: tuple[Sheet, ...]
    conflicts: tuple[Sheet, ...]


def read_copies(catalog: Catalog) -> Copies:
    """Read what stage deduplicate found; pictures that are not on this machine are left out.

    Raises:
        DataError: a file breaks its contract.
    """
    project, pairs = catalog.project, catalog.pairs
    rows, conflicts = catalog.groups, catalog.conflicts
    listed = list_groups(rows, pairs)
    groups = [each for each in listed if each.band == Band.DUPLICATE]
    near = [each for each in listed if each.band == Band.NEAR]
    groups.sort(key=lambda each: (-len(each.members), each.name))
    return Copies(
        counts=_counts(rows),
        num_groups=len(groups),
        num_near=len(near),
        num_conflicts=len(conflicts),
        sweep=tuple(_reach(pairs, bits) for bits in _BITS) if pairs else (),
        num_beyond=sum(_is_beyond(each) for each in pairs),
        groups=_sheets(project, groups[:_GROUPS]),
        near=_sheets(project, near[:_NEAR]),
        conflicts=_conflict_sheets(project, rows, conflicts[:_CONFLICTS]),
    )


def _reach(pairs: Sequence[PairRow], bits: int) -> Reach:
    found = [each.band for each in pairs if (each.distance_bits or 0) <= bits and not _is_far(each)]
    return Reach(
        bits=bits, duplicates=found.count(Band.DUPLICATE.value), near=found.count(Band.NEAR.value)
    )


def _is_beyond(pair: PairRow) -> bool:
    """Tell whether local features alone show two copies."""
    return pair.band == Band.DUPLICATE and _is_far(pair)


def _is_far(pair: PairRow) -> bool:
    return pair.distance_bits is None


def _steps(rows: Sequence[GroupRow]) -> tuple[str, ...]:
    """Name why pictures stay or go, of the closed list those that occur, in its order."""
    found = {row.reason for row in rows if not row.keep}
    return tuple(reason.value for reason in GroupReason if reason.value in found)


def _counts(rows: Sequence[GroupRow]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    steps = _steps(rows)
    for row in rows:
        own = counts.setdefault(row.character, dict.fromkeys(("in hand", *steps, "kept"), 0))
        own["in hand"] += 1
        own["kept" if row.keep else row.reason] += 1
    return counts


def _sheets(project: Project, listed: Iterable[Listed]) -> tuple[Sheet, ...]:
    sheets = []
    for each in listed:
        shown = each.members[:_MEMBERS]
        tiles = [make_tile(project, one.row, _words(one)) for one in shown]
        sheets.append(make_sheet(each.name, tiles, num_more=len(each.members) - len(shown)))
    return tuple(sheet for sheet in sheets if sheet.tiles)


def _words(member: Member) -> str:
    return ": ".join(filter(None, (member.row.reason, member.evidence)))


def _conflict_sheets(
    project: Project, rows: Sequence[GroupRow], conflicts: Iterable[ConflictRow]
) -> tuple[Sheet, ...]:
    row_of = {(row.sha256, row.character): row for row in rows}
    sheets = []
    for each in conflicts:
        keys = ((each.sha256, each.character), (each.other_sha256, each.other_character))
        tiles = [
            make_tile(project, row_of[key], row_of[key].reason) for key in keys if key in row_of
        ]
        sheets.append(make_sheet(each.sha256[:16], tiles, num_more=0))
    return tuple(sheet for sheet in sheets if sheet.tiles)
