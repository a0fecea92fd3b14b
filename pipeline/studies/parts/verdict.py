"""From runs to a verdict, by a rule.

A claim says that some number is above a margin, mostly a difference of two settings above 0. Runs
of one seed start alike, so differences are taken seed by seed, and Student's t gives the interval
of their mean. It says how far other seeds could move the answer on these pictures, not how far
other pictures could.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from pipeline.studies.parts.study import Evidence, Verdict
from pipeline.studies.parts.table import Scalar, Table, rounded

CONFIDENCE = 0.95
ENOUGH = 2  # runs, for an interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean over seeds and its interval; no interval with fewer than two."""

    value: float
    low: float | None
    high: float | None
    n: int

    def __str__(self) -> str:
        """Write as "0.512 [0.498, 0.526]"."""
        if self.low is None or self.high is None:
            return f"{self.value:.3f} (one run)"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"

    def as_evidence(self, *, setting: str, measure: str, unit: str) -> Evidence:
        """Say what it is of."""
        low, high = (None if each is None else _plain(each) for each in (self.low, self.high))
        return Evidence(
            setting=setting,
            measure=measure,
            value=_plain(self.value),
            low=low,
            high=high,
            unit=unit,
            n=self.n,
        )


def estimate(values: npt.ArrayLike) -> Estimate:
    """Bound a mean by Student's t.

    Args:
        values: one for each seed, at least one.

    Raises:
        ValueError: there is none.

    >>> str(estimate([0.5, 0.6, 0.7]))
    '0.600 [0.352, 0.848]'
    """
    values_N = np.asarray(values, dtype=np.float64)
    if not len(values_N):
        raise ValueError("no run to estimate from")
    mean = float(values_N.mean())
    if len(values_N) < ENOUGH:
        return Estimate(value=mean, low=None, high=None, n=len(values_N))
    error = float(values_N.std(ddof=1)) / len(values_N) ** 0.5
    reach = float(stdtrit(len(values_N) - 1, (1 + CONFIDENCE) / 2)) * error
    return Estimate(value=mean, low=mean - reach, high=mean + reach, n=len(values_N))


def difference(
    table: Table, measure: str, ours: Mapping[str, Scalar], theirs: Mapping[str, Scalar]
) -> Estimate:
    """Bound by how much one setting gives more than another, seed by seed.

    Args:
        table: of all runs.
        measure: such as "accuracy".
        ours: settings of the runs that the claim says are greater.
        theirs: of the others.
    """
    return estimate(table.differences(measure, ours, theirs))


def decide(claimed: Estimate, *, above: float = 0.0) -> Verdict:
    """Judge the claim that a number lies above a margin: the whole interval must.

    >>> str(decide(estimate([0.1, 0.12, 0.11])))
    'supported'
    """
    if claimed.low is None or claimed.high is None:
        return Verdict.UNDECIDED
    if claimed.low > above:
        return Verdict.SUPPORTED
    return Verdict.REFUTED if claimed.high < above else Verdict.UNDECIDED


def decide_differs(difference_: Estimate, *, margin: float) -> Verdict:
    """Judge the claim that two settings differ, whichever is the greater.

    Supported if the interval leaves out 0, refuted if it holds 0 and lies within +- margin.
    """
    if difference_.low is None or difference_.high is None:
        return Verdict.UNDECIDED
    if difference_.low > 0 or difference_.high < 0:
        return Verdict.SUPPORTED
    is_small = -margin < difference_.low and difference_.high < margin
    return Verdict.REFUTED if is_small else Verdict.UNDECIDED


def decide_exact(*, holds: bool) -> Verdict:
    """Judge a claim about numbers that no seed changes."""
    return Verdict.SUPPORTED if holds else Verdict.REFUTED


def all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Judge a claim of several parts: one refuted part refutes it, all must be supported.

    >>> str(all_of([Verdict.SUPPORTED, Verdict.UNDECIDED]))
    'undecided'
    """
    for verdict in (Verdict.REFUTED, Verdict.UNDECIDED):
        if verdict in verdicts:
            return verdict
    return Verdict.SUPPORTED


def _plain(value: float) -> float:
    return float(rounded(value))
