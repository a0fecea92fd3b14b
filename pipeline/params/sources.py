"""The sources of params.yaml: one section per kind, the same name as its file.

`kind: studio` is `pipeline/collect/sources/studio`; sources are asked in the order given.
"""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.params.section import Section


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
    # Wikimedia serves these widths only (others 400 or 429); null: the original file.
    thumb_width_px: Literal[250, 330, 500, 960, 1280, 1920, 3840] | None = 500


AnySource = Annotated[
    StudioParams | FolderParams | UrlsParams | MediawikiParams, Field(discriminator="kind")
]
WEB_SOURCES = frozenset({"mediawiki", "urls"})  # these refuse to start without `contact`
