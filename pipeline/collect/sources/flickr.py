"""Source `flickr`: pictures by the API of https://www.flickr.com; it needs a key.

Shapes: https://www.flickr.com/services/api/flickr.photos.search.html and
flickr.photos.licenses.getInfo.html (read 2026-11). Errors come with HTTP 200. The key is added by
the transport (`pipeline.collect.keys`).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.catalog.licences import cc_name
from pipeline.collect.http import Client
from pipeline.collect.keys import FLICKR_KEY
from pipeline.collect.queries import in_turn, texts_of
from pipeline.collect.text import clean_text, size_px, web_address
from pipeline.errors import SourceError
from pipeline.params import FlickrParams, Search
from pipeline.records import UNKNOWN, Candidate

PAGE_SIZE = 500
MAX_RESULTS = 4000  # of one query; later pages repeat earlier ones
# 1024 px are plenty for a network; a picture without that size is smaller, or its owner shows no
# other.
SIZES = ("l", "o", "c", "z", "m")
_BAD_KEY, _BUSY = 100, 105
_ASK = {"format": "json", "nojsoncallback": "1"}

Photo = Mapping[str, Any]
Licences = Mapping[str, tuple[str, str]]  # Flickr's number -> name and address


def candidates(
    character: str,
    search: Search,
    source: FlickrParams,
    *,
    client: Client,
    root: Path,  # noqa: ARG001 - every source is asked in the same way
) -> Iterator[Candidate]:
    """Ask for photos, one from each query in turn.

    Raises:
        SourceError: Flickr does not answer, or refuses the key or the question.
    """
    licences = _licences(source, client=client)
    queries = [_photos(text, source=source, client=client) for text in texts_of(search)]
    for rank, photo in enumerate(in_turn(queries), start=1):
        size = next((size for size in SIZES if web_address(photo.get(f"url_{size}"))), "")
        if size:
            yield _candidate(photo, size, character=character, licences=licences, rank=rank)


def _licences(source: FlickrParams, *, client: Client) -> Licences:
    """Ask what the numbers mean: new ones are added from time to time."""
    answer = _get({"method": "flickr.photos.licenses.getInfo"}, source=source, client=client)
    rows = answer.get("licenses", {}).get("license", [])
    addresses = {str(row["id"]): (row.get("name", ""), web_address(row.get("url"))) for row in rows}
    return {
        number: (cc_name(url) or clean_text(str(name)) or UNKNOWN, url)
        for number, (name, url) in addresses.items()
    }


def _photos(text: str, *, source: FlickrParams, client: Client) -> Iterator[Photo]:
    asked = {
        "method": "flickr.photos.search",
        "text": text,
        "media": "photos",
        "content_types": "0,2",  # photos and drawings, no screenshots
        "safe_search": "1",
        "sort": "relevance",
        "license": ",".join(map(str, source.licence_ids)),
        "extras": ",".join(["license", "owner_name", *(f"url_{size}" for size in SIZES)]),
        "per_page": str(PAGE_SIZE),
    }
    for page in range(1, MAX_RESULTS // PAGE_SIZE + 1):
        photos = _get(asked | {"page": str(page)}, source=source, client=client).get("photos", {})
        yield from photos.get("photo", [])
        if page >= int(photos.get("pages", 0)):
            return


def _get(asked: Mapping[str, str], *, source: FlickrParams, client: Client) -> dict[str, Any]:
    answer = client.get_json(source.api, _ASK | dict(asked), is_busy=lambda a: _code(a) == _BUSY)
    code = _code(answer)
    if code == _BAD_KEY:
        raise SourceError(f"{source.api}: refuses the key; {FLICKR_KEY} must hold a valid one")
    if code or not isinstance(answer, dict):
        message = clean_text(str(answer.get("message", ""))) if code else "no object"
        raise SourceError(f"{source.api}: refuses {asked['method']} ({code}: {message})")
    return answer


def _code(answer: Any) -> int:
    """Read the code of a failure, 0 where there is none."""
    is_failure = isinstance(answer, dict) and answer.get("stat") == "fail"
    return int(answer.get("code", -1)) if is_failure else 0


def _candidate(
    photo: Photo, size: str, *, character: str, licences: Licences, rank: int
) -> Candidate:
    licence, licence_url = licences.get(str(photo.get("license")), (UNKNOWN, ""))
    return Candidate(
        character=character,
        source="flickr",
        image_url=web_address(photo[f"url_{size}"]),
        page_url=web_address(f"https://www.flickr.com/photos/{photo['owner']}/{photo['id']}"),
        title=clean_text(str(photo.get("title") or "")),
        author=clean_text(str(photo.get("ownername") or "")),
        licence=licence,
        licence_url=licence_url,
        width_px=size_px(photo.get(f"width_{size}")),
        height_px=size_px(photo.get(f"height_{size}")),
        rank=rank,
    )
