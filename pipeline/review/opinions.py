"""What the team says about pictures: all members' reviews, seen by one of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.catalog.catalog import Catalog, CatalogImage
from pipeline.catalog.reviews import Verdicts, decide
from pipeline.records import Review, Verdict

_ABOUT_IMAGE = {Verdict.KEEP, Verdict.REJECT, Verdict.RELABEL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """What all others say: read rarely, for it changes with a merge only."""

    reviews: Mapping[str, tuple[tuple[str, Review], ...]]  # sha256 -> member and review, any kind
    verdicts: Verdicts
    problems: tuple[str, ...]  # of their files; the rows concerned are left out

    @property
    def doubted(self) -> frozenset[str]:
        """What anybody else rejects or relabels."""
        said = self.verdicts
        return said.rejected | said.contradictory | said.relabelled.keys()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinions:
    """All reviews, ready to be looked up by sha256."""

    mine: Mapping[str, Review]  # my keep, reject or relabel
    verdicts: Verdicts  # mine alone
    theirs: Theirs

    @property
    def rejected(self) -> frozenset[str]:
        """What anybody rejects."""
        return self.theirs.verdicts.rejected | self.verdicts.rejected

    def others(self, sha256: str) -> tuple[tuple[str, Review], ...]:
        """List what other members say about a picture: member and review."""
        return self.theirs.reviews.get(sha256, ())

    def keeper_among(self, copies: Iterable[CatalogImage]) -> CatalogImage:
        """Name the copy to keep: mine, else a member's, else the one deduplicate took."""
        copies = tuple(copies)
        for chosen in (self.verdicts.keepers, self.theirs.verdicts.keepers):
            for picture in copies:
                if picture.sha256 in chosen:
                    return picture
        return copies[0]


def of_others(catalog: Catalog, *, me: str) -> Theirs:
    """Gather what all members but me say."""
    found: dict[str, list[tuple[str, Review]]] = defaultdict(list)
    for name, reviews in catalog.reviews.items():
        for review in reviews if name != me else ():
            found[review.sha256].append((name, review))
    return Theirs(
        reviews={sha256: tuple(said) for sha256, said in found.items()},
        verdicts=decide(review for said in found.values() for _, review in said),
        problems=tuple(catalog.problems),
    )


def opinions(own: Iterable[Review], theirs: Theirs) -> Opinions:
    """Look at everybody's reviews as one member does."""
    own = list(own)
    return Opinions(
        mine={review.sha256: review for review in own if review.verdict in _ABOUT_IMAGE},
        verdicts=decide(own),
        theirs=theirs,
    )
