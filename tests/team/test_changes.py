"""What a branch may change, with real git."""

import pytest

from pipeline.errors import DataError
from pipeline.files import read_rows, write_rows
from pipeline.records import Denied, ImageRecord, Review
from pipeline.team.changes import check_paths, members_in
from tests.rows import image_record
from tests.team.clones import Clone, clone_of, share_caches


@pytest.fixture
def na(lead: Clone) -> Clone:
    """Clone for na, where two pictures are on main already; without DVC, which takes longer."""
    lead.add(1, 2)
    lead.git("rm", "--quiet", ".dvc/config")
    lead.commit()
    clone = clone_of(lead, "na")
    share_caches(lead, clone)
    return clone


def drop_row(clone: Clone, index: int = 0) -> ImageRecord:
    """Take a row out of the manifest and its image out of the pointer."""
    rows = read_rows(clone.shelf().manifest, ImageRecord)
    gone = rows.pop(index)
    write_rows(clone.shelf().manifest, ImageRecord, rows)
    return gone


def removals(clone: Clone) -> list[str]:
    """Check; only what is said about rows that were taken out."""
    return [line for line in clone.check() if "taken out" in line]


def test_members_are_known_by_their_files():
    """Folders and reviews; files of nobody in particular tell nothing."""
    paths = ["data/manifests/na/ariel.csv", "data/reviews/m2.csv", "data/denied.csv", "dvc.lock"]

    assert ["m2", "na"] == members_in([*paths, "data/contributions/na/.gitignore"])


def test_only_own_paths():
    """Own ones and the list of the denied; dvc.lock has a word of its own."""
    paths = ["data/contributions/na/ariel.dvc", "data/denied.csv", "data/reviews/m2.csv"]

    found = [str(each) for each in check_paths([*paths, "dvc.lock"], member="na", base="a" * 40)]

    review, lock = found
    assert review.startswith("data/reviews/m2.csv: changed, but m2's; run git checkout aaaaaaaaaaa")
    assert (
        "dvc.lock: changed, but written by the lead's dvc repro alone; "
        "run git checkout aaaaaaaaaaaa -- dvc.lock, or put it on a branch of its own"
    ) == lock


def test_an_image_in_git_is_found(na: Clone):
    """A .gitignore that was lost lets `git add` take the images in."""
    na.add(3)
    na.shelf().folder.with_name(".gitignore").unlink()

    (finding,) = [line for line in na.check() if "an image in git" in line]

    assert finding.startswith("data/contributions/na/ariel/")
    assert "git rm --cached data/contributions/na/ariel/" in finding


def test_a_lock_beside_pictures_is_found(na: Clone):
    """Committed or not."""
    (na.project.root / "dvc.lock").write_text("schema: '2.0'\n")
    na.project.reviews.joinpath("na.csv").write_text("sha256,verdict,character,other_sha256,note\n")

    (finding,) = na.check()

    assert finding.startswith("dvc.lock: changed, but written by the lead's dvc repro alone")


def test_files_of_two_members_are_found(na: Clone):
    """Unless it is said whose branch it is; then the other's are named."""
    for member in ("na", "m2"):
        na.project.reviews.joinpath(f"{member}.csv").write_text(
            "sha256,verdict,character,other_sha256,note\n"
        )

    assert ["data: the branch changes files of m2, na; one branch a member; "] == [
        line.partition("--member")[0] for line in na.check()
    ]
    (finding,) = na.check(member="na")
    assert finding.startswith("data/reviews/m2.csv: changed, but m2's")


def test_a_row_that_vanished_is_found(na: Clone):
    """Also with its whole manifest."""
    gone = drop_row(na)

    (finding,) = removals(na)
    assert f"{gone.sha256[:12]} was taken out, and no review rejects it" in finding
    na.shelf().manifest.unlink()
    assert 2 == len(removals(na))


def test_a_review_or_a_denial_lets_a_row_go(na: Clone):
    """By whoever gave it."""
    rejected, denied = drop_row(na), drop_row(na)
    review = Review(
        sha256=rejected.sha256, verdict="reject", character="", other_sha256="", note=""
    )
    write_rows(na.project.reviews / "m2.csv", Review, [review])
    write_rows(na.project.denied, Denied, [Denied(item=denied.sha256, reason="asked")])

    assert [] == removals(na)


def test_a_row_that_another_member_has_as_well_may_go(na: Clone):
    """One of two copies must go, and no review is needed for that."""
    gone = drop_row(na)
    write_rows(na.shelf("m2", "elsa").path, ImageRecord, [image_record(gone.sha256, "elsa", "m2")])

    assert [] == removals(na)


def test_a_branch_that_is_not_there(na: Clone):
    """One line, with what CI must do."""
    with pytest.raises(DataError, match=r"no commit in common with nowhere; .*fetch-depth: 0"):
        na.check(base="nowhere")
