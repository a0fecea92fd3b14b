"""Where images come from: one file per kind, found by the name that params.yaml gives.

Each has `candidates(character, search, source, *, client, root)`, which yields what the source
offers, best first, and fetches no image: limits, retries, decoding and the ledger are not its
business.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from requests.adapters import BaseAdapter

from pipeline.collect.guard import Guard
from pipeline.collect.http import Client
from pipeline.collect.keys import FLICKR_KEY, FlickrAdapter, Keys, OpenverseAdapter
from pipeline.collect.sources import folder
from pipeline.collect.sources.folder import FolderAdapter
from pipeline.collect.sources.studio import StudioAdapter
from pipeline.errors import ParamsError, SourceError
from pipeline.params import (
    WEB_SOURCES,
    AnySource,
    FlickrParams,
    FolderParams,
    OpenverseParams,
    Params,
    Search,
)
from pipeline.records import Candidate


def candidates_of(
    source: AnySource, *, character: str, search: Search, client: Client, root: Path
) -> Iterator[Candidate]:
    """Ask one source for images of a character.

    Args:
        source: its section of collect.sources.
        character: slug.
        search: what to ask for.
        client: asks the web.
        root: what paths of params are relative to.

    Raises:
        SourceError: the source cannot be asked.
    """
    module = import_module(f"{__name__}.{source.kind}")
    found: Iterator[Candidate] = module.candidates(
        character, search, source, client=client, root=root
    )
    return found


def open_client(
    params: Params, *, root: Path, keys: Keys | None = None, for_addresses: bool = False
) -> Client:
    """Build the one client that asks the web, with the transports that need no network.

    Args:
        params: the sources, the limits, and who is asking.
        root: what paths of params are relative to.
        keys: of APIs, to search with; None where only files are fetched.
        for_addresses: of the web, which a user named, are fetched with it.

    Raises:
        SourceError: the web is asked, and nobody to complain to; or a source without its key.
        ParamsError: `contact` cannot be sent in a header.
    """
    web = ", ".join(each.kind for each in params.collect.sources if each.kind in WEB_SOURCES)
    web = "fetching an address" if for_addresses else web
    if web and not params.contact:
        raise SourceError(
            f"contact: empty, but {web} asks the web; set your mail address or URL in "
            "params.yaml, so that a site's owner can reach you"
        )
    if not params.contact.isascii() or not params.contact.isprintable():
        raise ParamsError(f"contact: got {params.contact!r}; only plain ASCII can be sent")
    folders = [s for s in params.collect.sources if isinstance(s, FolderParams)]
    files = FolderAdapter(folders, root=root, max_bytes=params.collect.max_file_bytes)
    adapters = {"studio://": StudioAdapter(), folder.PREFIX: files}
    signing = _signing_adapters(params, keys) if keys else {}
    return Client(params.collect, contact=params.contact, adapters=adapters | signing)


def _signing_adapters(params: Params, keys: Keys) -> dict[str, BaseAdapter]:
    """Make the transports that add keys, each for requests of one API alone."""
    guard = Guard(params.collect.allow_hosts)
    adapters: dict[str, BaseAdapter] = {}
    for source in params.collect.sources:
        if isinstance(source, FlickrParams):
            if not keys.flickr:
                raise SourceError(
                    f"flickr: needs a key in the environment variable {FLICKR_KEY}; "
                    "get one at https://www.flickr.com/services/apps/create"
                )
            adapters[source.api] = FlickrAdapter(keys.flickr, guard=guard)
        if isinstance(source, OpenverseParams) and keys.openverse_id:
            adapters[source.api] = OpenverseAdapter(source.api, keys, guard=guard)
    return adapters
