"""Wilson's interval on groups: right about as often as it says, also at 100 %."""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import binomtest

from pipeline.evaluation.proportions import bounded_interval, proportion_interval

NUM_SETS = 1000


def test_single_pictures_have_wilsons_interval():
    """Without copies and with many groups it is the interval of the textbooks."""
    is_right_N = np.arange(2000) < 1500
    low, high = proportion_interval(is_right_N, [f"g{number}" for number in range(2000)])
    textbook = binomtest(1500, 2000).proportion_ci(method="wilson")

    assert (textbook.low, textbook.high) == pytest.approx((low, high), abs=1e-4)


def test_copies_are_no_evidence():
    """Five copies of each picture, right or wrong together, leave the interval as it was."""
    is_right_N, groups = np.arange(40) % 4 > 0, [f"g{number}" for number in range(40)]
    once = proportion_interval(is_right_N, groups)
    copied = proportion_interval(np.tile(is_right_N, 5), groups * 5)

    assert once == pytest.approx(copied)


@pytest.mark.parametrize("is_right", [True, False])
def test_all_alike_is_no_certainty(is_right):
    """100 groups without a mistake may still be wrong in 3 or 4 of 100; copies do not help."""
    low, high = proportion_interval([is_right] * 300, [f"g{n}" for n in range(100)] * 3)

    assert (1.0 if is_right else 0.0) == (high if is_right else low)
    assert 0.03 < high - low < 0.045


def test_one_group_says_nothing():
    """Pictures of a single group tell nothing about others."""
    assert (0.0, 1.0) == proportion_interval([True] * 9, ["a"] * 9)


def test_a_perfect_score_of_another_kind_borrows_the_interval():
    """Where every resample is perfect the bootstrap is silent; otherwise it speaks."""
    perfect = bounded_interval([1.0] * 50, num_groups=100)

    assert proportion_interval([True] * 100, [str(n) for n in range(100)]) == perfect
    assert bounded_interval([0.5, 1.0], num_groups=100)[0] < 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("num_groups", "truth", "sizes"),
    [
        (30, 0.5, (1,)),
        (30, 0.95, (1,)),
        (80, 0.8, (1, 1, 1, 2)),
        (140, 0.8, (1, 1, 1, 2, 4)),
        (140, 0.95, (1, 1, 1, 2)),
        (600, 0.7, (1, 1, 1, 2, 4)),
    ],
)
def test_holds_the_truth_as_often_as_it_says(num_groups, truth, sizes):
    """Of 1,000 simulated test sets 93 to 97 % have the true accuracy in their 95 % interval."""
    rng = np.random.default_rng([num_groups, round(100 * truth)])
    covered = 0
    for _ in range(NUM_SETS):
        is_right_N, groups = simulate(rng, num_groups=num_groups, truth=truth, sizes=sizes)
        low, high = proportion_interval(is_right_N, groups)
        covered += low <= truth <= high

    assert 0.93 <= covered / NUM_SETS <= 0.97


def simulate(
    rng: np.random.Generator, *, num_groups: int, truth: float, sizes: Sequence[int]
) -> tuple[np.ndarray, list[str]]:
    """Draw groups whose pictures are, four times of five, right or wrong together."""
    sizes_G = rng.choice(sizes, num_groups)
    group_N = np.repeat(np.arange(num_groups), sizes_G)
    is_alike_N = rng.random(len(group_N)) < 0.8
    of_group_N = (rng.random(num_groups) < truth)[group_N]
    own_N = rng.random(len(group_N)) < truth
    return np.where(is_alike_N, of_group_N, own_N), [f"g{number}" for number in group_N]
