"""Pointers: .dvc files of folders whose images are not at hand."""

import json
from pathlib import Path

import pytest

from pipeline.errors import DataError
from pipeline.files import write_bytes
from pipeline.paths import Project
from pipeline.team.dvc_cache import DvcCache, Listing, md5_of
from pipeline.team.pointers import (
    Pointer,
    Shelf,
    extend_pointer,
    ignore_folder,
    shelves,
    shorten_pointer,
)

ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture
def cache(tmp_path: Path) -> DvcCache:
    """Start an empty cache."""
    return DvcCache(tmp_path / "cache")


def add_folder(cache: DvcCache, **files: bytes) -> str:
    """Store files and the folder that lists them."""
    for data in files.values():
        write_bytes(cache.path(md5_of(data)), data)
    return cache.add_listing(entries(**files))


def entries(**files: bytes) -> Listing:
    """List files as DVC does."""
    return [{"md5": md5_of(data), "relpath": f"{name[1:]}.png"} for name, data in files.items()]


@pytest.mark.parametrize("sha256s", [{TWO}, set()])
def test_a_pointer_without_the_image_is_left_alone(
    cache: DvcCache, tmp_path: Path, sha256s: set[str]
):
    """Not one byte of it changes, or DVC would want it committed."""
    folder = add_folder(cache, **{f"f{ONE}": b"one"})
    pointer = tmp_path / "ariel.dvc"
    pointer.write_text(f"outs:\n- md5: {folder}\n  size: 3\n  nfiles: 1\n  path: ariel\n")
    before = pointer.read_bytes()

    shorten_pointer(pointer, sha256s, cache=cache)

    assert before == pointer.read_bytes()


def test_a_pointer_keeps_all_but_the_image(cache: DvcCache, tmp_path: Path):
    """Path and hash kind stay; the folder lists the others."""
    folder = add_folder(cache, **{f"f{ONE}": b"one", f"f{TWO}": b"two"})
    pointer = tmp_path / "ariel.dvc"
    pointer.write_text(f"outs:\n- md5: {folder}\n  size: 6\n  nfiles: 2\n  path: ariel\n")

    shorten_pointer(pointer, {ONE}, cache=cache)

    rows = [{"md5": md5_of(b"two"), "relpath": f"{TWO}.png"}]
    digest = md5_of(json.dumps(rows, sort_keys=True).encode())
    assert f"outs:\n- md5: {digest}.dir\n  nfiles: 1\n  path: ariel\n" == pointer.read_text()


def test_a_pointer_to_a_single_file_is_none_of_ours(cache: DvcCache, tmp_path: Path):
    """It has no list of a folder."""
    pointer = tmp_path / "film.dvc"
    pointer.write_text(f"outs:\n- md5: {'0' * 32}\n  path: film.mp4\n")

    shorten_pointer(pointer, {ONE}, cache=cache)

    assert "film.mp4" in pointer.read_text()


def test_the_first_pointer_is_dvcs_own(cache: DvcCache, tmp_path: Path):
    """Keys and their order are those of `dvc add`."""
    pointer = tmp_path / "ariel.dvc"

    extend_pointer(pointer, entries(**{f"f{ONE}": b"one"}), cache=cache, added_bytes=3)

    digest = cache.add_listing(entries(**{f"f{ONE}": b"one"}))
    expected = f"outs:\n- md5: {digest}\n  size: 3\n  nfiles: 1\n  hash: md5\n  path: ariel\n"
    assert expected == pointer.read_text()


def test_a_pointer_grows(cache: DvcCache, tmp_path: Path):
    """By what is new; what it says besides stays, and what is listed already comes once."""
    pointer = tmp_path / "ariel.dvc"
    folder = add_folder(cache, **{f"f{ONE}": b"one"})
    pointer.write_text(
        f"outs:\n- md5: {folder}\n  size: 3\n  nfiles: 1\n  path: ariel\n  desc: ours\n"
    )
    both = entries(**{f"f{ONE}": b"one", f"f{TWO}": b"two"})

    extend_pointer(pointer, both, cache=cache, added_bytes=3)

    assert Pointer(digest=cache.add_listing(both), num_files=2, size_bytes=6) == Pointer.read(
        pointer
    )
    assert "desc: ours" in pointer.read_text()


def test_a_size_that_was_not_known_stays_so(cache: DvcCache, tmp_path: Path):
    """After a take-down the pointer has no size, and DVC needs none."""
    pointer = tmp_path / "ariel.dvc"
    pointer.write_text(f"outs:\n- md5: {add_folder(cache)}\n  nfiles: 0\n  path: ariel\n")

    extend_pointer(pointer, entries(**{f"f{ONE}": b"one"}), cache=cache, added_bytes=3)

    assert Pointer.read(pointer).size_bytes is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<<<<<<< HEAD\nouts:\n=======\n", "perhaps half merged; run disney contribute mend"),
        ("outs: []\n", "names no folder"),
        ("", "names no folder"),
        (f"outs:\n- md5: {'0' * 32}\n  path: a.png\n", "of a file, not of a folder"),
    ],
)
def test_what_is_no_pointer_is_one_line(tmp_path: Path, text: str, problem: str):
    """With the file, and what to do."""
    (tmp_path / "ariel.dvc").write_text(text)

    with pytest.raises(DataError, match=f"ariel.dvc: .*{problem}"):
        Pointer.read(tmp_path / "ariel.dvc")


def test_the_folder_is_kept_out_of_git(tmp_path: Path):
    """By a line of its own, once; other lines stay."""
    (tmp_path / ".gitignore").write_text("/elsa\n")

    for _ in range(2):
        ignore_folder(tmp_path / "ariel")

    assert "/elsa\n/ariel\n" == (tmp_path / ".gitignore").read_text()


def test_a_shelf_is_known_by_its_manifest_or_its_pointer(tmp_path: Path):
    """Whichever is lost, the other one still shows that there is something."""
    project = Project(tmp_path)
    write_bytes(project.manifests / "na" / "ariel.csv", b"")
    write_bytes(project.contributions / "m2" / "elsa.dvc", b"")

    expected = [("m2", "elsa"), ("na", "ariel")]
    assert expected == [(each.member, each.character) for each in shelves(project)]
    assert Shelf(project=project, member="na", character="ariel") == shelves(project)[1]
