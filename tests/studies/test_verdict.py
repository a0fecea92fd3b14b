"""From runs to a verdict."""

import numpy as np
import pytest

from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table
from pipeline.studies.parts.verdict import (
    all_of,
    decide,
    decide_differs,
    decide_exact,
    difference,
    estimate,
)

WORLDS = range(20)
SEEDS = range(5)


def planted(effect: float, *, world: int) -> Table:
    """Make runs of two settings whose accuracy truly differs by `effect`; seeds share their luck.

    The luck of a seed is ten times as large as what an unpaired comparison could see through.
    """
    rng = np.random.default_rng(world)
    runs = []
    for seed in SEEDS:
        luck = rng.normal(0.6, 0.1)
        for name, shift in (("ours", effect), ("theirs", 0.0)):
            accuracy = luck + shift + rng.normal(0, 0.01)
            runs.append(
                Run(settings={"name": name}, seed=seed, values={"accuracy": accuracy}, timing={})
            )
    return Table(runs)


@pytest.mark.parametrize(
    ("effect", "verdict"),
    [(0.05, Verdict.SUPPORTED), (-0.05, Verdict.REFUTED), (0.0, Verdict.UNDECIDED)],
)
def test_planted_claims_come_out_as_planted(effect: float, verdict: Verdict) -> None:
    """A true, a false and an empty claim are told in at least 18 of 20 worlds each."""
    found = [
        decide(
            difference(planted(effect, world=w), "accuracy", {"name": "ours"}, {"name": "theirs"})
        )
        for w in WORLDS
    ]

    assert found.count(verdict) >= 18


def test_the_interval_is_students() -> None:
    """Mean 2, standard deviation 1, three runs: 2 +- 4.3027 / sqrt(3)."""
    found = estimate([1.0, 2.0, 3.0])

    assert (2.0, 3) == (found.value, found.n)
    assert found.low == pytest.approx(2 - 4.30265 / 3**0.5, abs=1e-4)
    assert found.high == pytest.approx(2 + 4.30265 / 3**0.5, abs=1e-4)


def test_one_run_decides_nothing() -> None:
    """With one seed there is no interval, however large the number."""
    found = estimate([100.0])

    assert (None, None, 1) == (found.low, found.high, found.n)
    assert "100.000 (one run)" == str(found)
    assert Verdict.UNDECIDED == decide(found) == decide_differs(found, margin=1)


def test_no_run_is_an_error() -> None:
    """An estimate of nothing would be a bug of a study."""
    with pytest.raises(ValueError, match="no run"):
        estimate([])


@pytest.mark.parametrize(
    ("above", "verdict"),
    [(0.9, Verdict.SUPPORTED), (1.0, Verdict.UNDECIDED), (1.1, Verdict.REFUTED)],
)
def test_a_margin_moves_the_verdict(above: float, verdict: Verdict) -> None:
    """The interval is held against the stated margin, not against 0."""
    assert verdict == decide(estimate([0.99, 1.0, 1.01]), above=above)


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([0.10, 0.11, 0.12], Verdict.SUPPORTED),
        ([-0.10, -0.11, -0.12], Verdict.SUPPORTED),
        ([-0.001, 0.0, 0.001], Verdict.REFUTED),
        ([-0.1, 0.0, 0.1], Verdict.UNDECIDED),
    ],
)
def test_a_difference_either_way(values: list[float], verdict: Verdict) -> None:
    """To differ is to leave out 0; to be the same is to lie within the margin."""
    assert verdict == decide_differs(estimate(values), margin=0.02)


def test_all_parts_must_hold() -> None:
    """One refuted part refutes, one undecided part leaves it open."""
    yes, no, open_ = Verdict.SUPPORTED, Verdict.REFUTED, Verdict.UNDECIDED

    assert [yes, open_, no] == [all_of(each) for each in ([yes, yes], [yes, open_], [open_, no])]
    assert [yes, no] == [decide_exact(holds=True), decide_exact(holds=False)]


def test_evidence_is_rounded() -> None:
    """Six digits are written: another machine may differ in the seventh."""
    found = estimate([1 / 3, 2 / 3]).as_evidence(setting="a", measure="m", unit="px")

    assert (0.5, 2, "px") == (found.value, found.n, found.unit)
    assert found.low == float(f"{found.low:.6g}")
