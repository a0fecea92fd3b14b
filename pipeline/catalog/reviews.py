"""What members say about images, from data/reviews/<member>.csv.

Verdicts carry no time, so the order of files and rows never matters. Where members disagree about
one image, the more careful verdict wins:

    reject   over relabel, keeper and keep; copies of which nobody said anything else go with it
    relabel  over keep; two different characters leave the image out ("conflicting reviews")
    keeper   makes the image the best copy of its group
    distinct keeps two images out of one group, whatever else is said about them
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from operator import attrgetter

from pipeline.records import SHA256, Review, Verdict

Subject = tuple[str, str, str]
REVIEW_ORDER = attrgetter("sha256", "verdict", "character", "other_sha256", "note")


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


def holding(reviews: Iterable[Review]) -> list[Review]:
    """Give what holds of one member's rows, sorted: where a merge left two words, the later."""
    return sorted({subject_of(row): row for row in reviews}.values(), key=REVIEW_ORDER)


def subject_of(review: Review) -> Subject:
    """Name what a row is about: rows of one subject replace each other.

    >>> row = Review(sha256="b", verdict="distinct", character="", other_sha256="a", note="")
    >>> subject_of(row)
    ('distinct', 'a', 'b')
    """
    if review.verdict == Verdict.DISTINCT:
        one, other = sorted((review.sha256, review.other_sha256))
        return (Verdict.DISTINCT.value, one, other)
    is_keeper = review.verdict == Verdict.KEEPER
    return (Verdict.KEEPER.value if is_keeper else "image", review.sha256, "")


def review_check(characters: Collection[str] | None) -> Callable[[Review], None]:
    """Build what refuses a row with ValueError: one that means nothing.

    Args:
        characters: to which an image may be moved; None for any.
    """

    def check(review: Review) -> None:
        other = review.other_sha256
        if review.verdict not in set(Verdict):
            raise ValueError(f"verdict {review.verdict!r}; allowed: {', '.join(Verdict)}")
        if not SHA256.match(review.sha256):
            raise ValueError(f"sha256 {review.sha256!r}; must be 64 of 0-9 a-f")
        is_move = review.verdict == Verdict.RELABEL
        if is_move and characters is not None and review.character not in characters:
            raise ValueError(
                f"character {review.character!r} is not in params.yaml; add it there or fix the row"
            )
        is_pair = SHA256.match(other) and other != review.sha256
        if review.verdict == Verdict.DISTINCT and not is_pair:
            raise ValueError(f"other_sha256 {other!r}; distinct needs the sha256 of another image")

    return check
