"""Scores of a classifier's probabilities, beyond which class it puts first.

Those of single pictures come as N values, whose mean is the score; those of a ranking take weights,
so that one call scores the test set (`weights_BN` of ones) or all its resamples.

Letters: N pictures, K classes, B resamples.
"""

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.metrics import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]
_LEAST = 1e-15  # a probability of 0 for what is true would cost infinitely much


def is_in_top(probs_NK: FloatArray, labels_N: IntArray, *, num: int) -> BoolArray:
    """Tell whether the true class is among the `num` most probable; ties in the order of classes.

    >>> is_in_top(np.array([[0.5, 0.3, 0.2]] * 3), np.array([0, 1, 2]), num=2)
    array([ True,  True, False])
    """
    order_NK = np.argsort(-probs_NK, axis=1, kind="stable")
    is_found_N: BoolArray = (order_NK[:, :num] == labels_N[:, None]).any(axis=1)
    return is_found_N


def log_losses(probs_NK: FloatArray, labels_N: IntArray) -> FloatArray:
    """Give -ln of the true class's probability in nats, in [0, 34.6], shape (N,)."""
    label_probs_N = probs_NK[np.arange(len(labels_N)), labels_N]
    losses_N: FloatArray = -np.log(np.maximum(label_probs_N, _LEAST))
    return losses_N


def brier_scores(probs_NK: FloatArray, labels_N: IntArray) -> FloatArray:
    """Sum the squared errors over the classes, in [0, 2], shape (N,) (Brier 1950).

    >>> brier_scores(np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]), np.array([0, 0, 0]))
    array([0. , 0.5, 2. ])
    """
    truth_NK = np.eye(probs_NK.shape[1])[labels_N]
    errors_N: FloatArray = ((probs_NK - truth_NK) ** 2).sum(axis=1)
    return errors_N


def coverage_at_precision(
    confidence_N: FloatArray, is_right_N: BoolArray, weights_BN: FloatArray, *, precision: float
) -> FloatArray:
    """Find the largest part of the pictures, the surest first, of which so many are right.

    Pictures of equal confidence are taken together.

    Args:
        confidence_N: what the pictures are ranked by.
        is_right_N: whether the answer is right.
        weights_BN: how often each picture counts.
        precision: in (0, 1].

    Returns:
        Fractions in [0, 1], shape (B,); 0 where even the surest are wrong too often.

    >>> confidence_N, is_right_N = np.array([0.9, 0.8, 0.7]), np.array([True, True, False])
    >>> coverage_at_precision(confidence_N, is_right_N, np.ones((1, 3)), precision=0.95)
    array([0.66666667])
    """
    taken_BT, right_BT = _ranked(confidence_N, is_right_N, weights_BN)
    is_good_BT = right_BT >= precision * taken_BT - 1e-9  # 19 of 20 are 95 %, rounding or not
    return np.asarray((taken_BT * is_good_BT).max(axis=1) / taken_BT[:, -1])


def average_precision(
    scores_N: FloatArray, is_positive_N: BoolArray, weights_BN: FloatArray
) -> FloatArray:
    """Average the precision over the pictures of a class, ranked by its probability.

    The definition of scikit-learn's average_precision_score (a test compares them), for many
    weightings at once: one by one, a thousand resamples of six classes take it seconds.

    Args:
        scores_N: the class's probability.
        is_positive_N: whether the picture is of the class.
        weights_BN: how often each picture counts.

    Returns:
        Values in [0, 1], shape (B,); NaN where the class has no picture.
    """
    taken_BT, right_BT = _ranked(scores_N, is_positive_N, weights_BN)
    gained_BT = np.diff(right_BT, axis=1, prepend=0.0)
    precision_BT = np.divide(right_BT, taken_BT, out=np.zeros_like(taken_BT), where=taken_BT > 0)
    positives_B = right_BT[:, -1]
    sums_B = (gained_BT * precision_BT).sum(axis=1)
    averages_B: FloatArray = np.full(len(sums_B), np.nan)
    np.divide(sums_B, positives_B, out=averages_B, where=positives_B > 0)
    return averages_B


def _ranked(
    scores_N: FloatArray, is_hit_N: BoolArray, weights_BN: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Count pictures and hits down to each of T distinct scores, the greatest first: (B, T)."""
    order_N = np.argsort(-scores_N, kind="stable")
    last_T = np.append(np.flatnonzero(np.diff(scores_N[order_N])), len(order_N) - 1)
    taken_BN = weights_BN[:, order_N]
    return (
        taken_BN.cumsum(axis=1)[:, last_T],
        (taken_BN * is_hit_N[order_N]).cumsum(axis=1)[:, last_T],
    )
