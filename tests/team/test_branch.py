"""A contribution as CI sees it: with real git and real DVC."""

import pytest

from pipeline.errors import DataError
from pipeline.files import read_rows, write_rows
from pipeline.params import load_params
from pipeline.records import ImageRecord
from pipeline.team.branch import WITHOUT_DVC, check_contribution, scope_of
from tests.team.clones import Clone, clone_of, drawing


@pytest.fixture
def na(lead: Clone) -> Clone:
    """Clone for na, on a branch of that name."""
    return clone_of(lead, "na")


def test_a_push_that_was_forgotten_is_found(na: Clone):
    """By the name of the pointer, with the command; after it there is nothing to say."""
    na.add(1, 2)
    na.commit()

    pointer = "data/contributions/na/ariel.dvc"
    assert [f"{pointer}: not in the remote; run dvc push {pointer}"] == na.check()
    na.dvc("push")
    assert [] == na.check()


def test_a_remote_that_misses_one_image_is_found(na: Clone):
    """Though it has the list of the folder, with which DVC is content."""
    na.add(1, 2)
    na.dvc("push")
    na.commit()
    store = na.project.root.parent / "store" / "files" / "md5"
    next(path for path in sorted(store.rglob("??/*")) if not path.suffix).unlink()

    pointer = "data/contributions/na/ariel.dvc"
    assert [f"{pointer}: 1 of its images not in the remote; run dvc push {pointer}"] == na.check()


def test_the_pointer_is_the_one_of_dvc(na: Clone):
    """`dvc add` of the same folder writes the same bytes, and DVC finds nothing to do."""
    na.add(1, 2)
    shelf = na.shelf()
    ours, ignored = shelf.pointer.read_bytes(), na.git("status", "--short")

    na.dvc("add", na.project.relative(shelf.folder))

    assert ours == shelf.pointer.read_bytes()
    assert ignored == na.git("status", "--short")


@pytest.mark.slow
def test_a_forgotten_push_is_found_in_a_fresh_clone(na: Clone, lead: Clone):
    """Which has no image at all, as in CI."""
    na.add(1)
    na.commit()
    na.git("push", "--quiet", "origin", "na")
    finding = (
        "data/contributions/na/ariel.dvc: not in the remote; on the machine that has them "
        "run dvc push data/contributions/na/ariel.dvc (is it lost: disney contribute mend --as na "
        "--drop-missing)"
    )

    fresh = clone_of(lead, "ci")
    fresh.git("reset", "--quiet", "--hard", "origin/na")
    assert finding in fresh.check()


@pytest.mark.slow
def test_more_pictures_in_a_fresh_clone(na: Clone, lead: Clone):
    """Nothing is pulled, only the list of the older ones is read; nobody loses a picture."""
    na.add(1, 2, 3)
    na.dvc("push")
    na.commit()
    na.git("push", "--quiet", "origin", "na")
    laptop = clone_of(lead, "laptop")
    laptop.git("reset", "--quiet", "--hard", "origin/na")

    laptop.add(4, 5)
    laptop.dvc("push")
    laptop.commit()

    assert [] == laptop.check()
    assert 2 == len(list(laptop.shelf().folder.iterdir()))
    laptop.dvc("pull")
    assert 5 == len(list(laptop.shelf().folder.iterdir()))


def test_a_hidden_pointer_is_found(na: Clone):
    """A wildcard in .gitignore makes DVC not see the pointer at all, and say nothing."""
    with (na.project.root / ".gitignore").open("a") as file:
        file.write("/data/contributions/*/*/**\n")
    na.add(1)

    assert any("hidden from DVC by a .gitignore" in line for line in na.check(member="na"))


@pytest.mark.slow
def test_dvc_add_of_a_folder_that_was_not_pulled_is_found(na: Clone, lead: Clone):
    """DVC shrinks the pointer and says nothing; the rows still know the images."""
    na.add(1, 2)
    na.dvc("push")
    na.commit()
    na.git("push", "--quiet", "origin", "na")
    laptop = clone_of(lead, "laptop")
    laptop.git("reset", "--quiet", "--hard", "origin/na")
    laptop.shelf().folder.mkdir()
    (laptop.shelf().folder / "IMG_1.png").write_bytes(drawing(7))

    laptop.dvc("add", "data/contributions/na/ariel")

    (finding,) = [line for line in laptop.check() if "lists" in line]
    assert "lists 1 images, 2 rows have none and 1 images have no row" in finding
    assert () == laptop.mend().left
    laptop.dvc("push")
    assert [] == laptop.check()


