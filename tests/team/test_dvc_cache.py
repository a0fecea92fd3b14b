"""DVC's cache, as far as a take-down reads it."""

from pathlib import Path

import pytest

from pipeline.errors import DataError
from pipeline.files import write_bytes
from pipeline.team.dvc_cache import DvcCache, Traces, md5_of

ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture
def cache(tmp_path: Path) -> DvcCache:
    """Start an empty cache."""
    return DvcCache(tmp_path / "cache")


def add_folder(cache: DvcCache, **files: bytes) -> str:
    """Store files and the folder that lists them."""
    for data in files.values():
        write_bytes(cache.path(md5_of(data)), data)
    rows = [{"md5": md5_of(data), "relpath": f"{name[1:]}.png"} for name, data in files.items()]
    return cache.add_listing(rows)


def test_a_folder_is_named_as_dvc_names_it(cache: DvcCache):
    """The name was written by DVC 3.66 for a folder of these two files."""
    rows = [
        {"relpath": "bbb.png", "md5": "2d08f557dc247d690c6eabd590ab3189"},
        {"relpath": "aaa.png", "md5": "5d0faf106c7db65c30249c80f8fd654e"},
    ]

    assert "79b8014f8250a8ebf8d037ec074638e4.dir" == cache.add_listing(rows)


def test_finds_an_image_by_the_folders_that_list_it(cache: DvcCache):
    """Its file need not be at hand, only its name in a list; other images are not found."""
    add_folder(cache, **{f"f{ONE}": b"one", f"f{TWO}": b"two"})

    assert Traces(objects=(cache.path(md5_of(b"one")),)) == cache.find([ONE])


def test_finds_an_image_by_its_file(cache: DvcCache, tmp_path: Path):
    """Where no folder lists it, its bytes are enough."""
    write_bytes(cache.path(md5_of(b"one")), b"one")
    write_bytes(tmp_path / f"{ONE}.png", b"one")

    found = cache.find([ONE], files=[tmp_path / f"{ONE}.png"])

    assert (cache.path(md5_of(b"one")),) == found.objects


def test_finds_runs_that_name_it(cache: DvcCache, tmp_path: Path):
    """By the folder that holds it, or by a table of the project that names it."""
    folder = add_folder(cache, **{f"f{ONE}": b"one"})
    table = tmp_path / "split.csv"
    write_bytes(table, b"sha256")
    for name, text in {"a": folder, "b": md5_of(b"sha256"), "c": "0" * 32}.items():
        write_bytes(tmp_path / "cache" / "runs" / "aa" / "key" / name, text.encode())

    found = cache.find([ONE], files=[table])

    assert ["a", "b"] == [path.name for path in found.runs]
    assert (cache.path(md5_of(b"one")),) == found.objects


def test_no_cache_has_no_traces(cache: DvcCache):
    """A project that never ran DVC has nothing to find."""
    assert Traces() == cache.find([ONE])


def test_a_list_that_is_not_there_or_broken_is_one_line(cache: DvcCache):
    """With what to do."""
    with pytest.raises(DataError, match="not in DVC's cache of this machine; dvc pull brings it"):
        cache.listing("0" * 32 + ".dir")
    write_bytes(cache.path("0" * 32 + ".dir"), b"{cut")
    with pytest.raises(DataError, match="broken, no list of a folder; dvc pull mends it"):
        cache.listing("0" * 32 + ".dir")
