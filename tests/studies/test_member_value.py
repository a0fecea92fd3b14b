"""The study of what each member's pictures are worth."""

from itertools import combinations
from math import comb

import numpy as np
import pytest

from pipeline.studies.member_value import STUDY, knn_accuracy, knn_shapley
from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table

NUM, ASKED, K = 6, 4, 2


@pytest.fixture
def world() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw distances of four pictures to six, with labels of two classes."""
    rng = np.random.default_rng(7)
    distances_TN = rng.random((ASKED, NUM))
    return distances_TN, rng.integers(0, 2, ASKED), rng.integers(0, 2, NUM)


def test_shapley_values_are_those_of_the_definition(
    world: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """What a picture adds, averaged over all sets of others, equals the closed formula."""
    distances_TN, asked_T, labels_N = world

    def score(members: tuple[int, ...]) -> float:
        chosen = list(members)
        return knn_accuracy(distances_TN[:, chosen], asked_T, labels_N[chosen], neighbours=K)

    def value(picture: int) -> float:
        others = [each for each in range(NUM) if each != picture]
        return sum(
            (score((*sorted((*subset, picture)),)) - score(subset)) / (NUM * comb(NUM - 1, size))
            for size in range(NUM)
            for subset in combinations(others, size)
        )

    found_N = knn_shapley(distances_TN, asked_T, labels_N, neighbours=K)

    assert [value(n) for n in range(NUM)] == pytest.approx(found_N.tolist())


def test_the_values_add_up_to_the_accuracy(
    world: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Nothing is lost in sharing it out."""
    found_N = knn_shapley(*world, neighbours=K)

    assert knn_accuracy(*world, neighbours=K) == pytest.approx(found_N.sum())


def test_a_picture_with_a_wrong_label_has_a_negative_value() -> None:
    """It stands next to those that are asked about, and says the other class."""
    distances_TN = np.array([[0.1, 0.2, 0.3]])

    found_N = knn_shapley(distances_TN, np.array([0]), np.array([1, 0, 0]), neighbours=1)

    assert found_N[0] < 0 < found_N[1]


def make_table(second: float) -> Table:
    """Make up what two members bring, over three seeds."""
    return Table(
        [
            Run(
                settings={},
                seed=seed,
                values={
                    "members": ["m2", "na"],
                    "values": [0.3 + luck, second + luck],
                    "per_picture": [0.003, second / 100],
                    "lost": [0.2, second],
                },
                timing={},
            )
            for seed, luck in ((1, 0.0), (2, 0.01), (3, -0.01))
        ]
    )


@pytest.mark.parametrize(
    ("second", "verdict"),
    [(0.2, Verdict.SUPPORTED), (-0.2, Verdict.REFUTED), (0.01, Verdict.UNDECIDED)],
)
def test_everybody_s_pictures_must_count(second: float, verdict: Verdict) -> None:
    """One member whose pictures harm refutes the claim, however good the others are."""
    finding = STUDY.conclude(make_table(second))

    assert verdict == finding.verdict
    assert finding.why.startswith("of the accuracy of nearest neighbours m2 brings 0.300")
