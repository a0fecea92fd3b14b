"""The split: stable, whole groups, and by the images' own hashes."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalog.reviews import Verdicts
from pipeline.dataset.split import (
    check_groups,
    check_leaks,
    draw_split,
    gaps,
    leave_out_straddlers,
    split_images,
)
from pipeline.dedup.groups import group_images
from pipeline.dedup.verify import Likeness
from pipeline.errors import DataError
from pipeline.files import sha256_of
from pipeline.params import Split
from pipeline.records import GroupRow, ImageRecord, PairRow, SplitRow
from tests.dedup.pairs import near_pair
from tests.dedup.scenes import record
from tests.rows import sha

FRACTIONS = Split()


def alike(pairs: set[tuple[int, int]]) -> Likeness:
    """Say which numbers are copies of each other."""
    copies: dict[str, dict[str, int]] = {}
    for one, other in pairs:
        copies.setdefault(sha(one), {})[sha(other)] = 2
        copies.setdefault(sha(other), {})[sha(one)] = 2
    return Likeness(copies=copies, nearest={})


def kept(number: int, *, character: str = "ariel") -> GroupRow:
    """Describe one kept image."""
    sha256 = sha256_of(str(number).encode())
    return GroupRow(
        sha256=sha256,
        file=f"data/raw/{character}/images/{sha256}.jpg",
        character=character,
        group=sha256[:16],
        keep=True,
        reason="kept",
        nearest_sha256="",
        distance_bits=None,
    )


@given(
    st.lists(st.integers(0, 500), unique=True, min_size=1),
    st.lists(st.integers(501, 900), unique=True),
)
def test_adding_images_moves_none(old: list[int], new: list[int]) -> None:
    """An image that was split once stays where it is, whatever is added."""
    before = split_images(map(kept, old), FRACTIONS, seed=7, characters=["ariel"])
    after = split_images(map(kept, [*new, *old]), FRACTIONS, seed=7, characters=["ariel"])

    assert before == [row for row in after if row in before]


@given(st.permutations(range(20)))
def test_order_is_irrelevant(order: list[int]) -> None:
    """The rows of groups.csv may come in any order."""
    sorted_rows = split_images(map(kept, range(20)), FRACTIONS, seed=7, characters=["ariel"])

    assert sorted_rows == split_images(map(kept, order), FRACTIONS, seed=7, characters=["ariel"])


@given(st.data())
def test_a_better_copy_moves_no_image(data: st.DataObject) -> None:
    """When a keeper gives way to a better copy it is left out; no image changes its split."""
    numbers = range(8)
    pair = st.tuples(st.sampled_from(numbers), st.sampled_from(numbers))
    likeness = alike(data.draw(st.sets(pair.filter(lambda each: each[0] < each[1]))))
    sides = data.draw(st.lists(st.integers(1, 9), min_size=8, max_size=8))
    images = [record(n, width_px=side) for n, side in zip(numbers, sides, strict=True)]
    num_old = data.draw(st.integers(1, 8))

    before, after = (
        {
            row.sha256: row.split
            for row in split_images(
                group_images(some, likeness, verdicts=Verdicts()).rows,
                FRACTIONS,
                seed=7,
                characters=["ariel"],
            )
        }
        for some in (images[:num_old], images)
    )

    assert all(after.get(sha256, split) == split for sha256, split in before.items())
    assert not any(
        one in after and other in after for one in after for other in likeness.copies.get(one, ())
    )


def near(one: int, other: int) -> PairRow:
    """Say that two numbers are near, and no copies."""
    return near_pair(sha(one), sha(other), window_bits=80)


def split_of(
    images: list[ImageRecord], copies: set[tuple[int, int]], pairs: list[PairRow]
) -> list[SplitRow]:
    """Group and split images as the two stages do, and check that nothing leaks."""
    likeness = replace(alike(copies), pairs=pairs)
    grouped = group_images(images, likeness, verdicts=Verdicts())
    rows = leave_out_straddlers(grouped.rows, FRACTIONS, seed=7)
    split = split_images(rows, FRACTIONS, seed=7, characters=["ariel"])
    check_leaks(split, grouped.pairs)
    return split


@given(st.data())
def test_no_family_straddles_and_none_moves(data: st.DataObject) -> None:
    """Copies, near ones and pictures of a page share a split, in any order, whatever is added."""
    numbers = range(10)
    pair = st.tuples(st.sampled_from(numbers), st.sampled_from(numbers))
    ordered = st.sets(pair.filter(lambda each: each[0] < each[1]), max_size=6)
    copies, alike_pairs = data.draw(ordered), data.draw(ordered)
    pages = data.draw(st.lists(st.sampled_from(["", "", "p", "q"]), min_size=10, max_size=10))
    images = [record(n, page_url=page) for n, page in zip(numbers, pages, strict=True)]
    pairs = [near(*each) for each in sorted(alike_pairs)]

    after = split_of(images, copies, pairs)

    split = {row.sha256: row.split for row in after}
    together = [(sha(one), sha(other)) for one, other in alike_pairs]
    together += [
        (a.sha256, b.sha256)
        for a in images
        for b in images
        if a.page_url and a.page_url == b.page_url
    ]
    assert after == split_of(data.draw(st.permutations(images)), copies, pairs)
    assert all(split[a] == split[b] for a, b in together if a in split and b in split)
    before = split_of(images[: data.draw(st.integers(1, 10))], copies, pairs)
    assert all(split.get(row.sha256, row.split) == row.split for row in before)


def test_majority_of_a_family_decides() -> None:
    """Of a family the fewest images are left out, with their reason; nobody is moved."""
    rows = [replace(kept(number), family="one") for number in range(9)]
    drawn = Counter(draw_split(row.sha256, FRACTIONS, seed=7) for row in rows)

    found = leave_out_straddlers(rows, FRACTIONS, seed=7)

    assert 1 < len(drawn)
    assert max(drawn.values()) == sum(row.keep for row in found)
    assert {"other split"} == {row.reason for row in found if not row.keep}


@given(st.permutations(range(40)), st.sampled_from([1, 2]))
def test_in_a_tie_the_smallest_sha256_decides(order: list[int], each: int) -> None:
    """Where two splits are equally frequent in a family, whatever they are called or come first."""
    by_split: dict[str, list[GroupRow]] = {}
    for row in map(kept, order):
        draw = draw_split(row.sha256, FRACTIONS, seed=7)
        by_split.setdefault(draw, []).append(replace(row, family="one"))
    one, other = [rows[:each] for rows in by_split.values()][:2]

    found = leave_out_straddlers([*one, *other], FRACTIONS, seed=7)

    expected = min(one, other, key=lambda rows: min(row.sha256 for row in rows))
    assert expected == [row for row in found if row.keep]


def test_leak_is_one_line() -> None:
    """Two images that are alike in two splits stop the run, by name."""
    one, other = split_images([kept(1), kept(2)], FRACTIONS, seed=7, characters=["ariel"])
    edited = [replace(one, split="train"), replace(other, split="test")]

    with pytest.raises(
        DataError, match=rf"^leak: {one.file} in train and {other.file} in test are"
    ):
        check_leaks(edited, [near(1, 2)])


def test_what_is_in_one_split_or_in_none_leaks_nothing() -> None:
    """A pair is no leak if both are learned from, or one was left out."""
    one, other = split_images([kept(1), kept(2)], FRACTIONS, seed=7, characters=["ariel"])
    edited = [replace(one, split="train"), replace(other, split="train")]

    check_leaks(edited, [near(1, 2), near(1, 3), near(3, 2)])


def test_family_that_straddles() -> None:
    """Nothing is split that `leave_out_straddlers` has not seen."""
    rows = [replace(kept(number), family="one") for number in range(9)]

    with pytest.raises(DataError, match=r"^data/interim/groups\.csv: group one is in .* and "):
        split_images(rows, FRACTIONS, seed=7, characters=["ariel"])


def test_an_image_that_is_kept_twice_is_told() -> None:
    """A row of groups.csv or split.csv that was doubled by hand does not count twice."""
    rows = [kept(number) for number in range(9)]
    split = split_images(rows, FRACTIONS, seed=7, characters=["ariel"])

    with pytest.raises(DataError, match=r"^data/interim/groups\.csv: sha256 .* is kept twice"):
        split_images([*rows, rows[0]], FRACTIONS, seed=7, characters=["ariel"])
    with pytest.raises(DataError, match=r"^data/processed/split\.csv: sha256 .* is kept twice"):
        check_groups([*split, split[0]])


def test_fractions_hold_in_expectation() -> None:
    """Of 4,000 images the fractions come out within three standard errors."""
    counts = Counter(draw_split(sha256_of(str(n).encode()), FRACTIONS, seed=7) for n in range(4000))

    assert counts["train"] == pytest.approx(2800, abs=90)
    assert counts["val"] == pytest.approx(600, abs=70)
    assert counts["test"] == pytest.approx(600, abs=70)


def test_gaps_are_told() -> None:
    """A character with too few images for some split is named with that split."""
    rows = split_images([kept(1), kept(2)], Split(), seed=7, characters=["ariel"])
    here = {row.split for row in rows}

    expected = [("ariel", split) for split in ("train", "val", "test") if split not in here]

    assert expected == gaps(rows, characters=["ariel"])


def test_left_out_images_are_in_no_split() -> None:
    """split.csv holds exactly the kept images."""
    rows = [kept(1), replace(kept(2), keep=False, reason="near duplicate")]

    found = split_images(rows, FRACTIONS, seed=7, characters=["ariel"])

    assert [rows[0].sha256] == [row.sha256 for row in found]


def test_character_without_images() -> None:
    """A character of which nothing is left is named, with where to look."""
    with pytest.raises(DataError, match="no image of elsa is left; see why with disney progress"):
        split_images([kept(1)], FRACTIONS, seed=7, characters=["ariel", "elsa"])


def test_group_that_straddles() -> None:
    """Copies in two splits are refused with the group, the splits and what to do."""
    one, other = split_images([kept(1), kept(2)], FRACTIONS, seed=7, characters=["ariel"])
    edited = [replace(one, split="train"), replace(other, split="test", group=one.group)]

    with pytest.raises(DataError, match=rf"group {one.group} is in test and train"):
        check_groups(edited)
