"""What members say about images, from data/reviews/<member>.csv.

Verdicts carry no time, so the order of files and rows never matters. Where members disagree about
one image, the more careful verdict wins:

    reject   over relabel, keeper and keep; copies of which nobody said anything else go with it
    relabel  over keep; two different characters leave the image out ("conflicting reviews")
    keeper   makes the image the best copy of its group
    distinct keeps two images out of one group, whatever else is said about them
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.errors import DataError
from pipeline.files import read_rows
from pipeline.paths import Project
from pipeline.records import Review, Verdict

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What holds after all reviews; images are named by their sha256."""

    rejected: frozenset[str] = frozenset()
    relabelled: dict[str, str] = field(default_factory=dict)  # to its character
    contradictory: frozenset[str] = frozenset()  # relabelled to several characters
    keepers: frozenset[str] = frozenset()
    distinct: frozenset[frozenset[str]] = frozenset()  # pairs
    wanted: frozenset[tuple[str, str]] = frozenset()  # kept under a character; "" is any

    def vouch_for(self, sha256: str, character: str) -> bool:
        """Tell whether a member said that this image belongs to this character."""
        is_wanted = not self.wanted.isdisjoint({(sha256, character), (sha256, "")})
        return is_wanted or self.relabelled.get(sha256) == character

    def are_distinct(self, sha256: str, other_sha256: str) -> bool:
        """Tell whether a member said that these two are no copies."""
        return frozenset({sha256, other_sha256}) in self.distinct


def read_verdicts(project: Project, *, characters: Sequence[str]) -> Verdicts:
    """Read all members' reviews.

    Raises:
        DataError: file and row of an unknown verdict or character, or of what is no sha256.
    """
    reviews = []
    for path in sorted(project.reviews.glob("*.csv")):
        for number, review in enumerate(read_rows(path, Review), start=2):
            _check(review, characters, where=f"{path}:{number}")
            reviews.append(review)
    return decide(reviews)


def decide(reviews: Iterable[Review]) -> Verdicts:
    """Decide what holds where members say different things."""
    said: dict[str, set[str]] = defaultdict(set)
    labels: dict[str, set[str]] = defaultdict(set)
    distinct, wanted = set(), set()
    for review in reviews:
        said[review.verdict].add(review.sha256)
        if review.verdict == Verdict.RELABEL:
            labels[review.sha256].add(review.character)
        if review.verdict in {Verdict.KEEP, Verdict.KEEPER}:
            wanted.add((review.sha256, review.character))
        if review.verdict == Verdict.DISTINCT:
            distinct.add(frozenset({review.sha256, review.other_sha256}))
    return Verdicts(
        rejected=frozenset(said[Verdict.REJECT]),
        relabelled={sha: min(slugs) for sha, slugs in labels.items() if len(slugs) == 1},
        contradictory=frozenset(sha for sha, slugs in labels.items() if len(slugs) > 1),
        keepers=frozenset(said[Verdict.KEEPER]),
        distinct=frozenset(distinct),
        wanted=frozenset(wanted),
    )


def _check(review: Review, characters: Sequence[str], *, where: str) -> None:
    if review.verdict not in set(Verdict):
        raise DataError(f"{where}: verdict {review.verdict!r}; allowed: {', '.join(Verdict)}")
    if not _SHA256.fullmatch(review.sha256):
        raise DataError(f"{where}: sha256 {review.sha256!r}; must be 64 of 0-9 a-f")
    if review.verdict == Verdict.RELABEL and review.character not in characters:
        raise DataError(
            f"{where}: character {review.character!r} is not in params.yaml; add it there or fix "
            "the row"
        )
    is_pair = _SHA256.fullmatch(review.other_sha256) and review.other_sha256 != review.sha256
    if review.verdict == Verdict.DISTINCT and not is_pair:
        raise DataError(
            f"{where}: other_sha256 {review.other_sha256!r}; distinct needs the sha256 of another "
            "image"
        )
