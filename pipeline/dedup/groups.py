"""Who is kept: groups of copies, one keeper each.

Every member of a group is a copy of its keeper, so nothing chains: where A is like B and B like C,
but A not like C, C stays out of A's group. And no two keepers are copies of each other, so that no
picture can be both learned from and tested on.

The keeper is the best copy by a total order that no order of files or characters can change:
a reviewer's "keeper", not upscaled, without border or caption, more pixels, more bytes (less
compression), the freest licence, the smallest sha256, and for the same bytes the character's slug
and the file's place. Who came first plays no part: manifests hold no dates, on purpose, since the
same pictures must give the same files. What members say is above all: a rejected image takes its
copies with it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.catalog.reviews import Verdicts
from pipeline.dedup.conflicts import find_conflicts
from pipeline.dedup.families import with_families
from pipeline.dedup.freedom import restrictions
from pipeline.dedup.verify import Likeness
from pipeline.records import ConflictRow, GroupReason, GroupRow, ImageRecord, PairRow

_SHORT = 16  # hex digits of a sha256 that name a group


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """What deduplication decides."""

    rows: list[GroupRow]  # sorted by sha256, character, file
    conflicts: list[ConflictRow]  # sorted
    pairs: list[PairRow]  # alike, and nobody said that they are distinct


def group_images(
    images: Collection[ImageRecord],
    likeness: Likeness,
    *,
    verdicts: Verdicts,
    denied: Collection[str] = (),
    unreadable: Collection[str] = (),
    flawed: Collection[str] = (),
    conflicts: Literal["drop", "keep_first", "keep_verdict"] = "drop",
) -> Grouped:
    """Group copies and decide who is kept.

    Args:
        images: all in hand; one sha256 may come under several characters.
        likeness: who is a copy of whom.
        verdicts: of the team's members.
        denied: sha256 of images that must not be used.
        unreadable: sha256 of images that cannot be decoded.
        flawed: sha256 of images that are too poor; members may have said to keep them.
        conflicts: "drop" leaves out every image that has a copy under another character;
            "keep_first" keeps the keeper of each group all the same; "keep_verdict" keeps what a
            member said belongs to its character, if the other side has no such word, too.
    """
    left_out: dict[GroupReason, Collection[str]] = {  # the first that holds is given
        GroupReason.DENIED: denied,
        GroupReason.REJECTED: _with_copies(verdicts, likeness),
        GroupReason.CONFLICTING_REVIEWS: verdicts.contradictory,
        GroupReason.UNDECODABLE: unreadable,
        GroupReason.QUALITY: frozenset(flawed) - _spoken_for(verdicts),
    }
    rows, good = [], []
    for image in images:
        reason = next((why for why, those in left_out.items() if image.sha256 in those), None)
        if reason:
            rows.append(_row(image, likeness, keeper=image, reason=reason))
        else:
            good.append(_relabelled(image, verdicts))
    found = find_conflicts(good, likeness, verdicts)
    dropped = _dropped(found, verdicts, rule=conflicts)
    last = dropped if conflicts == "keep_verdict" else frozenset()
    good.sort(key=lambda image: _rank(image, likeness, verdicts, last))
    for group in _groups(good, likeness, verdicts):
        rows += _group_rows(group, likeness, dropped)
    pairs = [
        pair for pair in likeness.pairs if not verdicts.are_distinct(pair.sha256, pair.other_sha256)
    ]
    rows = with_families(sorted(rows, key=_place_of_row), images, pairs)
    return Grouped(rows=rows, conflicts=found, pairs=pairs)


def _with_copies(verdicts: Verdicts, likeness: Likeness) -> frozenset[str]:
    """Name what is rejected, and the copies of it of which nobody said anything else."""
    spoken_for = _spoken_for(verdicts)
    copies = {
        copy
        for sha256 in verdicts.rejected
        for copy in likeness.copies.get(sha256, ())
        if copy not in spoken_for and not verdicts.are_distinct(sha256, copy)
    }
    return verdicts.rejected | copies


def _spoken_for(verdicts: Verdicts) -> frozenset[str]:
    """Name what a member said to keep, wherever it belongs."""
    return frozenset(sha256 for sha256, _ in verdicts.wanted) | verdicts.relabelled.keys()


def _relabelled(image: ImageRecord, verdicts: Verdicts) -> ImageRecord:
    return replace(image, character=verdicts.relabelled.get(image.sha256, image.character))


def _rank(
    image: ImageRecord,
    likeness: Likeness,
    verdicts: Verdicts,
    last: Collection[tuple[str, str]],
) -> tuple[object, ...]:
    """Order images, best first; no two have the same rank."""
    return (
        (image.sha256, image.character) in last,  # what a verdict has outdone keeps nothing
        image.sha256 not in verdicts.keepers,
        image.sha256 in likeness.upscaled,
        image.sha256 in likeness.framed,
        -image.width_px * image.height_px,
        -image.bytes,
        restrictions(image.licence, image.licence_url),
        image.sha256,
        image.character,
        image.file,
    )


def _groups(
    images: Sequence[ImageRecord], likeness: Likeness, verdicts: Verdicts
) -> Iterator[list[ImageRecord]]:
    """Give each image, best first, the copies of it that no better image has; itself first."""
    places = defaultdict(list)
    for place, image in enumerate(images):
        places[image.sha256].append(place)
    is_free = [True] * len(images)
    for place, keeper in enumerate(images):
        if not is_free[place]:
            continue
        alike = (keeper.sha256, *likeness.copies.get(keeper.sha256, ()))
        group: list[ImageRecord] = []
        for other in sorted(other for sha256 in alike for other in places[sha256]):
            image = images[other]
            if is_free[other] and not any(
                verdicts.are_distinct(image.sha256, m.sha256) for m in group
            ):
                is_free[other] = False
                group.append(image)
        yield group


def _dropped(
    conflicts: Iterable[ConflictRow], verdicts: Verdicts, *, rule: str
) -> frozenset[tuple[str, str]]:
    """Name the images, under their labels, that a conflict leaves out."""
    if rule == "keep_first":
        return frozenset()
    dropped = set()
    for row in conflicts:
        sides = {(row.sha256, row.character), (row.other_sha256, row.other_character)}
        vouched = {side for side in sides if verdicts.vouch_for(*side)}
        is_settled = rule == "keep_verdict" and len(vouched) == 1
        dropped |= sides - vouched if is_settled else sides
    return frozenset(dropped)


def _group_rows(
    group: Sequence[ImageRecord], likeness: Likeness, dropped: Collection[tuple[str, str]]
) -> Iterator[GroupRow]:
    keeper = group[0]
    seen: set[str] = set()
    for image in group:
        if (image.sha256, image.character) in dropped:
            reason = GroupReason.LABEL_CONFLICT
        elif image is keeper:
            reason = GroupReason.KEPT
        elif image.character != keeper.character:
            reason = GroupReason.LABEL_CONFLICT
        elif image.sha256 in seen:
            reason = GroupReason.EXACT_DUPLICATE
        else:
            reason = GroupReason.NEAR_DUPLICATE
        seen.add(image.sha256)
        yield _row(image, likeness, keeper=keeper, reason=reason)


def _row(
    image: ImageRecord, likeness: Likeness, *, keeper: ImageRecord, reason: GroupReason
) -> GroupRow:
    nearest_sha256, distance_bits = likeness.nearest.get(image.sha256, ("", None))
    if reason == GroupReason.EXACT_DUPLICATE:
        nearest_sha256, distance_bits = image.sha256, 0
    return GroupRow(
        sha256=image.sha256,
        file=image.file,
        character=image.character,
        group=keeper.sha256[:_SHORT],
        keep=reason == GroupReason.KEPT,
        reason=reason,
        nearest_sha256=nearest_sha256,
        distance_bits=distance_bits,
    )


def _place_of_row(row: GroupRow) -> tuple[str, str, str]:
    return row.sha256, row.character, row.file
