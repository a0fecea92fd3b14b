"""Decisions at a desk: one keeper a group, undo window by window, files as they are now."""

import pytest

from pipeline.errors import DataError
from pipeline.records import Review


def review(sha256: str, verdict: str = "keep", **fields: str) -> Review:
    """Say something about an image."""
    defaults = {"character": "", "other_sha256": "", "note": ""}
    return Review(sha256=sha256, verdict=verdict, **(defaults | fields))


def test_a_group_has_one_keeper(team) -> None:
    """Choosing another copy withdraws the first choice; both tiles look different now."""
    one, two, three = sorted(team.collect("tomato", "teal", "gold"))
    team.group(one, two, three)
    desk = team.desk()
    desk.decide(review(two, "keeper"), window="a")
    outcome = desk.decide(review(three, "keeper"), window="a")

    assert [review(three, "keeper")] == team.reviews()
    assert (one, two, three) == outcome.touched

    desk.undo(outcome.decision, window="a")

    assert [review(two, "keeper")] == team.reviews()


def test_each_window_takes_back_its_own(team) -> None:
    """Undo in one window leaves the decisions of another."""
    one, two = team.collect("tomato", "teal")
    desk = team.desk()
    decision = desk.decide(review(one), window="a").decision
    desk.decide(review(two, "reject"), window="b")

    assert "Taken back." == desk.undo(decision, window="a").said
    assert [review(two, "reject")] == team.reviews()
    assert "Nothing to undo in this window." == desk.undo(decision, window="a").said


def test_undo_takes_back_what_it_names_and_nothing_else(team) -> None:
    """A window that was copied with its name cannot take back what the other decided since."""
    one, two = team.collect("tomato", "teal")
    desk = team.desk()
    first = desk.decide(review(one), window="a").decision
    second = desk.decide(review(two), window="a").decision

    refused = desk.undo(first, window="a")

    assert ("", ()) == (refused.decision, refused.touched)
    assert refused.said.startswith("Not taken back")
    assert "Nothing to undo in this window." == desk.undo(refused.decision, window="a").said
    assert 2 == len(team.reviews())
    assert first == desk.undo(second, window="a").decision


def test_undo_leaves_what_another_window_changed(team) -> None:
    """The newer word stays, and the window says so."""
    [one] = team.collect("tomato")
    desk = team.desk()
    decision = desk.decide(review(one), window="a").decision
    desk.decide(review(one, "reject"), window="b")

    assert desk.undo(decision, window="a").said.startswith("Not taken back")
    assert [review(one, "reject")] == team.reviews()


def test_undo_goes_back_step_by_step(team) -> None:
    """Three decisions on one picture are three steps; a word said twice is none."""
    [one] = team.collect("tomato")
    desk = team.desk()
    for verdict in ("keep", "reject", "reject", "keep"):
        outcome = desk.decide(review(one, verdict), window="a")

    found = []
    while (outcome := desk.undo(outcome.decision, window="a")).touched:
        found.append([row.verdict for row in team.reviews()])

    assert [["reject"], ["keep"], []] == found


def test_files_are_read_as_they_are_now(team) -> None:
    """A stage or a merge that changes files meanwhile shows at the next look."""
    [one] = team.collect("tomato")
    desk = team.desk()

    assert 1 == desk.shown().tally("ariel").total

    team.collect("teal")
    team.say("m2", one, "reject")

    assert 2 == desk.shown().tally("ariel").total
    assert frozenset({one}) == desk.shown().opinions.theirs.doubted


def test_denied_words_change_nothing(team) -> None:
    """A wrong decision is an error and no step to undo."""
    desk = team.desk()
    with pytest.raises(DataError, match="is in hand"):
        desk.decide(review("0" * 64), window="a")

    assert () == desk.undo("", window="a").touched
