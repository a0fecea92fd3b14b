"""How far members agree about the images that several of them reviewed.

Cohen's kappa (Cohen 1960, doi:10.1177/001316446002000104) is the agreement beyond what two people
reach who answer by chance, each with their own habits: 1 is full agreement, 0 is chance.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from pipeline.records import Review, Verdict

_ABOUT_IMAGE = {Verdict.KEEP, Verdict.REJECT, Verdict.RELABEL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Two members and the images that both reviewed."""

    member: str
    other_member: str
    num_images: int  # that both reviewed
    agreement: float  # fraction with the same word, in [0, 1]
    kappa: float | None  # in [-1, 1]; None where both said one and the same word of all
    disputed: tuple[tuple[str, str, str], ...]  # sha256 and the two words, sorted


def agreements(reviews: Mapping[str, Sequence[Review]]) -> list[Agreement]:
    """Compare every two members who reviewed an image in common, in the order of their names.

    Args:
        reviews: what each member says, by the member's name.
    """
    words = {member: _words(reviews[member]) for member in sorted(reviews)}
    return [
        _compare(member, words[member], other, words[other])
        for member, other in combinations(words, 2)
        if words[member].keys() & words[other].keys()
    ]


def cohens_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Compute kappa of pairs of words; None where chance alone would agree on everything.

    >>> cohens_kappa([("keep", "keep"), ("keep", "reject"), ("reject", "reject")])
    0.4
    """
    total = len(pairs)
    observed = sum(one == other for one, other in pairs) / total
    ones, others = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    by_chance = sum(ones[word] * others[word] for word in ones) / total**2
    return None if by_chance == 1 else round((observed - by_chance) / (1 - by_chance), 12)


def _words(reviews: Sequence[Review]) -> dict[str, str]:
    """Give a member's word on each image; to move it to two characters are two words."""
    return {
        review.sha256: f"relabel {review.character}"
        if review.verdict == Verdict.RELABEL
        else review.verdict
        for review in reviews
        if review.verdict in _ABOUT_IMAGE
    }


def _compare(
    member: str, words: Mapping[str, str], other_member: str, other_words: Mapping[str, str]
) -> Agreement:
    both = sorted(words.keys() & other_words.keys())
    pairs = [(words[sha256], other_words[sha256]) for sha256 in both]
    disputed = [
        (sha256, *pair) for sha256, pair in zip(both, pairs, strict=True) if pair[0] != pair[1]
    ]
    return Agreement(
        member=member,
        other_member=other_member,
        num_images=len(both),
        agreement=1 - len(disputed) / len(both),
        kappa=cohens_kappa(pairs),
        disputed=tuple(disputed),
    )
