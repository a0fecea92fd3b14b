"""Files are whole or absent, and rows come back as they were written."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.files import (
    empty_folder,
    make_private,
    read_checked,
    read_csv,
    read_json,
    read_jsonl,
    read_rows,
    replacing,
    replacing_checked,
    sha256_of,
    sha256_of_file,
    write_csv,
    write_json,
    write_jsonl,
    write_rows,
    write_text,
)
from tests.accounts import as_nobody, reachable_folder
from tests.damage import Damage, every_damage, spoil

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fruit:
    """A row of every kind of value that records have."""

    name: str
    count: int
    share: float
    is_ripe: bool
    weight_g: int | None


FRUITS = st.builds(
    Fruit,
    name=TEXT,
    count=st.integers(),
    share=st.floats(allow_nan=False),
    is_ripe=st.booleans(),
    weight_g=st.none() | st.integers(),
)


@given(st.lists(FRUITS, max_size=5))
def test_rows_come_back(tmp_path_factory: pytest.TempPathFactory, rows: list[Fruit]) -> None:
    """Korean, commas, quotes and line breaks survive CSV."""
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    write_rows(path, Fruit, rows)

    assert rows == read_rows(path, Fruit)


def test_every_character_comes_back_from_csv(tmp_path: Path) -> None:
    """Alone, and between others: also those that programs take for the end of a line or a cell."""
    texts = [chr(code) for code in range(1, 0x3100)]
    rows = [[text, f"a{text}b{text}"] for text in texts]

    write_csv(tmp_path / "texts.csv", texts[:2], rows)

    assert (texts[:2], rows) == read_csv(tmp_path / "texts.csv")


@given(st.lists(FRUITS, max_size=5))
def test_json_lines_come_back(tmp_path_factory: pytest.TempPathFactory, rows: list[Fruit]) -> None:
    """So do they survive JSON lines, whatever Unicode calls a line break."""
    path = tmp_path_factory.getbasetemp() / "rows.jsonl"
    write_jsonl(path, rows)

    assert rows == read_jsonl(path, Fruit)


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    """Where writing fails half way, the old content stays and nothing else."""
    path = tmp_path / "a.txt"
    write_text(path, "old")

    with pytest.raises(TypeError, match="bytes-like"), replacing(path) as file:
        file.write("text, not bytes")

    assert "old" == path.read_text(encoding="utf-8")
    assert [path] == list(tmp_path.iterdir())


def test_what_the_disk_cannot_keep_is_not_taken_for_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk may fail only when it is forced to keep the bytes: then the old file stays."""
    path = tmp_path / "a.txt"
    write_text(path, "old")
    forced: list[bytes] = []

    def lose(descriptor: int) -> None:
        forced.append(os.pread(descriptor, 100, 0))
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", lose)
    with pytest.raises(OSError, match="Input/output"):
        write_text(path, "new")

    assert [b"new"] == forced
    assert "old" == path.read_text(encoding="utf-8")
    assert [path] == list(tmp_path.iterdir())


def test_a_cache_comes_back(tmp_path: Path) -> None:
    """What was written is read, without its digest; what is not there is None, and no matter."""
    with replacing_checked(tmp_path / "cache") as file:
        file.write(b"first\n")
        file.seek(0)  # as those who write archives do
        file.write(b"F")

    assert b"First\n" == read_checked(tmp_path / "cache")
    assert read_checked(tmp_path / "none") is None


@every_damage
def test_a_damaged_cache_is_not_used(
    tmp_path: Path, damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the disk did to it, one line names the file, and it is as if it were not there."""
    path = tmp_path / "cache"
    with replacing_checked(path) as file:
        file.write(bytes(range(256)))
    spoil(path, damage)

    assert read_checked(path) is None
    assert [f"{path}: damaged; it is made anew"] == caplog.messages


def test_what_others_left_in_a_private_folder_goes() -> None:
    """Nobody else can enter it any more, and what only its owner wrote is still there."""
    with reachable_folder() as folder:
        folder.chmod(0o777)
        (folder / "mine").write_text("mine")
        assert 0 == as_nobody(f"cd {folder} && mkdir planted && touch planted/deep && ln -s mine x")

        make_private(folder)

        assert [folder / "mine"] == list(folder.iterdir())
        assert 0 != as_nobody(f"ls {folder}")
        assert "mine" == (folder / "mine").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty, expected a header row"),
        ('name,count,share,is_ripe,weight_g\n"x\n', "2: not CSV (unexpected end of data)"),
        ("name,count\n", "1: columns are name,count; expected name,count,share"),
        ("name,count,share,is_ripe,weight_g\na,1\n", "2: 2 columns, the header has 5"),
        ("name,count,share,is_ripe,weight_g\na,x,1,true,\n", "2: count: got 'x', expected int"),
        (
            "name,count,share,is_ripe,weight_g\na,1,1,yes,\n",
            "2: is_ripe: got 'yes', allowed: true, false",
        ),
    ],
)
def test_broken_rows_are_told_by_line(tmp_path: Path, text: str, message: str) -> None:
    """File, line and column of the first fault."""
    path = tmp_path / "fruits.csv"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(DataError) as caught:
        read_rows(path, Fruit)

    assert f"{path}:" in str(caught.value)
    assert message in str(caught.value)


def test_what_is_missing_or_no_text(tmp_path: Path) -> None:
    """A missing file says what to run; bytes that are no UTF-8 say where."""
    (tmp_path / "latin.csv").write_bytes(b"caf\xe9")

    with pytest.raises(DataError, match="not there; run the stage that writes it"):
        read_csv(tmp_path / "missing.csv")
    with pytest.raises(DataError, match="not UTF-8 at byte 3"):
        read_csv(tmp_path / "latin.csv")


def test_json(tmp_path: Path) -> None:
    """Keys are sorted, so that the same value gives the same bytes; faults have a line."""
    path = tmp_path / "a.json"
    write_json(path, {"b": 1, "a": "인어공주"})

    assert '{\n  "a": "인어공주",\n  "b": 1\n}\n' == path.read_text(encoding="utf-8")
    assert {"a": "인어공주", "b": 1} == read_json(path)
    path.write_text("{\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.json:2: not JSON"):
        read_json(path)


def test_broken_json_line(tmp_path: Path) -> None:
    """A line that is no record is told by its number."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"name": "x"}\n', encoding="utf-8")

    with pytest.raises(DataError, match=r"a\.jsonl:1: "):
        read_jsonl(path, Fruit)


def test_hash_of_bytes_and_file_agree(tmp_path: Path) -> None:
    """Hashing a file in pieces gives what hashing its bytes gives."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc" * 1000)

    assert sha256_of(b"abc" * 1000) == sha256_of_file(path)


def test_an_emptied_folder_is_there_and_empty(tmp_path: Path) -> None:
    """Whether it was missing, with its parents, or full."""
    for _ in range(2):
        empty_folder(tmp_path / "a" / "b")

        assert [] == list((tmp_path / "a" / "b").iterdir())
        write_text(tmp_path / "a" / "b" / "c" / "old.txt", "old")
