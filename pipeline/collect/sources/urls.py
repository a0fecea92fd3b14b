"""Source `urls`: a CSV or JSONL file of addresses that the team has found itself.

Columns: character, image_url and, if known, page_url, title, author, licence, licence_url.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.collect.http import Client
from pipeline.collect.text import clean_text, web_address
from pipeline.errors import DataError, SourceError
from pipeline.files import read_csv
from pipeline.params import Search, UrlsParams
from pipeline.records import SLUG, UNKNOWN, Candidate

NEEDED = ("character", "image_url")
OPTIONAL = ("page_url", "title", "author", "licence", "licence_url")

Row = Mapping[str, str]


def candidates(
    character: str,
    search: Search,  # noqa: ARG001 - every source is asked in the same way
    source: UrlsParams,
    *,
    client: Client,  # noqa: ARG001
    root: Path,
) -> Iterator[Candidate]:
    """List the rows of one character, in the order of the file. Every row is checked.

    Raises:
        SourceError: there is no such file, or it is neither .csv nor .jsonl.
        DataError: a row that breaks the rules, with its line.
    """
    path = root / source.path
    rows = [_candidate(row, where=where) for where, row in _rows(path)]
    own = [row for row in rows if row.character == character]
    return (replace(row, rank=rank) for rank, row in enumerate(own, start=1))


def _rows(path: Path) -> Iterator[tuple[str, Row]]:
    """Read rows, each with the place to name in a message."""
    if not path.is_file():
        raise SourceError(
            f"{path}: no such file; a `urls` source is a CSV or JSONL file with the columns "
            f"{', '.join(NEEDED)} and, if known, {', '.join(OPTIONAL)}"
        )
    match path.suffix.lower():
        case ".csv":
            return _csv_rows(path)
        case ".jsonl":
            return _jsonl_rows(path)
        case _:
            raise SourceError(f"{path}: got {path.suffix!r}, allowed: .csv, .jsonl")


def _csv_rows(path: Path) -> Iterator[tuple[str, Row]]:
    header, lines = read_csv(path)
    for number, cells in enumerate(lines, start=2):
        yield f"{path}:{number}", dict(zip(header, cells, strict=True))


def _jsonl_rows(path: Path) -> Iterator[tuple[str, Row]]:
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if line.strip():
            yield f"{path}:{number}", _json_object(line, where=f"{path}:{number}")


def _json_object(line: bytes, *, where: str) -> Row:
    try:
        value: Any = json.loads(line)
    except ValueError as error:
        raise DataError(f"{where}: not JSON") from error
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise DataError(f"{where}: expected an object with texts as values")
    return value


def _candidate(row: Row, *, where: str) -> Candidate:
    unknown = sorted(set(row) - {*NEEDED, *OPTIONAL})
    if unknown:
        raise DataError(f"{where}: unknown column {unknown[0]!r}; known: {NEEDED + OPTIONAL}")
    missing = [name for name in NEEDED if not row.get(name, "").strip()]
    if missing:
        raise DataError(f"{where}: {missing[0]} is missing")
    character = row["character"].strip()
    if not SLUG.match(character):
        raise DataError(f"{where}: character {character!r} is no slug, such as snow_white")
    return Candidate(
        character=character,
        source="urls",
        image_url=_web_address(row, "image_url", where=where),
        page_url=_web_address(row, "page_url", where=where),
        title=clean_text(row.get("title", "")),
        author=clean_text(row.get("author", "")),
        licence=clean_text(row.get("licence", "")) or UNKNOWN,
        licence_url=_web_address(row, "licence_url", where=where),
        rank=0,  # numbered within its character, above
    )


def _web_address(row: Row, name: str, *, where: str) -> str:
    """Read an address, quoted so that it is plain ASCII; empty stays empty.

    Other schemes are refused: a file of addresses must not reach into the disk.
    """
    text = row.get(name, "").strip()
    address = web_address(text)
    if text and not address:
        raise DataError(f"{where}: {name} {text!r} is no http or https address")
    return address
