"""How far each character is, from small text files alone: no image is opened, nothing is pulled.

The funnel narrows from what the sources offered to what the networks learn from; every image that
falls out has a reason in rejected.csv or groups.csv.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.dedup.verdicts import read_verdicts
from pipeline.files import RowT, read_jsonl, read_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import (
    SPLITS,
    Candidate,
    GroupRow,
    ImageRecord,
    Reason,
    RejectedRow,
    SplitRow,
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


def funnel(project: Project, params: Params) -> list[FunnelRow]:
    """Count each character's images, in the order of params.yaml.

    Files that are not there yet count as empty, so this works half way through the pipeline.

    Raises:
        DataError: a file is there and breaks its contract.
    """
    groups = _rows(project.groups, GroupRow)
    split = _rows(project.split, SplitRow)
    rejected = read_verdicts(project, characters=tuple(params.characters)).rejected
    return [
        _count(slug, project=project, params=params, groups=groups, split=split, rejected=rejected)
        for slug in params.characters
    ]


def _count(
    slug: str,
    *,
    project: Project,
    params: Params,
    groups: Sequence[GroupRow],
    split: Sequence[SplitRow],
    rejected: Collection[str],
) -> FunnelRow:
    path = project.candidates(slug)
    candidates = len(read_jsonl(path, Candidate)) if path.is_file() else 0
    collected = {row.sha256 for row in _rows(project.raw_manifest(slug), ImageRecord)}
    contributed = _contributed(project, slug)
    refused = Counter(row.reason for row in _rows(project.raw_rejected(slug), RejectedRow))
    left_out = Counter(row.reason for row in groups if row.character == slug and not row.keep)
    in_split = Counter(row.split for row in split if row.character == slug)
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
        kept=sum(1 for row in groups if row.character == slug and row.keep),
        **{name: in_split[name] for name in SPLITS},
        lost=tuple(sorted((refused + left_out).items(), key=lambda item: (-item[1], item[0]))),
    )


def _contributed(project: Project, slug: str) -> list[str]:
    """Name the images that members brought, one of two members twice."""
    manifests = sorted(project.manifests.glob(f"*/{slug}.csv"))
    return [row.sha256 for manifest in manifests for row in read_rows(manifest, ImageRecord)]


def _rows(path: Path, kind: type[RowT]) -> list[RowT]:
    return read_rows(path, kind) if path.is_file() else []
