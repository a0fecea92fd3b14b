"""Who is kept: groups of copies, one keeper each.

Every member of a group is a copy of its keeper, so nothing chains: where A is like B and B like C,
but A not like C, C stays out of A's group. And no two keepers are copies of each other, so that no
picture can be both learned from and tested on.

The keeper is the best copy by a total order that no order of files or characters can change:
a reviewer's "keeper", more pixels, more bytes (less compression), a known licence, the smallest
sha256, and for the same bytes the character's slug and the file's place.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.dedup.conflicts import find_conflicts
from pipeline.dedup.verdicts import Verdicts
from pipeline.dedup.verify import Likeness
from pipeline.records import UNKNOWN, ConflictRow, GroupReason, GroupRow, ImageRecord

_SHORT = 16  # hex digits of a sha256 that name a group


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """What deduplication decides."""

    rows: list[GroupRow]  # sorted by sha256, character, file
    conflicts: list[ConflictRow]  # sorted


def group_images(
    images: Iterable[ImageRecord],
    likeness: Likeness,
    *,
    verdicts: Verdicts,
    denied: Collection[str] = (),
    unreadable: Collection[str] = (),
    conflicts: Literal["drop", "keep_first"] = "drop",
) -> Grouped:
    """Group copies and decide who is kept.

    Args:
        images: all in hand; one sha256 may come under several characters.
        likeness: who is a copy of whom.
        verdicts: of the team's members.
        denied: sha256 of images that must not be used.
        unreadable: sha256 of images that cannot be decoded.
        conflicts: "drop" leaves out every image that has a copy under another character;
            "keep_first" keeps the keeper of each group all the same.
    """
    rows, good = [], []
    for image in images:
        reason = _reason_to_leave(image, verdicts, denied, unreadable)
        if reason:
            rows.append(_row(image, likeness, keeper=image, reason=reason))
        else:
            good.append(_relabelled(image, verdicts))
    good.sort(key=lambda image: _rank(image, verdicts))
    found = find_conflicts(good, likeness, verdicts)
    dropped = _places(found) if conflicts == "drop" else frozenset()
    for group in _groups(good, likeness, verdicts):
        rows += _group_rows(group, likeness, dropped)
    return Grouped(rows=sorted(rows, key=_place_of_row), conflicts=found)


def _reason_to_leave(
    image: ImageRecord, verdicts: Verdicts, denied: Collection[str], unreadable: Collection[str]
) -> GroupReason | None:
    if image.sha256 in denied:
        return GroupReason.DENIED
    if image.sha256 in verdicts.rejected:
        return GroupReason.REJECTED
    if image.sha256 in verdicts.contradictory:
        return GroupReason.CONFLICTING_REVIEWS
    return GroupReason.UNDECODABLE if image.sha256 in unreadable else None


def _relabelled(image: ImageRecord, verdicts: Verdicts) -> ImageRecord:
    return replace(image, character=verdicts.relabelled.get(image.sha256, image.character))


def _rank(image: ImageRecord, verdicts: Verdicts) -> tuple[object, ...]:
    """Order images, best first; no two have the same rank."""
    return (
        image.sha256 not in verdicts.keepers,
        -image.width_px * image.height_px,
        -image.bytes,
        image.licence == UNKNOWN,
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


def _places(conflicts: Iterable[ConflictRow]) -> frozenset[tuple[str, str]]:
    """Name the images, under their labels, that are in any conflict."""
    ones = {(row.sha256, row.character) for row in conflicts}
    return frozenset(ones | {(row.other_sha256, row.other_character) for row in conflicts})


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
