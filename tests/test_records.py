"""Rows: frozen, keyword-only, and lists of words that readers can rely on."""

from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path

import pytest

from pipeline import records
from pipeline.errors import DataError
from pipeline.files import read_csv, read_rows, write_csv, write_rows
from pipeline.records import (
    SLUG,
    ConflictRow,
    GroupReason,
    ImageRecord,
    Reason,
    Rejected,
    Verdict,
)
from tests.team.hoard import image_record

ROWS = [each for each in vars(records).values() if is_dataclass(each)]


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.__name__)
def test_rows_are_frozen_and_named(kind: type) -> None:
    """A row cannot be changed after the fact, nor built from columns in a wrong order."""
    assert kind.__dataclass_params__.frozen
    assert all(field.kw_only for field in fields(kind))
    with pytest.raises(TypeError):
        kind(*fields(kind))


def test_reasons_are_values() -> None:
    """A reason for one image compares, hashes and cannot be changed."""
    one, other = (Rejected(reason=Reason.GONE, detail="404") for _ in range(2))

    assert {one} == {one, other}
    with pytest.raises(FrozenInstanceError):
        one.detail = "410"


@pytest.mark.parametrize("words", [Reason, GroupReason, Verdict])
def test_words_are_plain_text(words: type[Reason]) -> None:
    """Closed lists are written to CSV as they are: lower case, no comma, no quote."""
    assert all(word == word.lower().strip() for word in words)
    assert all(set(word) <= set("abcdefghijklmnopqrstuvwxyz ") for word in words)


@pytest.mark.parametrize(
    ("column", "cell", "allowed"),
    [
        ("sha256", "../" + "a" * 61, "64 of 0-9 a-f"),
        ("sha256", "a" * 64 + "\n", "64 of 0-9 a-f"),
        ("phash", "zz", "16 of 0-9 a-f"),
        ("phash", "", "16 of 0-9 a-f"),
        ("phash", "F" * 16, "16 of 0-9 a-f"),
        ("width_px", "0", "1 or more"),
        ("height_px", "-3", "1 or more"),
        ("bytes", "0", "1 or more"),
        ("format", "SVG", "JPEG, PNG, WEBP, GIF"),
    ],
)
def test_a_cell_that_no_picture_has(tmp_path: Path, column: str, cell: str, allowed: str) -> None:
    """One line names the file, its row, the cell and what is allowed; nobody meets it later."""
    true = image_record("a" * 64)
    write_rows(tmp_path / "a.csv", ImageRecord, [true])
    header, rows = read_csv(tmp_path / "a.csv")
    rows[0][header.index(column)] = cell
    write_csv(tmp_path / "a.csv", header, rows)

    with pytest.raises(DataError) as caught:
        read_rows(tmp_path / "a.csv", ImageRecord)

    number = int(cell) if column in {"width_px", "height_px", "bytes"} else cell
    assert f"{tmp_path}/a.csv:2: {column}: got {number!r}, allowed: {allowed}" == str(caught.value)


@pytest.mark.parametrize(
    ("text", "is_slug"),
    [
        ("ariel", True),
        ("snow_white", True),
        ("7-dwarfs", True),
        ("a" * 64, True),
        ("", False),
        ("a" * 65, False),
        ("Ariel", False),
        ("mr.smee", False),
        ("../etc", False),
        ("_x", False),
        ("ariel\n", False),
        ("인어공주", False),
    ],
)
def test_slugs_are_safe_names(text: str, is_slug: bool) -> None:  # noqa: FBT001
    """A slug holds nothing that a path, a shell or YAML could take for something else."""
    assert is_slug == bool(SLUG.match(text))


def test_conflict_row_survives_a_file(tmp_path: object) -> None:
    """A row that is written and read again is the same."""
    row = ConflictRow(
        sha256="a" * 64,
        character="ariel",
        other_sha256="b" * 64,
        other_character="elsa",
        distance_bits=3,
    )
    write_rows(tmp_path / "conflicts.csv", ConflictRow, [row])

    assert [row] == read_rows(tmp_path / "conflicts.csv", ConflictRow)
