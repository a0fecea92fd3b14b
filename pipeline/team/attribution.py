"""Who made what is kept, and under which licence: ATTRIBUTION.md for readers, a CSV for scripts.

A credit names title, author, licence and source, as Creative Commons asks for
(https://wiki.creativecommons.org/wiki/Best_practices_for_attribution).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from pipeline.catalog.catalog import Catalog
from pipeline.files import joined, write_rows, write_text
from pipeline.paths import Project
from pipeline.records import UNKNOWN, ImageRecord

_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|])")
_INTRODUCTION = """# Attribution

Every image of this dataset, with its author and licence as its source states them.
`unknown` is no permission: ask the author before you publish such an image.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The credit of one image: a row of ATTRIBUTION.csv."""

    sha256: str
    file: str  # relative to the project root
    character: str  # class label
    title: str
    author: str
    licence: str
    licence_url: str
    page_url: str  # the picture's own page, else its address
    attribution: str  # all of it in one line


def attributions(project: Project) -> list[Attribution]:
    """Credit every image that is kept, sorted by character, then sha256.

    After `deduplicate` these are the images that it kept; before it, all that is in hand.

    Raises:
        DataError: a manifest or groups.csv breaks its contract.
    """
    catalog = Catalog(project)
    if project.groups.is_file():
        rows = [_credit(image.record, image.character) for image in catalog.kept.values()]
    else:
        rows = [_credit(record, record.character) for record in catalog.records]
    return sorted(rows, key=lambda row: (row.character, row.sha256, row.file))


def write_attributions(rows: Iterable[Attribution], *, markdown: Path, table: Path) -> None:
    """Write credits as a page to read and as a table; each is whole or absent."""
    rows = list(rows)
    write_rows(table, Attribution, rows)
    write_text(markdown, "\n".join([_INTRODUCTION, *_page(rows)]))


def _credit(record: ImageRecord, character: str) -> Attribution:
    page_url = record.page_url or record.image_url
    title = f'"{record.title}"' if record.title else f"image {record.sha256[:12]}"
    licence = "licence unknown" if record.licence == UNKNOWN else record.licence
    where = f" ({record.licence_url})" if record.licence_url else ""
    return joined(
        Attribution,
        record,
        character=character,
        page_url=page_url,
        attribution=f"{title} by {record.author or 'unknown author'}, {licence}{where}, {page_url}",
    )


def _page(rows: Iterable[Attribution]) -> Iterator[str]:
    for character, own in groupby(rows, key=lambda row: row.character):
        yield f"## {character}\n"
        yield from map(_line, own)
        yield ""


def _line(row: Attribution) -> str:
    title = _plain(row.title) or "untitled"
    author = _plain(row.author) or "unknown author"
    licence = _linked(_plain(row.licence), row.licence_url)
    return f"- {_linked(title, row.page_url)} by {author}, {licence} `{row.sha256[:12]}`"


def _plain(text: str) -> str:
    r"""Write a stranger's words so that Markdown shows them and does nothing else.

    >>> print(_plain("[a](b) <i>"))
    \[a\](b) \<i\>
    """
    return _MARKDOWN.sub(r"\\\1", text)


def _linked(text: str, url: str) -> str:
    """Link to web pages only; folder:// and studio:// mean nothing to a browser."""
    is_web = url.startswith(("http://", "https://"))
    return f"[{text}](<{url.replace('<', '%3C').replace('>', '%3E')}>)" if is_web else text
