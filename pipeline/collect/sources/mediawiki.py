"""Source `mediawiki`: files of Wikimedia Commons, a Fandom wiki or any other MediaWiki.

Found by search, on gallery pages and in categories, interleaved so that one bad query cannot fill
the list. Action API: https://www.mediawiki.org/wiki/API:Main_page (read 2026-11).
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from pipeline.collect.http import WEB_PORTS, Client
from pipeline.collect.text import clean_text
from pipeline.errors import SourceError
from pipeline.params import MediawikiParams, Search
from pipeline.records import UNKNOWN, Candidate

BITMAPS = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
BATCH = 50  # files in an answer; more would come without their imageinfo
FANDOM_FILES = "static.wikia.nocookie.net"
# One file of which no thumbnail can be made, such as a drawing without a size, fails its whole
# batch; asked again without thumbnails, the batch comes with its original files.
NO_THUMBNAIL = "urlparamnormal"
_BUSY = frozenset({"maxlag", "ratelimited"})
_ASK = {
    "action": "query",
    "format": "json",
    "formatversion": "2",
    "maxlag": "5",  # seconds: a wiki whose copies lag behind is left in peace
    "redirects": "1",
    "prop": "imageinfo",
    "iiprop": "url|size|mime|extmetadata",
    "iiextmetadatafilter": "LicenseShortName|LicenseUrl|UsageTerms|Artist",
}

Page = dict[str, Any]  # one file of an answer
Query = dict[str, str]  # what is asked beside `_ASK`


def candidates(
    character: str,
    search: Search,
    source: MediawikiParams,
    *,
    client: Client,
    root: Path,  # noqa: ARG001 - every source is asked in the same way
) -> Iterator[Candidate]:
    """Ask for files, one from each query, page and category in turn, none twice.

    Raises:
        SourceError: the wiki does not answer, or refuses the question.
    """
    found = [_pages(query, source=source, client=client) for query in _queries(search)]
    seen: set[str] = set()
    for page in _in_turn(found):
        candidate = _candidate(page, character=character, api=source.api, rank=len(seen) + 1)
        if candidate and candidate.image_url not in seen:
            seen.add(candidate.image_url)
            yield candidate


def _queries(search: Search) -> list[Query]:
    """Say what is asked: the name alone only where there is nothing better."""
    named = search.queries or search.pages or search.categories
    texts = search.queries if named else (search.name,)
    by_text = [{"generator": "search", "gsrnamespace": "6", "gsrsearch": each} for each in texts]
    by_page = [{"generator": "images", "titles": each} for each in search.pages]
    by_category = [
        {"generator": "categorymembers", "gcmtype": "file", "gcmtitle": f"Category:{each}"}
        for each in search.categories
    ]
    limits = {"search": "gsrlimit", "images": "gimlimit", "categorymembers": "gcmlimit"}
    queries = [*by_text, *by_page, *by_category]
    return [query | {limits[query["generator"]]: str(BATCH)} for query in queries]


def _pages(query: Query, *, source: MediawikiParams, client: Client) -> Iterator[Page]:
    """Ask one question to its end, best answers first.

    The wiki may spread what it says about one batch over several answers; only at "batchcomplete"
    has each page all its parts. Pages come sorted by number; "index" is their rank in a search.
    """
    asked = _ASK | query
    if source.thumb_width_px:
        asked["iiurlwidth"] = str(source.thumb_width_px)
    following: dict[str, str] = {}
    batch: dict[str, Page] = {}
    while True:
        answer = client.get_json(source.api, asked | following, is_busy=_is_busy)
        if _error(answer).get("code") == NO_THUMBNAIL:
            bare = {key: value for key, value in asked.items() if key != "iiurlwidth"}
            answer = client.get_json(source.api, bare | following, is_busy=_is_busy)
        _check(answer, query=query, api=source.api)
        for page in answer.get("query", {}).get("pages", []):
            batch.setdefault(page["title"], {}).update(page)
        before, following = following, _texts(answer.get("continue", {}))
        if "batchcomplete" in answer or not following:
            yield from sorted(batch.values(), key=lambda page: int(page.get("index", 0)))
            batch = {}
        if not following:
            return
        if following == before:
            raise SourceError(
                f"{source.api}: goes round in circles at {following}; try again later"
            )


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    return {key: str(value) for key, value in values.items()}


def _is_busy(answer: Any) -> bool:
    return _error(answer).get("code") in _BUSY


def _error(answer: Any) -> Mapping[str, Any]:
    """Find the error in an answer: they come with HTTP 200."""
    error = answer.get("error", {}) if isinstance(answer, dict) else {"code": "no object"}
    return error if isinstance(error, dict) else {"code": str(error)}


def _check(answer: Any, *, query: Query, api: str) -> None:
    error = _error(answer)
    if error:
        what = f"{error.get('code')}: {clean_text(str(error.get('info', '')))}"
        raise SourceError(f"{api}: refuses {query} ({what}); see the search of this character")


def _in_turn(iterators: Iterable[Iterator[Page]]) -> Iterator[Page]:
    """Take one item of each iterator in turn until all are exhausted."""
    waiting = deque(iterators)
    while waiting:
        iterator = waiting.popleft()
        for page in islice(iterator, 1):
            yield page
            waiting.append(iterator)


def _candidate(page: Page, *, character: str, api: str, rank: int) -> Candidate | None:
    """Read one file of an answer; None for what is no picture, or missing."""
    info: Mapping[str, Any] = (page.get("imageinfo") or [{}])[0]
    address = info.get("thumburl") or info.get("url")
    if not address or info.get("mime") not in BITMAPS:
        return None
    url = urljoin(api, address)
    if urlsplit(url).scheme not in WEB_PORTS:
        return None
    return Candidate(
        character=character,
        source="mediawiki",
        image_url=_original(url),
        page_url=urljoin(api, info.get("descriptionurl", "")) if info.get("descriptionurl") else "",
        title=clean_text(page["title"].partition(":")[2]),  # without "File:"
        author=_said(info, "Artist"),
        licence=_said(info, "LicenseShortName") or _said(info, "UsageTerms") or UNKNOWN,
        licence_url=_said(info, "LicenseUrl"),
        width_px=info.get("thumbwidth", info.get("width")),
        height_px=info.get("thumbheight", info.get("height")),
        rank=rank,
    )


def _original(url: str) -> str:
    """Ask Fandom's file server for the bytes that the wiki knows, not for its WebP of them."""
    parts = urlsplit(url)
    if parts.hostname != FANDOM_FILES:
        return url
    query = f"{parts.query}&format=original" if parts.query else "format=original"
    return parts._replace(query=query).geturl()


def _said(info: Mapping[str, Any], key: str) -> str:
    """Read one field of extmetadata: HTML, and absent more often than not."""
    fields = info.get("extmetadata") or {}  # PHP writes [] for none
    return clean_text(str(fields.get(key, {}).get("value", "")))
