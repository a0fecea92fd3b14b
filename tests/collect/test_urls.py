"""Source `urls`: addresses that the team wrote down, checked row by row."""

import json
from pathlib import Path

import pytest

from pipeline.collect.http import Client
from pipeline.collect.sources.urls import candidates
from pipeline.errors import DataError, SourceError
from pipeline.params import Collect, Search, UrlsParams
from pipeline.records import Candidate

CLIENT = Client(Collect.model_validate({"sources": [{"kind": "studio"}]}))
FULL = {
    "character": "ariel",
    "image_url": "https://x.example/Ariel 1.jpg",
    "page_url": "https://x.example/ariel",
    "title": "<b>Ariel</b>",
    "author": "=An",
    "licence": "CC0",
    "licence_url": "https://cc.example/0",
}


def read(tmp_path: Path, text: str, name: str = "my.csv") -> list[Candidate]:
    """Write the file and list Ariel's candidates."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    source = UrlsParams(kind="urls", path=name)
    return list(candidates("ariel", Search(name="x"), source, client=CLIENT, root=tmp_path))


def test_reads_csv_and_jsonl_alike(tmp_path: Path):
    """The same rows give the same candidates; words are cleaned, addresses quoted."""
    csv = ",".join(FULL) + "\n" + ",".join(FULL.values()) + "\n"
    jsonl = json.dumps(FULL) + "\n\n"

    (one,) = read(tmp_path, csv)
    (other,) = read(tmp_path, jsonl, "my.jsonl")

    assert one == other
    assert "https://x.example/Ariel%201.jpg" == one.image_url
    assert ("Ariel", "'=An", "CC0") == (one.title, one.author, one.licence)


def test_two_columns_are_enough(tmp_path: Path):
    """What is not known is empty, and the licence unknown."""
    (one,) = read(tmp_path, "image_url,character\nhttp://x.example/1.jpg,ariel\n")

    assert ("", "", "unknown", "", 1) == (
        one.title,
        one.page_url,
        one.licence,
        one.licence_url,
        one.rank,
    )


def test_lists_one_character_in_file_order(tmp_path: Path):
    """Rows of others are checked but not listed."""
    rows = ["ariel,http://x.example/2", "elsa,http://x.example/3", "ariel,http://x.example/1"]

    found = read(tmp_path, "\n".join(["character,image_url", *rows]))

    assert ["http://x.example/2", "http://x.example/1"] == [each.image_url for each in found]
    assert [1, 2] == [each.rank for each in found]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("ariel,file:///etc/passwd", r"my.csv:3: image_url 'file:///etc/passwd' is no http"),
        ("ariel,folder://x/ariel/a.jpg", r"my.csv:3: image_url .* is no http"),
        ("ariel,http://", r"my.csv:3: image_url 'http://' is no http"),
        ("ariel,http://[x", r"my.csv:3: image_url .* is no http"),
        ("ariel,", r"my.csv:3: image_url is missing"),
        (" ,http://x.example/1", r"my.csv:3: character is missing"),
        ("Ariel!,http://x.example/1", r"my.csv:3: character 'Ariel!' is no slug"),
        ("ariel", r"my.csv:3: 1 columns, the header has 2"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, message: str):
    """Each mistake names file, line, column and value."""
    with pytest.raises(DataError, match=message):
        read(tmp_path, f"character,image_url\nariel,http://x.example/1.jpg\n{row}\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"my.jsonl:1: not JSON"),
        ("[]", r"my.jsonl:1: expected an object"),
        ('{"character": 7}', r"my.jsonl:1: expected an object with texts"),
        ('{"licence": "x"}', r"my.jsonl:1: character is missing"),
        ('{"url": "x"}', r"my.jsonl:1: unknown column 'url'; known: "),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str):
    """The same for JSON lines."""
    with pytest.raises(DataError, match=message):
        read(tmp_path, line, "my.jsonl")


def test_a_missing_file_is_named(tmp_path: Path):
    """The error says what the file should hold."""
    source = UrlsParams(kind="urls", path="none.csv")

    with pytest.raises(SourceError, match=r"none\.csv: no such file; .*character, image_url"):
        candidates("ariel", Search(name="x"), source, client=CLIENT, root=tmp_path)


def test_other_formats_are_refused(tmp_path: Path):
    """A spreadsheet is not read by guessing."""
    with pytest.raises(SourceError, match=r"got '\.xlsx', allowed: \.csv, \.jsonl"):
        read(tmp_path, "x", "my.xlsx")
