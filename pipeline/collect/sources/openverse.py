"""Source `openverse`: openly licensed pictures by the API of https://openverse.org.

Shapes: https://api.openverse.org/v1/ (read 2026-11). Anonymous questions get 20 pictures a page;
credentials (`pipeline.collect.keys`) raise the rate. Either way a query has 240 results at most.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from pipeline.catalog.licences import cc_name
from pipeline.collect.http import Client
from pipeline.collect.keys import OPENVERSE_ID, OPENVERSE_SECRET
from pipeline.collect.queries import in_turn, texts_of
from pipeline.collect.text import clean_text, size_px, web_address
from pipeline.errors import SourceError
from pipeline.params import OpenverseParams, Search
from pipeline.records import UNKNOWN, Candidate

PAGE_SIZE = 20  # more is refused without credentials
MAX_RESULTS = 240  # of one query
MAX_QUERY_LENGTH = 200  # letters; the rest would be cut off

Result = Mapping[str, Any]


def candidates(
    character: str,
    search: Search,
    source: OpenverseParams,
    *,
    client: Client,
    root: Path,  # noqa: ARG001 - every source is asked in the same way
) -> Iterator[Candidate]:
    """Ask for pictures, one from each query in turn.

    Raises:
        SourceError: Openverse does not answer, or refuses the question.
    """
    queries = [_results(text, source=source, client=client) for text in texts_of(search)]
    for rank, result in enumerate(in_turn(queries), start=1):
        if web_address(result.get("url")):
            yield _candidate(result, character=character, rank=rank)


def _results(text: str, *, source: OpenverseParams, client: Client) -> Iterator[Result]:
    asked = {"q": text[:MAX_QUERY_LENGTH], "page_size": str(PAGE_SIZE), "mature": "false"}
    for page in range(1, MAX_RESULTS // PAGE_SIZE + 1):
        answer = _get(asked | {"page": str(page)}, source=source, client=client)
        yield from answer.get("results", [])
        if page >= answer.get("page_count", 0):
            return


def _get(asked: Mapping[str, str], *, source: OpenverseParams, client: Client) -> dict[str, Any]:
    url = urljoin(source.api, "images/")
    try:
        answer = client.get_json(url, asked)
    except SourceError as error:
        if "HTTP 401" not in str(error):
            raise
        raise SourceError(
            f"{url}: refuses the credentials (HTTP 401); {OPENVERSE_ID} and {OPENVERSE_SECRET} "
            "must be those that Openverse gave out, or both unset"
        ) from error
    if not isinstance(answer, dict):
        raise SourceError(f"{url}: the answer is no object; see that collect.sources names an API")
    return answer


def _candidate(result: Result, *, character: str, rank: int) -> Candidate:
    licence_url = web_address(result.get("license_url"))
    version = str(result.get("license_version") or "")
    code = str(result.get("license") or "")
    return Candidate(
        character=character,
        source="openverse",
        image_url=web_address(result.get("url")),
        page_url=web_address(result.get("foreign_landing_url")),
        title=clean_text(str(result.get("title") or "")),
        author=clean_text(str(result.get("creator") or "")),
        licence=cc_name(licence_url) or clean_text(f"{code} {version}") or UNKNOWN,
        licence_url=licence_url,
        width_px=size_px(result.get("width")),
        height_px=size_px(result.get("height")),
        rank=rank,
    )
