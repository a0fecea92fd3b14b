"""Answers as lines, and files of them that are gone on with."""

import csv
import io
import json
import os
from pathlib import Path

import pytest

from pipeline.errors import DataError
from pipeline.inference.answers import Answer
from pipeline.inference.lines import FIXED, Format, Journal, Printer
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
    path, printer = tmp_path / "new" / "out", Printer(kind, top=2)
    with Journal(path, printer) as journal:
        journal.add(GOOD)
        journal.add(BAD)
    before = path.read_text()

    with Journal(path, printer) as journal:
        known = [row.file in journal for row in ROWS]
        journal.add(NOBODY)

    assert [True, False, True] == known
    assert (3, 1) == (len(journal), journal.num_failed)
    assert before + printer.line(NOBODY) + "\n" == path.read_text()


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_killed_at_any_byte(kind: Format, tmp_path: Path) -> None:
    """Whatever a kill left of a line, the next run ends with the same file."""
    path, printer = tmp_path / "out", Printer(kind, top=2)
    with Journal(path, printer) as journal:
        for row in ROWS:
            journal.add(row)
    whole = path.read_bytes()

    for length in range(0, len(whole), 3):
        path.write_bytes(whole[:length])
        with Journal(path, printer) as journal:
            for row in ROWS:
                if row.file not in journal:
                    journal.add(row)
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
        Journal(path, Printer(kind, top=2))

    assert content == path.read_text()


def test_another_number_of_columns_is_another_file(tmp_path: Path) -> None:
    """A table of the two likeliest cannot go on as one of three."""
    with Journal(tmp_path / "out.csv", Printer("csv", top=2)) as journal:
        journal.add(GOOD)

    with pytest.raises(DataError, match=r"out\.csv:1: columns are not file,"):
        Journal(tmp_path / "out.csv", Printer("csv", top=3))


def test_names_that_are_not_utf8_survive(tmp_path: Path) -> None:
    """A file name is bytes: it is written, and known again, as it was given."""
    name = os.fsdecode(b"caf\xe9.png")
    row = Row(file=name, answer=None, error="no such file")

    with Journal(tmp_path / "out", Printer("json", top=2)) as journal:
        journal.add(row)

    assert name in Journal(tmp_path / "out", Printer("json", top=2))
    assert b"caf\xe9.png" in (tmp_path / "out").read_bytes()
