"""DVC's cache, as members' commands read and write it."""

import stat
from pathlib import Path

import pytest

from pipeline.errors import DataError
from pipeline.files import write_bytes
from pipeline.team.dvc_cache import DvcCache


@pytest.fixture
def cache(tmp_path: Path) -> DvcCache:
    """Start an empty cache."""
    return DvcCache(tmp_path / "cache")


def test_a_folder_is_named_as_dvc_names_it(cache: DvcCache):
    """The name was written by DVC 3.66 for a folder of these two files."""
    rows = [
        {"relpath": "bbb.png", "md5": "2d08f557dc247d690c6eabd590ab3189"},
        {"relpath": "aaa.png", "md5": "5d0faf106c7db65c30249c80f8fd654e"},
    ]

    assert "79b8014f8250a8ebf8d037ec074638e4.dir" == cache.add_listing(rows)


def test_a_list_that_is_not_there_or_broken_is_one_line(cache: DvcCache):
    """With what to do."""
    with pytest.raises(DataError, match="not in DVC's cache of this machine; dvc pull brings it"):
        cache.listing("0" * 32 + ".dir")
    write_bytes(cache.path("0" * 32 + ".dir"), b"{cut")
    with pytest.raises(DataError, match="broken, no list of a folder; dvc pull mends it"):
        cache.listing("0" * 32 + ".dir")


def test_objects_are_read_only(cache: DvcCache):
    """As DVC leaves them: an object that is edited in place is another picture for everybody."""
    rows = [{"relpath": "a.png", "md5": "0" * 32}]
    paths = [cache.path(digest) for digest in (cache.add_file(b"one"), cache.add_listing(rows))]

    assert [0o444, 0o444] == [stat.S_IMODE(path.stat().st_mode) for path in paths]
