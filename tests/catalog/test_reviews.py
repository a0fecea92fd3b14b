"""What members say is read strictly and decided by rule, never by order."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalog.catalog import Catalog
from pipeline.catalog.reviews import (
    REVIEW_ORDER,
    Verdicts,
    decide,
    holding,
    review_check,
    subject_of,
)
from pipeline.errors import DataError
from pipeline.files import write_rows
from pipeline.paths import Project
from pipeline.records import Review, Verdict
from tests.rows import review as make_review
from tests.rows import sha

CHARACTERS = ("ariel", "elsa")


def review(verdict: str, name: str = "a", *, character: str = "", other: str = "") -> Review:
    """Write one verdict."""
    return make_review(sha(name), verdict, character=character, other_sha256=other)


SAID = [
    review("keep"),
    review("reject"),
    review("relabel", character="elsa"),
    review("relabel", character="ariel"),
    review("relabel", "b", character="elsa"),
    review("keeper", "b"),
    review("distinct", other=sha("b")),
]


def test_every_verdict_has_its_place() -> None:
    """Each verdict does what the module says it does."""
    expected = Verdicts(
        rejected=frozenset({sha("a")}),
        relabelled={sha("b"): "elsa"},
        contradictory=frozenset({sha("a")}),
        keepers=frozenset({sha("b")}),
        distinct=frozenset({frozenset({sha("a"), sha("b")})}),
        wanted=frozenset({(sha("a"), ""), (sha("b"), "")}),
    )

    assert expected == decide(SAID)


@given(st.permutations(SAID))
def test_order_of_verdicts_is_irrelevant(reviews: list[Review]) -> None:
    """Verdicts carry no time: any order decides the same, and repeating one adds nothing."""
    assert decide(SAID) == decide([*reviews, reviews[0]])


def test_distinct_holds_both_ways() -> None:
    """Two images are distinct whichever is named first."""
    verdicts = decide(SAID)

    assert verdicts.are_distinct(sha("b"), sha("a"))
    assert not verdicts.are_distinct(sha("a"), sha("c"))


def test_members_vouch_for_labels() -> None:
    """Keep, keeper and relabel say where an image belongs; a given character says it of one."""
    moved = review("relabel", "d", character="elsa")
    verdicts = decide([*SAID, moved, review("keep", "c", character="ariel")])

    assert verdicts.vouch_for(sha("a"), "elsa")
    assert verdicts.vouch_for(sha("b"), "elsa")
    assert verdicts.vouch_for(sha("c"), "ariel")
    assert not verdicts.vouch_for(sha("c"), "elsa")
    assert verdicts.vouch_for(sha("d"), "elsa")
    assert not verdicts.vouch_for(sha("d"), "ariel")


def test_the_later_word_on_one_subject_holds() -> None:
    """What an image is, that it is the keeper, and that two differ are three subjects of its own.

    Which of two distinct images is named first makes no other subject.
    """
    keeper = review("keeper")
    distinct, turned = review("distinct", other=sha("b")), review("distinct", "b", other=sha("a"))
    rejected, other = review("reject"), review("keep", "c")

    found = holding([keeper, review("keep"), distinct, rejected, other, turned])

    assert sorted([keeper, rejected, other, turned], key=REVIEW_ORDER) == found


def test_all_members_are_read(make_project: Callable[..., Project]) -> None:
    """Each member has a file; none at all is fine, too."""
    project = make_project()
    assert Verdicts() == Catalog(project, characters=CHARACTERS).verdicts

    write_rows(project.reviews / "m2.csv", Review, [review("reject", "a")])
    write_rows(project.reviews / "na.csv", Review, [review("reject", "b")])

    found = Catalog(project, characters=CHARACTERS).verdicts
    assert frozenset({sha("a"), sha("b")}) == found.rejected


def test_subjects_have_names() -> None:
    """By which others withdraw a word: that an image is the keeper, or what it is."""
    names = [subject_of(review(verdict)) for verdict in ("keeper", "keep", "reject")]

    assert [("keeper", sha("a"), ""), *[("image", sha("a"), "")] * 2] == names


@pytest.mark.parametrize("characters", [CHARACTERS, None])
def test_right_rows_are_accepted(characters: tuple[str, ...] | None) -> None:
    """Every verdict in its usual form; where the characters are not known any may be named."""
    check = review_check(characters)
    rows = [*SAID, *([] if characters else [review("relabel", character="elza")])]

    assert {None} == {check(row) for row in rows}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (review("maybe"), "verdict 'maybe'; allowed: keep, reject, relabel, keeper, distinct"),
        (review("relabel", character="elza"), "character 'elza' is not in params.yaml"),
        (review("distinct"), "other_sha256 ''; distinct needs the sha256 of another image"),
        (review("distinct", other=sha("a")), "distinct needs the sha256 of another image"),
        (
            Review(sha256="A1", verdict=Verdict.KEEP, character="", other_sha256="", note=""),
            "sha256 'A1'; must be 64 of 0-9 a-f",
        ),
    ],
)
def test_wrong_rows_are_refused(
    make_project: Callable[..., Project], wrong: Review, message: str
) -> None:
    """A row that means nothing stops with its file and line."""
    project = make_project()
    write_rows(project.reviews / "na.csv", Review, [review("keep"), wrong])

    with pytest.raises(DataError) as caught:
        _ = Catalog(project, characters=CHARACTERS).verdicts

    assert f"{project.reviews / 'na.csv'}:3: " in str(caught.value)
    assert message in str(caught.value)
