"""One file of a wiki's answer to a candidate."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from pipeline.collect.http import WEB_PORTS
from pipeline.collect.sources.mediawiki.api import Page
from pipeline.collect.text import clean_text
from pipeline.params import MediawikiParams
from pipeline.records import UNKNOWN, Candidate

BITMAPS = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
FANDOM_FILES = "static.wikia.nocookie.net"


def candidate_of(
    page: Page, *, character: str, source: MediawikiParams, rank: int
) -> Candidate | None:
    """Read one file of an answer; None for what is no picture, an icon, or missing.

    The address is one that the wiki gave, never one that was put together here: Wikimedia refuses
    thumbnails of other widths and moves them to other hosts.
    """
    info: Mapping[str, Any] = (page.get("imageinfo") or [{}])[0]
    address = info.get("thumburl") or info.get("url")
    if not address or info.get("mime") not in BITMAPS or _is_icon(info, source.icon_side_px):
        return None
    url = urljoin(source.api, address)
    if urlsplit(url).scheme not in WEB_PORTS:
        return None
    own_page = info.get("descriptionurl")
    return Candidate(
        character=character,
        source=source.kind,
        image_url=_original(url),
        page_url=urljoin(source.api, own_page) if own_page else "",
        title=clean_text(page["title"].partition(":")[2]),  # without "File:"
        author=_said(info, "Artist"),
        licence=_said(info, "LicenseShortName") or _said(info, "UsageTerms") or UNKNOWN,
        licence_url=_said(info, "LicenseUrl"),
        width_px=info.get("thumbwidth", info.get("width")),
        height_px=info.get("thumbheight", info.get("height")),
        rank=rank,
    )


def _is_icon(info: Mapping[str, Any], side_px: int) -> bool:
    """Tell an icon by the size of the original file, where the wiki knows it."""
    return 0 < min(info.get("width") or 0, info.get("height") or 0) < side_px


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
