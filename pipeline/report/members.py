"""Who contributed: each member's characters, pictures and reviews, and the makers of the rest."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import ImageRecord, SplitRow
from pipeline.report.provenance import record_of
from pipeline.team.progress import FunnelRow
from pipeline.team.reviews import ReviewFile

_AUTHORS = 10  # makers named one by one
_NOBODY = "unknown author"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member; all counts are pictures but where said."""

    slug: str
    characters: tuple[FunnelRow, ...]  # assigned to the member
    brought: int  # the member's own contributions
    brought_kept: int  # of these, in the dataset
    reviews: tuple[tuple[str, int], ...]  # verdict, how often; the most frequent first

    @property
    def target(self) -> int:
        """How many are wanted of all characters together."""
        return sum(row.target for row in self.characters)

    @property
    def kept(self) -> int:
        """How many of them are in the dataset."""
        return sum(row.kept for row in self.characters)

    @property
    def num_reviews(self) -> int:
        """How many verdicts the member gave."""
        return sum(number for _, number in self.reviews)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credits:
    """Who made the kept pictures."""

    authors: tuple[tuple[str, int], ...]  # the most pictures first
    num_authors: int  # all that are named
    num_unnamed: int  # pictures of nobody known


def read_members(
    project: Project,
    params: Params,
    *,
    funnel: Sequence[FunnelRow],
    records: Mapping[str, ImageRecord],
    split_rows: Sequence[SplitRow],
) -> list[Member]:
    """Gather what each member did: those of params.yaml, and all who brought or reviewed.

    Raises:
        DataError: a file of reviews breaks its contract.
    """
    own = [each for each in records.values() if _is_contributed(each, project)]
    kept = {row.sha256 for row in split_rows}
    reviewers = [path.stem for path in project.reviews.glob("*.csv")]
    assigned = [each.member for each in params.characters.values()]
    slugs = dict.fromkeys([*assigned, *sorted({*reviewers, *(each.member for each in own)})])
    return [
        Member(
            slug=slug,
            characters=tuple(row for row in funnel if row.member == slug),
            brought=sum(each.member == slug for each in own),
            brought_kept=sum(each.member == slug and each.sha256 in kept for each in own),
            reviews=_reviews(project, slug),
        )
        for slug in slugs
    ]


def credits_of(rows: Sequence[SplitRow], records: Mapping[str, ImageRecord]) -> Credits:
    """Count the kept pictures by their author."""
    counts = Counter(record_of(row.sha256, records).author or _NOBODY for row in rows)
    num_unnamed = counts.pop(_NOBODY, 0)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return Credits(
        authors=tuple(ordered[:_AUTHORS]), num_authors=len(ordered), num_unnamed=num_unnamed
    )


def _is_contributed(record: ImageRecord, project: Project) -> bool:
    return record.file.startswith(f"{project.relative(project.contributions)}/")


def _reviews(project: Project, member: str) -> tuple[tuple[str, int], ...]:
    counts = Counter(review.verdict for review in ReviewFile(project, member=member).read())
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
