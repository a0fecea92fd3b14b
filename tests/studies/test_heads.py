"""The study of heads compares many with one, at equal width."""

import pytest

from pipeline.studies.heads import HEADS, STUDY
from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table


def make_table(*, many: float, one: float) -> Table:
    """Make up runs of three seeds, of which the middle one is luckier in every setting."""
    return Table(
        [
            Run(
                settings={"heads": heads, "many": heads > 1},
                seed=seed,
                values={"accuracy": (many if heads > 1 else one) + luck},
                timing={},
            )
            for heads in HEADS
            for seed, luck in ((1, 0.0), (2, 0.1), (3, 0.001 * heads))
        ]
    )


@pytest.mark.parametrize(
    ("many", "verdict"),
    [(0.7, Verdict.SUPPORTED), (0.5, Verdict.REFUTED), (0.6, Verdict.UNDECIDED)],
)
def test_the_verdict_is_of_many_against_one(many: float, verdict: Verdict) -> None:
    """A seed that is lucky in all settings changes nothing."""
    finding = STUDY.conclude(make_table(many=many, one=0.6))

    assert verdict == finding.verdict


def test_the_evidence_is_the_mean_difference() -> None:
    """The first row is what the verdict came from, then one row for each number of heads."""
    evidence = STUDY.conclude(make_table(many=0.7, one=0.6)).evidence

    assert evidence[0].value == pytest.approx(0.1012, abs=1e-4)
    assert [f"heads {heads}" for heads in HEADS] == [each.setting for each in evidence[1:]]
