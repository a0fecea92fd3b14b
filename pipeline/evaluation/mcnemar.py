"""Which networks differ on the same test pictures: McNemar's exact test, corrected by Holm.

Only pictures that one of two got right and the other wrong tell them apart. Were both equally good,
each of these would be a coin's toss (McNemar 1947). Of many pairs some differ by luck alone, so
Holm's correction (1979) keeps the chance of even one false alarm under 5 %. The test counts each
picture on its own; where copies share groups, `intervals.paired_difference` is the stricter judge.

Letters: N pictures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import binomtest

from pipeline.evaluation.intervals import align
from pipeline.evaluation.predictions import Predictions

LEVEL = 0.05
_DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTest:
    """Two classifiers on the same pictures."""

    first: str  # slug
    second: str
    only_first_right: int  # pictures that the second got wrong
    only_second_right: int
    num: int  # all pictures
    p: float  # chance of a split at least as uneven, were both equally good
    p_holm: float  # the same, corrected for the number of pairs

    @property
    def differ(self) -> bool:
        """Tell whether they differ by more than luck."""
        return self.p_holm < LEVEL


def compare_all(answers: Mapping[str, Predictions]) -> list[PairTest]:
    """Test each pair of classifiers once, in the order given.

    Args:
        answers: slug -> predictions of the same test pictures.

    Raises:
        DataError: two of them were scored on other pictures.
    """
    pairs = list(combinations(answers, 2))
    counts = [_discordant(answers[first], answers[second]) for first, second in pairs]
    ps = [mcnemar_p(*each) for each in counts]
    return [
        PairTest(
            first=first,
            second=second,
            only_first_right=ours,
            only_second_right=theirs,
            num=len(answers[first].sha256s),
            p=round(p, _DECIMALS),
            p_holm=round(corrected, _DECIMALS),
        )
        for (first, second), (ours, theirs), p, corrected in zip(
            pairs, counts, ps, holm(ps), strict=True
        )
    ]


def mcnemar_p(only_first: int, only_second: int) -> float:
    """Give the exact, two-sided p-value; 1 if the two never differ.

    >>> mcnemar_p(0, 6)
    0.03125
    """
    discordant = only_first + only_second
    return float(binomtest(only_first, discordant).pvalue) if discordant else 1.0


def holm(ps: Sequence[float]) -> list[float]:
    """Correct p-values for their number, step by step from the smallest; in the order given.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    corrected = [1.0] * len(ps)
    so_far = 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda index: ps[index])):
        so_far = max(so_far, min(1.0, (len(ps) - rank) * ps[place]))
        corrected[place] = so_far
    return corrected


def _discordant(first: Predictions, second: Predictions) -> tuple[int, int]:
    second = align(second, first)
    first_N, second_N = (each.predicted == each.labels for each in (first, second))
    return int(np.sum(first_N & ~second_N)), int(np.sum(~first_N & second_N))
