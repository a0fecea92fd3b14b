"""Which pictures a window shows, and what is left to do."""

import pytest

from pipeline.review.shown import Query, Tally


def shas(rows) -> list[list[str]]:
    """Name the pictures of rows."""
    return [[picture.sha256 for picture in row] for row in rows]


def test_copies_are_looked_at_beside_their_keeper(team) -> None:
    """The grid shows a picture once; the view of copies shows groups, the keeper first."""
    one, two, three = team.collect("tomato", "teal", "gold")
    team.group(one, two)
    team.keep(three)
    shown = team.desk().shown()

    assert sorted([[one], [three]]) == sorted(shas(shown.rows(Query(character="ariel"))))
    assert [[one, two]] == shas(shown.rows(Query(character="ariel", view="copies")))
    assert Tally(left=2, total=2) == shown.tally("ariel")


def test_a_reviewer_moves_the_keeper(team) -> None:
    """My choice, else a member's, else the one that deduplicate took."""
    one, two, three = team.collect("tomato", "teal", "gold")
    team.group(one, two, three)

    def keepers() -> list[str]:
        shown = team.desk().shown()
        return [p.sha256 for p in shown.gallery.by_character["ariel"] if shown.is_keeper(p)]

    assert [one] == keepers()
    team.say("m2", two, "keeper")
    assert [two] == keepers()
    team.say("na", three, "keeper")
    assert [three] == keepers()


def test_label_conflicts_show_both_characters(team) -> None:
    """The same picture under two characters is one row, seen from either."""
    [one] = team.collect("tomato")
    [two] = team.collect("teal", character="elsa")
    team.conflict(one, "ariel", two, "elsa")
    shown = team.desk().shown()

    assert [[one, two]] == shas(shown.rows(Query(character="ariel", view="conflicts")))
    assert [[two, one]] == shas(shown.rows(Query(character="elsa", view="conflicts")))


def test_distinct_is_about_one_other(team) -> None:
    """Of two, the other; of several, the keeper; for the keeper of several, a person must say."""
    one, two, three = team.collect("tomato", "teal", "gold")
    team.group(one, two, three)
    pair, other = team.collect("navy", "olive")
    team.group(pair, other)
    shown = team.desk().shown()
    rival = {p.sha256: shown.rival(p) for p in shown.gallery.by_character["ariel"]}

    assert {one: "", two: one, three: one, pair: other, other: pair} == rival


def test_filters(team) -> None:
    """By my verdict, who brought it, source and split."""
    kept, left = team.collect("tomato", "teal")
    brought = team.hoard.contribute(team.draw_png("gold"), "https://pics.example/3")
    team.keep(kept, left, brought)
    team.split(left, "val")
    team.say("na", kept, "keep")
    shown = team.desk().shown()

    def found(**filters: str) -> set[str]:
        return {row[0].sha256 for row in shown.rows(Query(character="ariel", **filters))}

    assert {kept, left, brought} == found()
    assert {left, brought} == found(status="left")
    assert {kept} == found(status="keep")
    assert {brought} == found(member="m2")
    assert {kept, left, brought} == found(source="urls")
    assert set() == found(source="flickr")
    assert {left} == found(split="val")
    assert {"member": ["m2", "na"], "source": ["urls"], "split": ["train", "val", "test"]} == (
        shown.choices("ariel")
    )


@pytest.mark.parametrize("view", ["pictures", "copies", "conflicts"])
def test_nothing_collected_is_nothing_shown(team, view: str) -> None:
    """Before any stage has run, every view is empty."""
    shown = team.desk().shown()

    assert [] == shown.rows(Query(character="ariel", view=view))
    assert Tally(left=0, total=0) == shown.tally("ariel")
