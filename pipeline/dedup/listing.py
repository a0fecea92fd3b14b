"""What was found to be alike, for people: groups with their keeper first, and near pairs."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader

from pipeline.files import write_text
from pipeline.paths import Project
from pipeline.records import Band, GroupRow, PairRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One image of a group."""

    row: GroupRow
    evidence: str  # what makes it a copy of the keeper, in words; "" for the keeper itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Images that are shown side by side."""

    band: Band
    name: str  # the group's, or both of a near pair
    members: tuple[Member, ...]  # the best first


def list_groups(rows: Iterable[GroupRow], pairs: Iterable[PairRow]) -> list[Listed]:
    """Bring groups.csv and pairs.csv together.

    Returns:
        Groups of two images at least, then near pairs of images that are both kept.
    """
    rows, pairs = sorted(rows, key=lambda row: (row.sha256, row.character)), list(pairs)
    found = {(pair.sha256, pair.other_sha256): pair for pair in pairs}
    groups: dict[str, list[GroupRow]] = defaultdict(list)
    for row in rows:
        groups[row.group].append(row)
    listed = [
        _group(name, members, found) for name, members in sorted(groups.items()) if members[1:]
    ]
    kept = {row.sha256: row for row in rows if row.keep}
    listed += [
        _near(pair, kept)
        for pair in pairs
        if pair.band == Band.NEAR and {pair.sha256, pair.other_sha256} <= kept.keys()
    ]
    return listed


def write_sheet(path: Path, groups: Sequence[Listed], *, project: Project) -> None:
    """Write the page; it shows the pictures where they lie, and copies none."""

    def address(file: str) -> str:
        relative = os.path.relpath(project.root / file, path.resolve().parent)
        return quote(Path(relative).as_posix())

    environment = Environment(
        loader=PackageLoader("pipeline.dedup"), autoescape=True, trim_blocks=True
    )
    page = environment.get_template("duplicates.html").render(groups=groups, address=address)
    write_text(path, page)


def in_words(pair: PairRow) -> str:
    """Say what makes two images alike."""
    words = []
    if pair.has_same_colours:
        words.append(f"{pair.distance_bits} of 64 bits differ, same colours")
    if pair.num_inliers:
        words.append(
            f"{pair.num_inliers} features, {pair.agreement:.0%} of blocks agree"
            f" over {pair.overlap:.0%}"
        )
    return "; ".join(words) + (" (mirrored)" if pair.is_mirrored else "")


def _group(name: str, rows: list[GroupRow], found: dict[tuple[str, str], PairRow]) -> Listed:
    # A group is named by its keeper, whether or not a conflict leaves that one out, too.
    ordered = sorted(rows, key=lambda row: (not row.keep, not row.sha256.startswith(name)))
    keeper = ordered[0]
    members = [Member(row=keeper, evidence="")]
    for row in ordered[1:]:
        first, second = sorted((keeper.sha256, row.sha256))
        pair = found.get((first, second))
        evidence = "the same bytes" if first == second else in_words(pair) if pair else ""
        members.append(Member(row=row, evidence=evidence))
    return Listed(band=Band.DUPLICATE, name=name, members=tuple(members))


def _near(pair: PairRow, kept: dict[str, GroupRow]) -> Listed:
    one, other = kept[pair.sha256], kept[pair.other_sha256]
    return Listed(
        band=Band.NEAR,
        name=f"{one.group} {other.group}",
        members=(Member(row=one, evidence=""), Member(row=other, evidence=in_words(pair))),
    )
