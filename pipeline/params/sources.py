"""The sources of params.yaml: one section per kind, the same name as its file.

`kind: studio` is `pipeline/collect/sources/studio`; sources are asked in the order given. Keys of
APIs are no settings: they come from the environment (`pipeline.collect.keys`).
"""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.params.section import Section

_ADDRESS = r"^https?://[^/?#]+/[^?#]*$"


class StudioParams(Section):
    """The embedded source: drawn stand-ins, offline."""

    kind: Literal["studio"]


class FolderParams(Section):
    """Images that lie in <path>/<slug>/*."""

    kind: Literal["folder"]
    path: str = Field(min_length=1)  # relative to the project root, or absolute


class UrlsParams(Section):
    """A CSV or JSONL file of addresses: character, image_url and what else is known."""

    kind: Literal["urls"]
    path: str = Field(min_length=1)


class MediawikiParams(Section):
    """A MediaWiki such as Wikimedia Commons or a Fandom wiki."""

    kind: Literal["mediawiki"]
    api: str = Field(pattern=r"^https?://[^/]+/.*api\.php$")
    # commons: searches for bitmaps; fandom: original bytes, no licences; auto: by the host.
    profile: Literal["auto", "commons", "fandom", "plain"] = "auto"
    # Wikimedia serves these widths only (others 400 or 429); null: the original file.
    thumb_width_px: Literal[250, 330, 500, 960, 1280, 1920, 3840] | None = 500
    category_depth: int = Field(1, ge=0, le=5)  # 0: a category's own files, 1: its sub-categories'
    icon_side_px: int = Field(100, ge=0)  # an original narrower or lower than this is an icon
    max_sharing_pages: int = Field(8, ge=1, le=9)  # a page's file on more articles is navigation


class OpenverseParams(Section):
    """Openly licensed pictures of Flickr, Commons, museums: https://openverse.org."""

    kind: Literal["openverse"]
    api: str = Field("https://api.openverse.org/v1/", pattern=_ADDRESS)


class FlickrParams(Section):
    """Flickr, by its API; it needs a key."""

    kind: Literal["flickr"]
    api: str = Field("https://api.flickr.com/services/rest/", pattern=_ADDRESS)
    # Flickr's numbers; without 0, all rights reserved. https://www.flickr.com/services/api/
    licence_ids: tuple[int, ...] = Field((1, 2, 3, 4, 5, 6, 7, 8, 9, 10), min_length=1)


class WebsearchParams(Section):
    """A search engine, through the optional package ddgs: unofficial, slow on purpose."""

    kind: Literal["websearch"]
    region: str = Field("us-en", pattern=r"^[a-z]{2}-[a-z]{2}$")
    pages: int = Field(5, ge=1, le=20)  # asked per query, about 100 pictures each
    pause_s: float = Field(4.0, ge=0)  # before each page but the first


AnySource = Annotated[
    StudioParams
    | FolderParams
    | UrlsParams
    | MediawikiParams
    | OpenverseParams
    | FlickrParams
    | WebsearchParams,
    Field(discriminator="kind"),
]
# These refuse to start without `contact`.
WEB_SOURCES = frozenset({"flickr", "mediawiki", "openverse", "urls", "websearch"})
