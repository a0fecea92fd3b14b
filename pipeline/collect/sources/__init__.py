"""Where images come from: one file per kind, found by the name that params.yaml gives.

Each has `candidates(character, search, source, *, client, root)`, which yields what the source
offers, best first, and fetches no image: limits, retries, decoding and the ledger are not its
business.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from pipeline.collect.http import Client
from pipeline.collect.sources import folder
from pipeline.collect.sources.folder import FolderAdapter
from pipeline.collect.sources.studio import StudioAdapter
from pipeline.errors import ParamsError, SourceError
from pipeline.params import WEB_SOURCES, AnySource, FolderParams, Params, Search
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


def open_client(params: Params, *, root: Path) -> Client:
    """Build the client that all sources share, with the transports that need no network.

    Raises:
        SourceError: a web source, and nobody to complain to.
        ParamsError: `contact` cannot be sent in a header.
    """
    web = [source.kind for source in params.collect.sources if source.kind in WEB_SOURCES]
    if web and not params.contact:
        raise SourceError(
            f"contact: empty, but {', '.join(web)} asks the web; set your mail address or URL in "
            "params.yaml, so that a site's owner can reach you"
        )
    if not params.contact.isascii() or not params.contact.isprintable():
        raise ParamsError(f"contact: got {params.contact!r}; only plain ASCII can be sent")
    folders = [s for s in params.collect.sources if isinstance(s, FolderParams)]
    adapters = {"studio://": StudioAdapter(), folder.PREFIX: FolderAdapter(folders, root=root)}
    return Client(params.collect, contact=params.contact, adapters=adapters)
