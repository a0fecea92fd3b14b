"""Source `mediawiki`: files of Wikimedia Commons, a Fandom wiki or any other MediaWiki.

    api       one question asked to its end: continuation, lag, errors inside HTTP 200
    listing   what is asked: searches, gallery pages, categories
    sharing   which files of a page are navigation
    reading   an answer's file to a candidate

Action API: https://www.mediawiki.org/wiki/API:Main_page (read 2026-11).
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.collect.http import Client
from pipeline.collect.queries import in_turn
from pipeline.collect.sources.mediawiki.api import Wiki
from pipeline.collect.sources.mediawiki.listing import listings
from pipeline.collect.sources.mediawiki.reading import candidate_of
from pipeline.params import MediawikiParams, Search
from pipeline.records import Candidate

__all__ = ["candidates"]


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
    wiki = Wiki(source, client=client)
    seen: set[str] = set()
    for page in in_turn(listings(search, source=source, wiki=wiki)):
        candidate = candidate_of(page, character=character, source=source, rank=len(seen) + 1)
        if candidate and candidate.image_url not in seen:
            seen.add(candidate.image_url)
            yield candidate
