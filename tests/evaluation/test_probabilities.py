"""Scores of probabilities: checked by hand and against scikit-learn, ties included."""

import numpy as np
import pytest
import sklearn.metrics as sk

from pipeline.evaluation.probabilities import (
    average_precision,
    brier_scores,
    coverage_at_precision,
    is_in_top,
    log_losses,
)

ONCE = np.ones((1, 8))
CONFIDENCE = np.array([0.9, 0.8, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3])
IS_RIGHT = np.array([True, True, True, True, False, True, False, False])


def test_top_k_takes_ties_in_the_order_of_the_classes():
    """Four equal classes: the first two are the top two, so the answer is never both."""
    probs_NK = np.full((4, 4), 0.25)

    assert [True, True, False, False] == is_in_top(probs_NK, np.arange(4), num=2).tolist()


def test_log_loss_of_the_impossible_is_finite():
    """A class that was given no chance at all costs a lot, not infinitely much."""
    losses_N = log_losses(np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([1, 0]))

    assert (15 * np.log(10), np.log(2)) == pytest.approx(tuple(losses_N))


def test_brier_is_the_squared_distance_to_the_truth():
    """Summed over the classes, so of two classes it is twice scikit-learn's binary score."""
    probs_N = np.array([0.9, 0.6, 0.2])
    labels_N = np.array([1, 0, 1])
    scores_N = brier_scores(np.stack([1 - probs_N, probs_N], axis=1), labels_N)

    assert 2 * sk.brier_score_loss(labels_N, probs_N) == pytest.approx(scores_N.mean())


@pytest.mark.parametrize(
    ("precision", "expected"), [(1.0, 4 / 8), (0.8, 6 / 8), (0.6, 8 / 8), (0.625, 8 / 8)]
)
def test_coverage_goes_as_far_down_as_the_precision_lasts(precision, expected):
    """Of 8 pictures the first four are right; six hold one mistake, all of them three."""
    covered = coverage_at_precision(CONFIDENCE, IS_RIGHT, ONCE, precision=precision)

    assert [expected] == covered.tolist()


def test_coverage_is_nothing_where_the_surest_is_wrong():
    """No threshold reaches the precision."""
    assert [0.0] == coverage_at_precision(CONFIDENCE, ~IS_RIGHT, ONCE, precision=0.95).tolist()


@pytest.mark.parametrize("order", [[0, 1, 2], [0, 2, 1]])
def test_coverage_takes_equal_confidences_together(order):
    """Of two equally sure answers, one right and one wrong, both are given or none."""
    confidence_N, is_right_N = np.array([0.9, 0.8, 0.8]), np.array([True, True, False])[order]

    covered = coverage_at_precision(confidence_N, is_right_N, np.ones((1, 3)), precision=0.95)

    assert [1 / 3] == covered.tolist()


def test_average_precision_is_scikit_learns():
    """Also with ties, and with pictures that count twice or not at all."""
    rng = np.random.default_rng(3)
    scores_N, is_positive_N = rng.integers(6, size=60) / 5, rng.random(60) < 0.3
    weights_BN = rng.integers(3, size=(20, 60)).astype(np.float64)
    expected = [
        sk.average_precision_score(is_positive_N, scores_N, sample_weight=weights_N)
        for weights_N in weights_BN
    ]

    assert expected == pytest.approx(
        average_precision(scores_N, is_positive_N, weights_BN).tolist()
    )


def test_average_precision_of_an_absent_class_is_undefined():
    """A class without pictures has none; it is NaN, not 0."""
    assert np.isnan(average_precision(CONFIDENCE, np.zeros(8, dtype=bool), ONCE)).all()