def pushed_without_pictures(lead: Clone, *numbers: int) -> Clone:
    """Let one machine of na's add pictures and push them to git, and forget the DVC remote."""
    desktop = clone_of(lead, "desktop")
    desktop.add(*numbers)
    desktop.commit()
    lead.git("pull", "--quiet", "--no-rebase", "--no-edit", "../desktop", "desktop")
    return desktop


def told(clone: Clone) -> set[str]:
    """Ask `add`, `mend` and `check` what is to be done, in the words of each."""
    with pytest.raises(DataError) as refused:
        clone.add(9)
    return {str(refused.value), *clone.mend().left, *clone.check(member="na")}


@pytest.mark.slow
def test_a_second_machine_is_sent_to_the_first(lead: Clone):
    """One machine forgot the push: all commands name what helps there, and then it does."""
    desktop = pushed_without_pictures(lead, 1, 2)
    laptop = clone_of(lead, "laptop")
    push = "run dvc push data/contributions/na/ariel.dvc"

    lines = told(laptop)
    desktop.dvc("push", "--quiet")

    assert 3 == len([line for line in lines if push in line])
    assert all("on the machine that has them" in line for line in lines)
    assert () == laptop.mend().left
    laptop.add(9)
    laptop.dvc("push", "--quiet")
    laptop.commit()
    assert [] == laptop.check()


@pytest.mark.slow
def test_a_machine_that_is_lost_is_no_dead_end(lead: Clone):
    """What nobody has is dropped, and the same pictures can be added again; then all is fine."""
    pushed_without_pictures(lead, 1, 2)
    laptop = clone_of(lead, "laptop")
    assert all("mend --as na --drop-missing" in line for line in told(laptop))

    mended = laptop.mend(drop_missing=True)

    assert 2 == len([line for line in mended.done if line.endswith("which nobody has")])
    assert () == mended.left
    laptop.add(1)
    laptop.dvc("push", "--quiet")
    laptop.commit()
    assert [] == laptop.check()


@pytest.mark.slow
def test_nothing_that_somebody_has_is_dropped(lead: Clone):
    """Neither what the remote has and this machine lacks, nor what is here and not pushed yet."""
    lead.add(1)
    lead.dvc("push", "--quiet")
    lead.commit()
    laptop = clone_of(lead, "laptop")
    laptop.add(2)

    assert ((), ()) == (laptop.mend(drop_missing=True).done, laptop.mend().left)

    laptop.dvc("push", "--quiet")
    laptop.commit()
    assert [] == laptop.check()


@pytest.mark.slow
def test_rows_of_pictures_that_are_stored_stay(lead: Clone):
    """Nobody drops what the remote has: taking such a row out is a finding."""
    lead.add(1, 2)
    lead.dvc("push", "--quiet")
    lead.commit()
    laptop = clone_of(lead, "laptop")
    rows = read_rows(laptop.shelf().manifest, ImageRecord)
    write_rows(laptop.shelf().manifest, ImageRecord, rows[:1])
    laptop.mend()
    laptop.dvc("push", "--quiet")
    laptop.commit()

    (finding,) = laptop.check()

    assert "was taken out, and no review rejects it" in finding


def test_no_remote_is_a_finding(na: Clone):
    """Nobody else could have the pictures: that is not fine."""
    na.add(1)
    config = na.project.root / ".dvc" / "config"
    config.write_text("[core]\n    analytics = false\n")
    na.git("update-index", "--assume-unchanged", ".dvc/config")
    na.commit()

    (finding,) = na.check()

    assert finding.startswith(".dvc/config: no remote, so nobody else can have the pictures; run")


def test_no_dvc_is_a_finding(na: Clone):
    """A clone whose .dvc was lost pushes nothing."""
    na.add(1)
    na.commit()
    na.git("rm", "--quiet", "--cached", ".dvc/config")
    (na.project.root / ".dvc" / "config").unlink()
    scope = scope_of(na.project)
    params = load_params(na.project)

    assert WITHOUT_DVC in check_contribution(na.project, params, scope=scope, cache=na.cache)


def test_no_repository_is_an_error(make_project):
    """A folder that was unpacked from an archive: what a branch brings cannot be seen."""
    with pytest.raises(DataError, match=r"git: no repository .* run it in a clone"):
        scope_of(make_project())


def test_a_repository_that_git_refuses_is_an_error(na: Clone, monkeypatch: pytest.MonkeyPatch):
    """As one of another owner in a CI container: git's own command is named."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git's own way to try it

    for ask in (lambda: scope_of(na.project, base="main"), na.mend):
        with pytest.raises(DataError) as refused:
            ask()
        root = na.project.root
        assert f"run git config --global --add safe.directory {root}" in str(refused.value)
