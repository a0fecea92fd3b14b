"""Answers as lines, and files of them that are gone on with."""

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import DataError
from pipeline.inference.answers import Answer
from pipeline.inference.lines import FIXED, Asked, Format, Journal, Printer
from pipeline.inference.many import Row

TOP = (("elsa", 0.75), ("ariel", 0.125))
GOOD = Row(file="a.png", answer=Answer(character="elsa", probability=0.75, top=TOP))
NOBODY = Row(
    file="b, c.png",
    answer=Answer(character=None, probability=0.75, top=TOP, reason="probability 0.75 is below 1"),
)
BAD = Row(file="인어.txt", answer=None, error="not an image (text)")
SHOWN = Row(file="a.png", answer=GOOD.answer, heat_map="maps/1.png")
ROWS = (GOOD, NOBODY, BAD)
ASKED = Asked(network="cnn", weights="ab" * 32, reject_below=0.25)
SHA256 = "cd" * 32


def open_journal(path: Path, kind: Format = "json", *, asked: Asked = ASKED) -> Journal:
    """Open a file of answers that list two characters."""
    return Journal(path, kind, top=2, asked=asked)


def answer(path: Path, kind: Format, rows: tuple[Row, ...], *, asked: Asked = ASKED) -> list[Row]:
    """Add the rows that are not there yet, as the command does; give those."""
    sha256s = {row.file: row.sha256 for row in rows}
    with open_journal(path, kind, asked=asked) as journal:
        new = [row for row in rows if not journal.knows(row.file, sha256s.__getitem__)]
        for row in new:
            journal.add(row)
    return new


def test_text() -> None:
    """A line a person reads at a glance."""
    assert [
        "a.png: elsa 0.750 (ariel 0.125)",
        "b, c.png: none of these: elsa's probability 0.75 is below 1",
        "인어.txt: not an image (text)",
        "a.png: elsa 0.750 (ariel 0.125) maps/1.png",
    ] == [Printer("text", top=2).line(row) for row in (*ROWS, SHOWN)]


def test_json_is_the_contract() -> None:
    """`file` with `character`, `probability` and `top`, or with `error`."""
    top = [["elsa", 0.75], ["ariel", 0.125]]
    found = {"probability": 0.75, "top": top}

    assert [
        {"file": "a.png", "character": "elsa", **found},
        {
            "file": "b, c.png",
            "character": None,
            **found,
            "reason": "probability 0.75 is below 1",
        },
        {"file": "인어.txt", "error": "not an image (text)"},
        {"file": "a.png", "character": "elsa", **found, "heat_map": "maps/1.png"},
    ] == [json.loads(Printer("json", top=2).line(row)) for row in (*ROWS, SHOWN)]


def test_csv_has_a_cell_for_each_column() -> None:
    """Every row fits the header, whatever became of the picture."""
    printer = Printer("csv", top=3)
    text = "\n".join([printer.header, *map(printer.line, ROWS)])

    header, good, nobody, bad = csv.reader(io.StringIO(text))
    assert [*FIXED, "top_1", "probability_1"] == header[:8]
    assert ["elsa", "0.75", "ariel", "0.125", "", ""] == good[6:]
    assert ["b, c.png", "", "0.75", "probability 0.75 is below 1"] == nobody[:4]
    assert ["인어.txt", "not an image (text)"] == [bad[0], bad[5]]
    assert {len(header)} == {len(row) for row in (good, nobody, bad)}


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_a_journal_goes_on_where_it_stopped(kind: Format, tmp_path: Path) -> None:
    """A second run knows what is there, also what failed, and adds the rest below it."""
    path = tmp_path / "new" / "out"
    answer(path, kind, (GOOD, BAD))
    before = path.read_text()

    assert [NOBODY] == answer(path, kind, ROWS)

    assert path.read_text().startswith(before)
    journal = open_journal(path, kind)
    assert (3, 1) == (len(journal), journal.num_failed)


@pytest.mark.parametrize("kind", ["json", "csv"])
@pytest.mark.parametrize(
    "other", [{"network": "vit"}, {"weights": "ef" * 32}, {"reject_below": 0.5}]
)
def test_an_answer_is_of_one_network(kind: Format, other: dict[str, Any], tmp_path: Path) -> None:
    """Trained again, another one, or less easily content: it is asked, once, and counts alone."""
    path, asked = tmp_path / "out", replace(ASKED, **other)
    answer(path, kind, ROWS)

    assert [*ROWS] == answer(path, kind, ROWS, asked=asked)
    assert [] == answer(path, kind, ROWS)
    assert [] == answer(path, kind, ROWS, asked=asked)
    assert 3 == len(open_journal(path, kind, asked=asked))


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_an_answer_is_of_one_picture(kind: Format, tmp_path: Path) -> None:
    """A name that stands for another picture now is asked about, and so is one that was missing."""
    path, missing = tmp_path / "out", Row(file="a.png", answer=None, error="no such file")
    monday, tuesday = replace(GOOD, sha256=SHA256), replace(GOOD, sha256="00" * 32)

    for row in (missing, monday, tuesday):
        assert [row] == answer(path, kind, (row,))
        assert [] == answer(path, kind, (row,))

    journal = open_journal(path, kind)
    assert (2, 0) == (len(journal), journal.num_failed)
    assert SHA256 in path.read_text()


def test_an_address_is_known_by_its_name(tmp_path: Path) -> None:
    """What is on the web is not fetched again to see that it was answered."""
    answer(tmp_path / "out", "json", (replace(GOOD, sha256=SHA256),))

    assert open_journal(tmp_path / "out").knows("a.png", lambda _: None)


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_killed_at_any_byte(kind: Format, tmp_path: Path) -> None:
    """Whatever a kill left of a line, even of a name of several, the next run ends the same."""
    path = tmp_path / "out"
    rows = (GOOD, replace(GOOD, file='two\n"lines",\r\n\n.png', sha256=SHA256), NOBODY, BAD)
    answer(path, kind, rows)
    whole = path.read_bytes()

    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        answer(path, kind, rows)
        assert whole == path.read_bytes()


@pytest.mark.parametrize("kind", ["json", "csv"])
@pytest.mark.parametrize(
    "content",
    ["contact: me", "contact: me\n", "sha256,file\n1,2\n", "{}\n", '["file"]\n', '"file"\n', "\n"],
)
def test_other_files_are_left_alone(kind: Format, content: str, tmp_path: Path) -> None:
    """A file that is no journal is refused, and not a byte of it changes."""
    path = tmp_path / "params.yaml"
    path.write_text(content)

    with pytest.raises(DataError, match="no answers of disney predict; name another file"):
        open_journal(path, kind)

    assert content == path.read_text()


def test_another_number_of_columns_is_another_file(tmp_path: Path) -> None:
    """A table of the two likeliest cannot go on as one of three."""
    answer(tmp_path / "out.csv", "csv", (GOOD,))

    with pytest.raises(DataError, match=r"out\.csv:1: columns are not file,"):
        Journal(tmp_path / "out.csv", "csv", top=3, asked=ASKED)


def test_names_that_are_not_utf8_survive(tmp_path: Path) -> None:
    """A file name is bytes: it is written, and known again, as it was given."""
    name = os.fsdecode(b"caf\xe9.png")
    row = Row(file=name, answer=None, error="no such file")

    assert [row] == answer(tmp_path / "out", "json", (row,))

    assert [] == answer(tmp_path / "out", "json", (row,))
    assert b"caf\xe9.png" in (tmp_path / "out").read_bytes()
