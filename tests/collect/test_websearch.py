"""Source `websearch` against a stand-in for the package ddgs, with results of its shape."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline.collect.sources.websearch import candidates
from pipeline.errors import SourceError
from pipeline.params import Search, WebsearchParams
from pipeline.records import Candidate


class Ddgs:
    """What is asked of ddgs and what it answers: pages by query."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.pages: dict[str, list[list[dict[str, Any]] | Exception]] = {}
        self.asked: list[tuple[str, int]] = []
        self.options: dict[str, Any] = {}

    def images(self, query: str, *, page: int, **options: Any) -> list[dict[str, Any]]:
        """Answer like `DDGS.images`."""
        self.asked.append((query, page))
        self.options = options
        answer = self.pages[query][page - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


class DDGSException(Exception):  # noqa: N818 - its name in ddgs
    """Base of what ddgs raises."""


class RatelimitException(DDGSException):
    """Too many questions."""


def result(number: int, **fields: Any) -> dict[str, Any]:
    """Write one result."""
    return {
        "title": f"Ariel {number}",
        "image": f"https://pics.example/{number}.jpg",
        "thumbnail": f"https://tse1.mm.bing.example/th?id={number}",
        "url": f"https://blog.example/{number}",
        "height": 1080,
        "width": "1920",
        "source": "Bing",
    } | fields


@pytest.fixture
def ddgs(monkeypatch: pytest.MonkeyPatch) -> Ddgs:
    """Install the stand-in."""
    stand_in = Ddgs()
    package, exceptions = ModuleType("ddgs"), ModuleType("ddgs.exceptions")
    package.DDGS = lambda timeout: stand_in  # noqa: ARG005 - its signature
    package.exceptions = exceptions
    exceptions.DDGSException = DDGSException
    monkeypatch.setitem(sys.modules, "ddgs", package)
    monkeypatch.setitem(sys.modules, "ddgs.exceptions", exceptions)
    return stand_in


@pytest.fixture
def find(make_client: Callable[..., Any], tmp_path: Path) -> Callable[..., list[Candidate]]:
    """Search Ariel without a pause."""

    def run(*, queries: tuple[str, ...] = (), **settings: Any) -> list[Candidate]:
        source = WebsearchParams.model_validate({"kind": "websearch", "pause_s": 0} | settings)
        asked = Search(name="Ariel", queries=queries)
        return list(candidates("ariel", asked, source, client=make_client(), root=tmp_path))

    return run


def test_a_result_becomes_a_candidate(ddgs: Ddgs, find):
    """Nobody says under which licence; sizes may be text."""
    ddgs.pages = {"Ariel": [[result(7)], []]}

    (one,) = find()

    assert (
        Candidate(
            character="ariel",
            source="websearch",
            image_url="https://pics.example/7.jpg",
            page_url="https://blog.example/7",
            title="Ariel 7",
            author="",
            licence="unknown",
            licence_url="",
            width_px=1920,
            height_px=1080,
            rank=1,
        )
        == one
    )
    assert ("duckduckgo", "us-en") == (ddgs.options["backend"], ddgs.options["region"])


def test_pages_are_asked_until_one_brings_nothing_new(ddgs: Ddgs, find):
    """A call gives one page; the end of the results is a page that repeats."""
    ddgs.pages = {"Ariel": [[result(1), result(2)], [result(2), result(3)], [result(1)], []]}

    found = find()

    assert ["Ariel 1", "Ariel 2", "Ariel 3"] == [each.title for each in found]
    assert [("Ariel", 1), ("Ariel", 2), ("Ariel", 3)] == ddgs.asked


def test_no_more_pages_than_allowed(ddgs: Ddgs, find):
    """The number of pages is a setting."""
    ddgs.pages = {"Ariel": [[result(number)] for number in range(9)]}

    assert 2 == len(find(pages=2))


def test_queries_take_turns(ddgs: Ddgs, find):
    """One bad query cannot fill the list."""
    ddgs.pages = {"a": [[result(1), result(2)], []], "b": [[result(8)], []]}

    assert ["Ariel 1", "Ariel 8", "Ariel 2"] == [c.title for c in find(queries=("a", "b"))]


def test_pauses_before_each_page_but_the_first(ddgs: Ddgs, find, monkeypatch):
    """Slow on purpose, also from one query to the next."""
    pauses: list[float] = []
    monkeypatch.setattr("pipeline.collect.sources.websearch.time.sleep", pauses.append)
    ddgs.pages = {"a": [[result(1)], []], "b": [[result(2)], []]}

    find(queries=("a", "b"), pause_s=4)

    assert [0, 4, 4, 4] == pauses


def test_addresses_that_are_none_are_left_out(ddgs: Ddgs, find):
    """A picture inside its own address is no file to fetch."""
    ddgs.pages = {"Ariel": [[result(1, image="data:image/png;base64,AA"), result(2)], []]}

    assert ["Ariel 2"] == [each.title for each in find()]


def test_no_results_is_no_error(ddgs: Ddgs, find):
    """An empty page is complained about by ddgs; other queries may have something."""
    ddgs.pages = {"a": [DDGSException("No results found.")], "b": [[result(1)], []]}

    assert ["Ariel 1"] == [each.title for each in find(queries=("a", "b"))]


def test_a_block_is_one_line(ddgs: Ddgs, find):
    """Half a list must not be frozen as if it were whole."""
    ddgs.pages = {"Ariel": [[result(1)], RatelimitException("202 Ratelimit")]}

    with pytest.raises(SourceError, match=r"^websearch: .* 'Ariel' \(Ratelimit.*; wait an hour"):
        find()


def test_without_the_package_the_command_is_told(find, monkeypatch):
    """An optional extra that is missing is one line with what to type."""
    monkeypatch.setitem(sys.modules, "ddgs", None)
    monkeypatch.delitem(sys.modules, "ddgs.exceptions", raising=False)

    with pytest.raises(SourceError, match=r'^websearch: .*: pip install "ddgs>=9"$'):
        find()
