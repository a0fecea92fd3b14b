"""Rows: frozen, keyword-only, and lists of words that readers can rely on."""

from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest

from pipeline import records
from pipeline.files import read_rows, write_rows
from pipeline.records import SLUG, ConflictRow, GroupReason, Reason, Rejected, Verdict

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
