"""Source `websearch`: a search engine, through the optional package ddgs.

No engine offers this: ddgs reads their pages, and they block who asks too often. So it is off by
default, slow on purpose, and no licence is known. Shape: https://pypi.org/project/ddgs (9.16).
"""

import time
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from pipeline.collect.http import Client
from pipeline.collect.queries import in_turn, texts_of
from pipeline.collect.text import clean_text, size_px, web_address
from pipeline.errors import SourceError
from pipeline.params import Search, WebsearchParams
from pipeline.records import Candidate

TIMEOUT_S = 10
_NOTHING = "no results"  # how ddgs begins its complaint about an empty page

Result = Mapping[str, Any]


def candidates(
    character: str,
    search: Search,
    source: WebsearchParams,
    *,
    client: Client,  # noqa: ARG001 - ddgs brings its own
    root: Path,  # noqa: ARG001 - every source is asked in the same way
) -> Iterator[Candidate]:
    """Ask for pictures, one from each query in turn.

    Raises:
        SourceError: ddgs is not installed, or the engine refuses to answer.
    """
    engine = _Engine(source)
    queries = [engine.results(text) for text in texts_of(search)]
    for rank, result in enumerate(in_turn(queries), start=1):
        yield _candidate(result, character=character, rank=rank)


class _Engine:
    """Asks page by page, with a pause before each but the first of the whole search."""

    def __init__(self, source: WebsearchParams) -> None:
        self._source = source
        self._ddgs = _package()
        self._pause_s = 0.0

    def results(self, text: str) -> Iterator[Result]:
        """Give what is new on each page until a page brings nothing new."""
        seen: set[str] = set()
        for number in range(1, self._source.pages + 1):
            page = {web_address(each.get("image")): each for each in self._page(text, number)}
            found = {url: each for url, each in page.items() if url and url not in seen}
            if not found:
                return
            yield from found.values()
            seen.update(found)

    def _page(self, text: str, number: int) -> list[Result]:
        time.sleep(self._pause_s)
        self._pause_s = self._source.pause_s
        try:
            page: list[Result] = self._ddgs.DDGS(timeout=TIMEOUT_S).images(
                text,
                region=self._source.region,
                safesearch="on",
                max_results=None,  # all of the page; more would not come
                page=number,
                backend="duckduckgo",
            )
        except self._ddgs.exceptions.DDGSException as error:
            if str(error).lower().startswith(_NOTHING):
                return []
            raise SourceError(
                f"websearch: the search engine refuses {text!r} ({type(error).__name__}); "
                "wait an hour, then run it again"
            ) from error
        return page


def _package() -> Any:
    try:
        import_module("ddgs.exceptions")
    except ImportError as error:
        raise SourceError(
            "websearch: the optional package ddgs is not installed; "
            'install it with: pip install "ddgs>=9"'
        ) from error
    return import_module("ddgs")


def _candidate(result: Result, *, character: str, rank: int) -> Candidate:
    return Candidate(
        character=character,
        source="websearch",
        image_url=web_address(result["image"]),
        page_url=web_address(result.get("url")),
        title=clean_text(str(result.get("title") or "")),
        width_px=size_px(result.get("width")),
        height_px=size_px(result.get("height")),
        rank=rank,
    )
