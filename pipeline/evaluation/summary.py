"""The numbers of metrics.json that score a classifier as a whole, each with its interval.

Fractions of pictures have Wilson's interval (`proportions`), all others a bootstrap (`intervals`).
Calibration errors have none (`calibration` says why).

Letters: N pictures, K classes, B resamples.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.evaluation import metrics
from pipeline.evaluation.calibration import PRECISION, calibration_error
from pipeline.evaluation.intervals import Interval, Resamples
from pipeline.evaluation.metrics import FloatArray, IntArray
from pipeline.evaluation.predictions import Predictions
from pipeline.evaluation.probabilities import (
    BoolArray,
    brier_scores,
    coverage_at_precision,
    is_in_top,
    log_losses,
)
from pipeline.evaluation.proportions import bounded_interval, proportion_interval
from pipeline.evaluation.temperature import Calibration, apply_temperature

_BY_CONFUSION = {"balanced_accuracy": metrics.balanced_accuracy, "macro_f1": metrics.macro_f1}
_TOP = 3
_DECIMALS = 6


def summarise(
    test: Predictions, groups: Sequence[str], resamples: Resamples, *, confusion_KK: IntArray
) -> dict[str, float]:
    """Score the answers: how often right, among all and among classes.

    Returns:
        accuracy, accuracy_low, accuracy_high, and likewise balanced_accuracy, macro_f1,
        top3_accuracy and coverage_at_95_precision.
    """
    is_right_N = test.predicted == test.labels
    confusions_BKK = resamples.confusions(test)
    values = _fraction("accuracy", is_right_N, groups)
    for name, score in _BY_CONFUSION.items():
        values |= _bounded(name, score(confusion_KK), score(confusions_BKK), resamples)
    is_near_N = is_in_top(test.probs, test.labels, num=_TOP)
    values |= _fraction(f"top{_TOP}_accuracy", is_near_N, groups)
    covered, covered_B = (
        coverage_at_precision(test.confidence, is_right_N, weights, precision=PRECISION)
        for weights in (np.ones((1, len(is_right_N))), resamples.weights_BN)
    )
    return values | _bounded("coverage_at_95_precision", covered[0], covered_B, resamples)


def summarise_probs(
    probs_NK: FloatArray, labels_N: IntArray, resamples: Resamples, *, suffix: str = ""
) -> dict[str, float]:
    """Score the probabilities.

    Args:
        probs_NK: of the test pictures.
        labels_N: their true classes.
        resamples: of their groups.
        suffix: of the names, "_calibrated" after the temperature.

    Returns:
        log_loss and brier with intervals, ece and ece_adaptive without.
    """
    values: dict[str, float] = {}
    for name, score in (("log_loss", log_losses), ("brier", brier_scores)):
        each_N = score(probs_NK, labels_N)
        low, high = resamples.interval(resamples.means(each_N))
        values |= _triple(name + suffix, each_N.mean(), (low, high))
    confidence_N, is_right_N = probs_NK.max(axis=1), probs_NK.argmax(axis=1) == labels_N
    for name, is_adaptive in (("ece", False), ("ece_adaptive", True)):
        error = calibration_error(confidence_N, is_right_N, is_adaptive=is_adaptive)
        values[name + suffix] = rounded(error)
    return values


def summarise_calibrated(
    test: Predictions, calibration: Calibration, resamples: Resamples
) -> dict[str, float]:
    """Score the probabilities after the temperature, and the threshold that val suggests.

    Returns:
        temperature, the scores of `summarise_probs` with the suffix _calibrated, and, if val has a
        threshold, reject_below, coverage_above_reject and, if that is not 0,
        precision_above_reject.
    """
    probs_NK = apply_temperature(test.probs, calibration.temperature)
    values = {"temperature": calibration.temperature}
    values |= summarise_probs(probs_NK, test.labels, resamples, suffix="_calibrated")
    if calibration.reject_below is None:
        return values
    is_answered_N = probs_NK.max(axis=1) >= calibration.reject_below
    values["reject_below"] = calibration.reject_below
    values["coverage_above_reject"] = rounded(is_answered_N.mean())
    if is_answered_N.any():
        is_right_N = test.predicted == test.labels
        values["precision_above_reject"] = rounded(is_right_N[is_answered_N].mean())
    return values


def macro_average_precision(
    values_K: FloatArray, values_BK: FloatArray, resamples: Resamples
) -> dict[str, float]:
    """Average the classes' average precision; classes without pictures are left out."""
    value, values_B = np.nanmean(values_K), np.nanmean(values_BK, axis=1)
    return _bounded("average_precision", value, values_B, resamples)


def rounded(value: float | np.floating | FloatArray) -> float:
    """Round as the files print numbers."""
    return round(float(value), _DECIMALS)


def _fraction(name: str, is_right_N: BoolArray, groups: Sequence[str]) -> dict[str, float]:
    return _triple(name, is_right_N.mean(), proportion_interval(is_right_N, groups))


def _bounded(
    name: str,
    value: float | np.floating | FloatArray,
    values_B: npt.ArrayLike,
    resamples: Resamples,
) -> dict[str, float]:
    return _triple(name, value, bounded_interval(values_B, num_groups=resamples.num_groups))


def _triple(
    name: str, value: float | np.floating | FloatArray, bounds: Interval
) -> dict[str, float]:
    low, high = bounds
    return {name: rounded(value), f"{name}_low": rounded(low), f"{name}_high": rounded(high)}
