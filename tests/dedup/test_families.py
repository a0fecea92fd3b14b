"""What one split must hold: copies, near ones and pictures of one page, through others, too."""

from collections.abc import Sequence

from pipeline.dedup.families import with_families
from pipeline.records import GroupRow, ImageRecord, PairRow
from tests.dedup.pairs import near_pair
from tests.dedup.scenes import record
from tests.rows import sha


def row(name: str, *, group: str = "", reason: str = "kept") -> GroupRow:
    """Describe an image in its group."""
    return GroupRow(
        sha256=sha(name),
        file="",
        character="ariel",
        group=sha(group or name)[:16],
        keep=reason == "kept",
        reason=reason,
        nearest_sha256="",
        distance_bits=None,
    )


def near(one: str, other: str) -> PairRow:
    """Say that two images are near."""
    return near_pair(sha(one), sha(other))


def families(
    rows: list[GroupRow],
    *,
    pairs: Sequence[PairRow] = (),
    images: Sequence[ImageRecord] = (),
) -> list[int]:
    """Number the families of some rows in the order in which they come."""
    found = [each.family for each in with_families(rows, images, pairs)]
    return [found.index(family) for family in found]


def test_each_group_is_a_family() -> None:
    """Without anything alike, every image stands alone."""
    assert [0, 1, 2] == families([row("a"), row("b"), row("c")])


def test_near_images_chain() -> None:
    """Where A is near B's copy and B near C, all are one family."""
    rows = [row("a"), row("b"), row("b2", group="b", reason="near duplicate"), row("c"), row("d")]

    assert [0, 0, 0, 0, 4] == families(rows, pairs=[near("a", "b2"), near("b", "c")])


def test_pictures_of_one_page_are_together() -> None:
    """The same page makes a family; no page makes none."""
    pages = {"a": "https://wiki.example/1", "b": "https://wiki.example/1", "c": "", "d": ""}
    images = [record(name, page_url=page) for name, page in pages.items()]

    assert [0, 0, 2, 3] == families([row(name) for name in pages], images=images)


def test_what_is_left_out_joins_nothing() -> None:
    """A rejected image does not tie together what is near it."""
    rows = [row("a"), row("x", reason="rejected by review"), row("b")]

    assert [0, 1, 2] == families(rows, pairs=[near("a", "x"), near("x", "b")])


def test_family_has_the_name_of_its_smallest_group() -> None:
    """So the name depends on the members alone."""
    rows = [row("a"), row("b")]

    found = {each.family for each in with_families(rows, [], [near("a", "b")])}

    assert {min(each.group for each in rows)} == found
