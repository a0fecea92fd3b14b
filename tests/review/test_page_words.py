"""What a tile says, to eyes and to screen readers."""

from pipeline.records import Review
from pipeline.review.words import label_of, marks, phrase, verdict_of


def texts(team, sha256: str) -> list[str]:
    """Read the marks of a picture."""
    shown = team.desk().shown()
    return [mark.text for mark in marks(shown.gallery.by_sha256[sha256][0], shown)]


def test_my_verdict_and_others(team) -> None:
    """Mine first, then what others would take out; that others keep it is no mark."""
    [one] = team.collect("tomato")
    team.say("m2", one, "relabel", character="elsa")
    team.say("m3", one, "keep")
    team.say("na", one, "reject", note="fan art")

    assert ["reject (fan art)", "m2: move to elsa"] == texts(team, one)


def test_groups_and_conflicts(team) -> None:
    """The keeper says of how many; a conflict names both characters; distinct names the other."""
    one, two = team.collect("tomato", "teal")
    team.group(one, two)
    team.conflict(one, "ariel", "f" * 64, "elsa")
    team.say("na", two, "distinct", other_sha256=one)

    assert ["ariel, also elsa", "keeper of 2", f"not a copy of {two[:8]}"] == texts(team, one)
    assert ["copy", f"not a copy of {one[:8]}"] == texts(team, two)


def test_the_same_bytes_under_two_characters(team) -> None:
    """Kept under one character, the picture is marked as leaving the other."""
    [one] = team.collect("tomato")
    team.collect("tomato", character="elsa")
    team.say("na", one, "keep", character="elsa")
    shown = team.desk().shown()
    ariel, elsa = shown.gallery.by_sha256[one]

    assert ("relabel", "keep") == (verdict_of(ariel, shown), verdict_of(elsa, shown))
    assert "keep under elsa" == marks(ariel, shown)[0].text
    assert "keep" == marks(elsa, shown)[0].text


def test_a_move_that_was_applied(team) -> None:
    """Where the picture was moved to, it is kept, not about to leave."""
    [one] = team.collect("tomato")
    team.say("na", one, "relabel", character="ariel")
    shown = team.desk().shown()

    assert "keep" == verdict_of(shown.gallery.by_sha256[one][0], shown)
    assert ["moved here"] == texts(team, one)


def test_unknown_verdicts_are_shown() -> None:
    """What another member's file says wrongly is shown as it is; deduplicate will name the row."""
    review = Review(sha256="a", verdict="burn", character="", other_sha256="", note="now")

    assert "burn (now)" == phrase(review)


def test_a_picture_without_words(team) -> None:
    """No title, no author, no licence: it still has a name of its own."""
    [one] = team.collect("tomato")
    shown = team.desk().shown()

    label = label_of(shown.gallery.by_sha256[one][0], shown)

    assert f"picture {one[:8]}, by unknown, licence unknown, from urls" == label
