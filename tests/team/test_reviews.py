"""A member's verdicts: one word on each subject, nothing lost, everything undone."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.files import read_rows, write_rows
from pipeline.paths import Project
from pipeline.records import Review
from pipeline.team.reviews import ReviewFile, subject_of

ONE, TWO, THREE = "1" * 64, "2" * 64, "3" * 64


@pytest.fixture
def file(tmp_path: Path) -> ReviewFile:
    """Start with a member who has said nothing."""
    return ReviewFile(Project(tmp_path), member="na")


def review(sha256: str, verdict: str = "keep", **fields: str) -> Review:
    """Say something about an image."""
    defaults = {"character": "", "other_sha256": "", "note": ""}
    return Review(sha256=sha256, verdict=verdict, **(defaults | fields))


REVIEWS = st.builds(
    review,
    st.sampled_from([ONE, TWO, THREE]),
    st.sampled_from(["keep", "reject", "keeper"]),
    note=st.sampled_from(["", "fan art"]),
)


def test_no_file_is_no_word(file: ReviewFile) -> None:
    """A member who has not begun has said nothing, and reading makes no file."""
    assert [] == file.read()
    assert not file.path.exists()


def test_a_new_word_replaces_the_old_one(file: ReviewFile) -> None:
    """Keep, reject and relabel are one question; keeper is another."""
    file.decide(review(ONE))
    file.decide(review(ONE, "keeper"))
    file.decide(review(ONE, "reject", note="fan art"))

    assert [review(ONE, "keeper"), review(ONE, "reject", note="fan art")] == file.read()


def test_distinct_has_no_direction(file: ReviewFile) -> None:
    """That a is not b is the same word as that b is not a."""
    file.decide(review(ONE, "distinct", other_sha256=TWO))
    file.decide(review(TWO, "distinct", other_sha256=ONE))

    assert [review(TWO, "distinct", other_sha256=ONE)] == file.read()


def test_rows_are_sorted(file: ReviewFile) -> None:
    """The order of decisions leaves no trace, so branches differ in few lines."""
    file.decide(review(TWO))
    file.decide(review(ONE))

    assert [review(ONE), review(TWO)] == read_rows(file.path, Review)


def test_later_rows_win_after_a_merge(file: ReviewFile) -> None:
    """Git may leave two rows on one image; the later one holds, and the next write tidies up."""
    write_rows(file.path, Review, [review(TWO, "reject"), review(ONE), review(TWO, "keep")])

    assert [review(ONE), review(TWO)] == file.read()

    file.decide(review(THREE))

    assert [review(ONE), review(TWO), review(THREE)] == read_rows(file.path, Review)


def test_withdraw(file: ReviewFile) -> None:
    """A new keeper withdraws the old one of its group, and undo brings that back."""
    file.decide(review(ONE, "keeper"))
    change = file.decide(review(TWO, "keeper"), withdraw=[subject_of(review(ONE, "keeper"))])

    assert [review(TWO, "keeper")] == file.read()
    assert file.undo(change)
    assert [review(ONE, "keeper")] == file.read()


@settings(max_examples=30)
@given(before=st.lists(REVIEWS, max_size=4), then=REVIEWS)
def test_undo_restores_the_bytes(tmp_path_factory, before: list[Review], then: Review) -> None:
    """Whatever was said before, a decision taken back leaves the file as it was."""
    file = ReviewFile(Project(tmp_path_factory.mktemp("undo")), member="na")
    file.decide(review(THREE, "reject"))
    for each in before:
        file.decide(each)
    bytes_before = file.path.read_bytes()

    change = file.decide(then)

    assert file.undo(change)
    assert bytes_before == file.path.read_bytes()


def test_undo_keeps_a_newer_word(file: ReviewFile) -> None:
    """What another window said since is not overwritten."""
    change = file.decide(review(ONE, "keep"))
    file.decide(review(ONE, "reject"))

    assert not file.undo(change)
    assert [review(ONE, "reject")] == file.read()


def test_writers_at_once_lose_nothing(file: ReviewFile, tmp_path: Path) -> None:
    """Two windows, two servers: each decision ends in the file."""
    names = [f"{number:064x}" for number in range(40)]

    def decide(sha256: str) -> None:
        ReviewFile(Project(tmp_path), member="na").decide(review(sha256))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(decide, names))

    assert names == [row.sha256 for row in file.read()]


def test_a_broken_file_is_named(file: ReviewFile) -> None:
    """Nothing is written over a file that cannot be read."""
    file.path.parent.mkdir(parents=True)
    file.path.write_text("sha256\n", encoding="utf-8")

    with pytest.raises(DataError, match=r"na\.csv:1: columns are sha256"):
        file.decide(review(ONE))

    assert "sha256\n" == file.path.read_text(encoding="utf-8")
