"""The study of how many pictures are enough."""

import numpy as np
import pytest

from pipeline.studies.dataset_size import STUDY, fit_curve, gain_of_doubling
from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table

SIZES = (12, 25, 50, 100)


def make_table(b: float, *, noise: float = 0.002) -> Table:
    """Make up runs on the curve 0.9 - b / sqrt(n), of three seeds."""
    rng = np.random.default_rng(7)
    return Table(
        [
            Run(
                settings={"pictures": n},
                seed=seed,
                values={
                    "accuracy": 0.9 - b / n**0.5 + rng.normal(0, noise),
                    "recalls": [0.9, 0.3, 0.6],
                },
                timing={},
            )
            for n in SIZES
            for seed in (1, 2, 3)
        ],
        classes=["ariel", "elsa", "merida"],
    )


def test_the_curve_is_found_again() -> None:
    """Of points on a curve its two numbers come back."""
    offset, b = fit_curve(SIZES, np.array([0.9 - 1.5 / n**0.5 for n in SIZES]))

    assert (0.9, 1.5) == (pytest.approx(offset), pytest.approx(b))


def test_doubling_gains_what_the_curve_says() -> None:
    """From n to 2 n the error b / sqrt(n) falls by a factor of sqrt(2)."""
    assert 2 / 200**0.5 - 2 / 400**0.5 == pytest.approx(gain_of_doubling(2, 200))


@pytest.mark.parametrize(
    ("b", "noise", "verdict"),
    [
        (0.3, 0.002, Verdict.SUPPORTED),  # twice as many would add .6 %
        (2.0, 0.002, Verdict.REFUTED),  # 4 %
        (0.95, 0.05, Verdict.UNDECIDED),  # about 2 %, and nobody knows
    ],
)
def test_enough_is_less_than_two_points_to_gain(b: float, noise: float, verdict: Verdict) -> None:
    """By the curve of each seed, followed from 200 to 400."""
    assert verdict == STUDY.conclude(make_table(b, noise=noise)).verdict


def test_the_weakest_character_is_named() -> None:
    """It has the lowest recall with all pictures."""
    finding = STUDY.conclude(make_table(0.3))

    assert "elsa needs more first" in finding.why
    assert ["elsa", "merida", "ariel"] == [each.setting for each in finding.evidence[-3:]]
