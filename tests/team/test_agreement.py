"""How far members agree, beyond chance."""

from pathlib import Path

import pytest

from pipeline.catalog.catalog import Catalog
from pipeline.paths import Project
from pipeline.records import Review
from pipeline.team.agreement import Agreement, agreements, cohens_kappa
from pipeline.team.reviews import ReviewFile


def say(root: Path, member: str, **words: str) -> None:
    """Have a member review images: keep, reject, keeper, or the slug of a move."""
    for name, word in words.items():
        is_verdict = word in {"keep", "reject", "keeper"}
        review = Review(
            sha256=name * 64,
            verdict=word if is_verdict else "relabel",
            character="ariel" if word == "keep" else "" if is_verdict else word,
            other_sha256="",
            note="",
        )
        ReviewFile(Project(root), member=member).decide(review)


def test_cohens_own_kind_of_table() -> None:
    """20 both keep, 15 both reject, 5 and 10 differ: 0.4, as computed by hand."""
    pairs = [("keep", "keep")] * 20 + [("keep", "reject")] * 5
    pairs += [("reject", "keep")] * 10 + [("reject", "reject")] * 15

    assert pytest.approx(0.4) == cohens_kappa(pairs)


@pytest.mark.parametrize(
    ("pairs", "kappa"),
    [
        ([("keep", "keep"), ("reject", "reject")], 1),
        ([("keep", "reject"), ("reject", "keep")], -1),
        ([("keep", "keep"), ("keep", "reject")], 0),
        ([("keep", "keep")], None),
    ],
)
def test_the_ends_of_the_scale(pairs, kappa) -> None:
    """Full agreement, full disagreement, chance; and nothing to tell from one word alone."""
    assert kappa == cohens_kappa(pairs)


def test_only_what_both_reviewed_counts(tmp_path: Path) -> None:
    """Pairs of members in order of names; moves to two characters are a dispute."""
    say(tmp_path, "na", a="keep", b="elsa", c="reject", d="keep", e="keeper")
    say(tmp_path, "m2", a="keep", b="merida", c="reject")
    say(tmp_path, "m3", e="keep")

    expected = Agreement(
        member="m2",
        other_member="na",
        num_images=3,
        agreement=1 - 1 / 3,
        kappa=pytest.approx(4 / 7),
        disputed=(("b" * 64, "relabel merida", "relabel elsa"),),
    )
    assert [expected] == agreements(Catalog(Project(tmp_path)).reviews)


def test_nobody_has_reviewed(tmp_path: Path) -> None:
    """No files, no agreement."""
    assert [] == agreements(Catalog(Project(tmp_path)).reviews)
