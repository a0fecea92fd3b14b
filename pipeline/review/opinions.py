"""What the team says about pictures: all members' reviews, seen by one of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.catalog.catalog import Catalog, CatalogImage
from pipeline.records import Review, Verdict

_ABOUT_IMAGE = {Verdict.KEEP, Verdict.REJECT, Verdict.RELABEL}
_DOUBTS = {Verdict.REJECT, Verdict.RELABEL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """What all others say: read rarely, for it changes with a merge only."""

    reviews: Mapping[str, tuple[tuple[str, Review], ...]]  # sha256 -> member and review, any kind
    doubted: frozenset[str]  # rejected or relabelled
    rejected: frozenset[str]
    keepers: frozenset[str]
    problems: tuple[str, ...]  # of their files; the rows concerned are left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinions:
    """All reviews, ready to be looked up by sha256."""

    mine: Mapping[str, Review]  # my keep, reject or relabel
    my_keepers: frozenset[str]
    distinct: frozenset[frozenset[str]]  # my pairs
    theirs: Theirs

    @property
    def rejected(self) -> frozenset[str]:
        """What anybody rejects."""
        return self.theirs.rejected | _named(self.mine.values(), Verdict.REJECT)

    def others(self, sha256: str) -> tuple[tuple[str, Review], ...]:
        """List what other members say about a picture: member and review."""
        return self.theirs.reviews.get(sha256, ())

    def keeper_among(self, copies: Iterable[CatalogImage]) -> CatalogImage:
        """Name the copy to keep: mine, else a member's, else the one deduplicate took."""
        copies = tuple(copies)
        for chosen in (self.my_keepers, self.theirs.keepers):
            for picture in copies:
                if picture.sha256 in chosen:
                    return picture
        return copies[0]

    def are_distinct(self, sha256: str, other_sha256: str) -> bool:
        """Tell whether I said that these two are no copies."""
        return frozenset({sha256, other_sha256}) in self.distinct


def of_others(catalog: Catalog, *, me: str) -> Theirs:
    """Gather what all members but me say."""
    found: dict[str, list[tuple[str, Review]]] = defaultdict(list)
    for name, reviews in catalog.reviews.items():
        for review in reviews if name != me else ():
            found[review.sha256].append((name, review))
    all_of_them = [review for said in found.values() for _, review in said]
    return Theirs(
        reviews={sha256: tuple(said) for sha256, said in found.items()},
        doubted=_named(all_of_them, *_DOUBTS),
        rejected=_named(all_of_them, Verdict.REJECT),
        keepers=_named(all_of_them, Verdict.KEEPER),
        problems=tuple(catalog.problems),
    )


def opinions(own: Iterable[Review], theirs: Theirs) -> Opinions:
    """Look at everybody's reviews as one member does."""
    own = list(own)
    return Opinions(
        mine={review.sha256: review for review in own if review.verdict in _ABOUT_IMAGE},
        my_keepers=_named(own, Verdict.KEEPER),
        distinct=frozenset(
            frozenset({review.sha256, review.other_sha256})
            for review in own
            if review.verdict == Verdict.DISTINCT
        ),
        theirs=theirs,
    )


def _named(reviews: Iterable[Review], *verdicts: str) -> frozenset[str]:
    return frozenset(review.sha256 for review in reviews if review.verdict in verdicts)
