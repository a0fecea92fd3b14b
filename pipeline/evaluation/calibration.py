"""Does a network that says 0.8 get 8 of 10 right? And the one number that mends it.

`fit_temperature` divides the logits by one scalar, fitted on val (Guo et al. 2017,
arXiv:1706.04599): the ranking of the classes stays. Before and after are measured on test.

The expected calibration error is our own: torchmetrics counts a confidence of exactly 1.0 in a
sixteenth, phantom bin (its issue 3510). It has no interval, because its bootstrap is biased
upwards: a resample scatters about the bins of the sample, which scatter about the truth already.

Letters: N pictures, K classes, M bins.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from pipeline.evaluation.metrics import FloatArray, IntArray
from pipeline.evaluation.predictions import Predictions
from pipeline.evaluation.probabilities import BoolArray, log_losses
from pipeline.evaluation.temperature import Calibration, apply_temperature

CALIBRATION_CSV = "calibration.csv"
NUM_BINS = 15
PRECISION = 0.95  # of what is answered, if unsure pictures may be turned away
_HOTTEST = 10.0  # temperatures lie between 1 / 10 and 10
_DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationBin:
    """Test pictures of about one confidence: a row of calibration.csv."""

    calibrated: bool  # after the temperature
    low: float  # the bin holds low <= confidence < high, the last one also 1
    high: float
    num: int  # pictures
    confidence: float | None  # their mean; None if there are none
    accuracy: float | None  # the fraction of them that is right


def calibrate(val: Predictions, *, weights_sha256: str = "") -> Calibration:
    """Fit the temperature, and find from which confidence on to believe an answer.

    Args:
        val: pictures that the network did not learn from, at least one.
        weights_sha256: of the network, if it is one.
    """
    temperature = round(fit_temperature(val.probs, val.labels), _DECIMALS)
    probs_NK = apply_temperature(val.probs, temperature)
    threshold = threshold_for(
        probs_NK.max(axis=1), val.predicted == val.labels, precision=PRECISION
    )
    return Calibration(
        temperature=temperature,
        # Rounded down: the picture that set the threshold must reach it.
        reject_below=None if threshold is None else np.floor(threshold * 1e6).item() / 1e6,
        num_val=len(val.labels),
        weights_sha256=weights_sha256,
    )


def fit_temperature(probs_NK: FloatArray, labels_N: IntArray) -> float:
    """Find the temperature with the least log-loss, in [0.1, 10].

    1 if no answer is wrong: the log-loss would only fall with the temperature, without end.
    """
    if (probs_NK.argmax(axis=1) == labels_N).all():
        return 1.0

    def loss(log_temperature: float) -> float:
        return float(
            log_losses(apply_temperature(probs_NK, np.exp(log_temperature)), labels_N).mean()
        )

    bound = np.log(_HOTTEST)
    return float(np.exp(minimize_scalar(loss, bounds=(-bound, bound), method="bounded").x))


def threshold_for(
    confidence_N: FloatArray, is_right_N: BoolArray, *, precision: float
) -> float | None:
    """Find the least confidence from which on at least so many are right; None without one."""
    order_N = np.argsort(-confidence_N, kind="stable")
    ranked_N = confidence_N[order_N]
    right_N = is_right_N[order_N].cumsum() / np.arange(1, len(order_N) + 1)
    is_last_N = np.append(np.diff(ranked_N) != 0, True)
    good = np.flatnonzero(is_last_N & (right_N >= precision - 1e-9))
    return float(ranked_N[good[-1]]) if len(good) else None


def calibration_error(
    confidence_N: FloatArray, is_right_N: BoolArray, *, is_adaptive: bool = False
) -> float:
    """Average how far confidence and accuracy lie apart, bin by bin (ECE: Naeini et al. 2015).

    Args:
        confidence_N: of the predicted class, in [0, 1].
        is_right_N: whether it is the true one.
        is_adaptive: bins of about equally many pictures, instead of equally wide ones.

    Returns:
        In [0, 1].

    >>> calibration_error(np.array([1.0, 1.0]), np.array([True, False]))
    0.5
    """
    edges = _even_counts(confidence_N) if is_adaptive else _even_widths()
    bins_N = _bins(confidence_N, edges)
    gaps_N = is_right_N - confidence_N
    return float(np.abs(np.bincount(bins_N, weights=gaps_N)).sum() / len(bins_N))


def reliability(predictions: Predictions, *, temperature: float) -> list[CalibrationBin]:
    """Bin the test pictures by confidence, before and after the temperature."""
    is_right_N = predictions.predicted == predictions.labels
    after_NK = apply_temperature(predictions.probs, temperature)
    return [
        *_rows(predictions.confidence, is_right_N, calibrated=False),
        *_rows(after_NK.max(axis=1), is_right_N, calibrated=True),
    ]


def _even_widths() -> FloatArray:
    return np.linspace(0, 1, NUM_BINS + 1)


def _even_counts(confidence_N: FloatArray) -> FloatArray:
    """Cut at quantiles; equal confidences share a bin, so there may be fewer."""
    return np.unique(np.quantile(confidence_N, np.linspace(0, 1, NUM_BINS + 1)))


def _bins(confidence_N: FloatArray, edges: FloatArray) -> IntArray:
    """Number the bin of each picture; the last one holds its upper edge too."""
    return np.clip(
        np.searchsorted(edges, confidence_N, side="right") - 1, 0, max(0, len(edges) - 2)
    )


def _rows(
    confidence_N: FloatArray, is_right_N: BoolArray, *, calibrated: bool
) -> Iterator[CalibrationBin]:
    edges = _even_widths()
    bins_N = _bins(confidence_N, edges)
    for number in range(NUM_BINS):
        is_here_N = bins_N == number
        num = int(is_here_N.sum())
        yield CalibrationBin(
            calibrated=calibrated,
            low=round(float(edges[number]), _DECIMALS),
            high=round(float(edges[number + 1]), _DECIMALS),
            num=num,
            confidence=round(float(confidence_N[is_here_N].mean()), _DECIMALS) if num else None,
            accuracy=round(float(is_right_N[is_here_N].mean()), _DECIMALS) if num else None,
        )
