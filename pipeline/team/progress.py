"""How far each character is, from small text files alone: no image is opened, nothing is pulled.

The funnel narrows from what the sources offered to what the networks learn from; every image that
falls out has a reason in rejected.csv or groups.csv.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.catalog.catalog import Catalog
from pipeline.files import read_jsonl, read_rows
from pipeline.params import Params
from pipeline.records import (
    SPLITS,
    Candidate,
    Reason,
    RejectedRow,
)

_NOT_AN_IMAGE = {
    Reason.NOT_AN_IMAGE,
    Reason.UNDECODABLE,
    Reason.TOO_MANY_PIXELS,
    Reason.TOO_SMALL,
}
_NOT_NEW = {Reason.EXACT_DUPLICATE, Reason.SURPLUS}
_NOT_FETCHED = set(Reason) - _NOT_AN_IMAGE - _NOT_NEW


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelRow:
    """One character on its way from candidates to the splits; all counts are images."""

    character: str
    name: str  # as shown to people
    member: str
    target: int
    candidates: int  # offered by the sources
    tried: int  # of these, walked before the target was reached
    fetched: int
    decodable: int  # and big enough
    collected: int  # and no exact copy: what lies in data/raw
    contributed: int  # brought by members, in data/manifests
    rejected: int  # of both, rejected by a review, whether deduplicate has seen it yet or not
    kept: int  # accepted: after deduplication and review
    train: int
    val: int
    test: int
    lost: tuple[tuple[str, int], ...]  # reason, count: most frequent first

    @property
    def missing(self) -> int:
        """How many distinct good images are wanted still."""
        return max(0, self.target - self.kept)

    @property
    def reached(self) -> float:
        """How much of the target is kept, in [0, 1]."""
        return min(1.0, round(self.kept / self.target, 4))


def funnel(catalog: Catalog, params: Params) -> list[FunnelRow]:
    """Count each character's images, in the order of params.yaml.

    With a catalogue that is not strict, files that are not there yet count as empty, so this works
    half way through the pipeline.

    Raises:
        DataError: the catalogue is strict, and a file is missing or breaks its contract.
    """
    collected: dict[str, set[str]] = defaultdict(set)
    contributed: dict[str, list[str]] = defaultdict(list)  # one of two members twice
    for manifest, rows in catalog.records_of.items():
        names = [row.sha256 for row in rows]
        if manifest.member:
            contributed[manifest.character] += names
        else:
            collected[manifest.character] = set(names)
    return [
        _count(slug, catalog, params, collected=collected[slug], contributed=contributed[slug])
        for slug in params.characters
    ]


def _count(
    slug: str,
    catalog: Catalog,
    params: Params,
    *,
    collected: set[str],
    contributed: Sequence[str],
) -> FunnelRow:
    project, rejected = catalog.project, catalog.verdicts.rejected
    candidates = len(read_jsonl(project.candidates(slug), Candidate, missing_ok=True))
    refused = Counter(
        row.reason for row in read_rows(project.raw_rejected(slug), RejectedRow, missing_ok=True)
    )
    left_out = Counter(
        row.reason for row in catalog.groups if row.character == slug and not row.keep
    )
    in_split = Counter(row.split for row in catalog.split if row.character == slug)
    tried = len(collected) + refused.total()
    fetched = tried - sum(refused[reason] for reason in _NOT_FETCHED)
    return FunnelRow(
        character=slug,
        name=params.characters[slug].search.name,
        member=params.characters[slug].member,
        target=params.target(slug),
        candidates=candidates,
        tried=tried,
        fetched=fetched,
        decodable=fetched - sum(refused[reason] for reason in _NOT_AN_IMAGE),
        collected=len(collected),
        contributed=len(contributed),
        rejected=sum(sha256 in rejected for sha256 in collected | set(contributed)),
        kept=sum(1 for row in catalog.groups if row.character == slug and row.keep),
        **{name: in_split[name] for name in SPLITS},
        lost=tuple(sorted((refused + left_out).items(), key=lambda item: (-item[1], item[0]))),
    )
