"""A character's name to a ranked list of candidates: all that the sources offer, in their order."""

from collections.abc import Iterator
from dataclasses import replace

from pipeline.collect.http import Client
from pipeline.collect.sources import candidates_of
from pipeline.errors import SourceError
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import Candidate

MAX_CANDIDATES = 600  # whatever the target: raising a target must not ask the web again


def search(character: str, *, params: Params, project: Project, client: Client) -> list[Candidate]:
    """Ask the sources in order for up to `MAX_CANDIDATES` images, none twice.

    Sources are lazy: one is asked no further than needed, and a later one only where the list is
    not full yet.

    Only the character's `search` and `collect.sources` may decide what is found.

    Returns:
        Candidates of different `image_url`, ranked from 1.

    Raises:
        SourceError: a source cannot be asked, or none has anything.
    """
    found: dict[str, Candidate] = {}
    for candidate in _all_candidates(character, params=params, project=project, client=client):
        found.setdefault(candidate.image_url, candidate)
        if len(found) == MAX_CANDIDATES:
            break
    if not found:
        kinds = ", ".join(source.kind for source in params.collect.sources)
        raise SourceError(
            f"{character}: no source ({kinds}) has a candidate; see characters.{character}.search "
            "and collect.sources in params.yaml"
        )
    return [replace(each, rank=rank) for rank, each in enumerate(found.values(), start=1)]


def _all_candidates(
    character: str, *, params: Params, project: Project, client: Client
) -> Iterator[Candidate]:
    for source in params.collect.sources:
        yield from candidates_of(
            source,
            character=character,
            search=params.character(character).search,
            client=client,
            root=project.root,
        )
