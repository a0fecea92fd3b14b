"""A contribution as CI sees it: with real git and real DVC."""

import pytest

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
        "data/contributions/na/ariel.dvc: not in the remote; "
        "run dvc push data/contributions/na/ariel.dvc"
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


def test_without_git_and_dvc_the_rest_is_checked(make_project):
    """A folder that was unpacked from an archive."""
    clone = Clone(make_project())
    clone.add(1)

    assert [] == clone.check()
    clone.shelf().pointer.unlink()
    assert ["data/contributions/na/ariel.dvc: not there, but the manifest has 1 rows; "] == [
        line.partition("run ")[0] for line in clone.check()
    ]
