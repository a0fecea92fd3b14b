"""Calibration: the temperature mends what is too sure, and the errors count every picture once."""

import numpy as np
import pytest

from pipeline.evaluation.calibration import (
    NUM_BINS,
    calibrate,
    calibration_error,
    fit_temperature,
    reliability,
    threshold_for,
)
from pipeline.evaluation.predictions import make_predictions
from pipeline.evaluation.temperature import apply_temperature

CLASSES = ("ariel", "elsa", "merida")


def honest(num, *, seed=1):
    """Draw probabilities, and labels that come true just as often."""
    rng = np.random.default_rng(seed)
    probs_NK = rng.dirichlet(np.ones(3), size=num)
    labels_N = (rng.random((num, 1)) > probs_NK.cumsum(axis=1)).sum(axis=1)
    return probs_NK, labels_N


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_spoiled_is_found(temperature):
    """Honest logits multiplied by a number are divided by about it again."""
    probs_NK, labels_N = honest(4000)
    spoiled_NK = apply_temperature(probs_NK, 1 / temperature)

    assert temperature == pytest.approx(fit_temperature(spoiled_NK, labels_N), rel=0.08)


def test_the_temperature_keeps_every_answer_and_lowers_the_error():
    """Fitted on some pictures, it makes others' confidence honest and changes no prediction."""
    probs_NK, labels_N = honest(4000)
    sharp_NK = apply_temperature(probs_NK, 0.4)
    temperature = fit_temperature(sharp_NK[:2000], labels_N[:2000])
    before_NK, labels_N = sharp_NK[2000:], labels_N[2000:]
    after_NK = apply_temperature(before_NK, temperature)
    is_right_N = before_NK.argmax(axis=1) == labels_N

    assert before_NK.argmax(axis=1).tolist() == after_NK.argmax(axis=1).tolist()
    for is_adaptive in (False, True):
        before, after = (
            calibration_error(each.max(axis=1), is_right_N, is_adaptive=is_adaptive)
            for each in (before_NK, after_NK)
        )
        assert after < 0.04
        assert before > 0.1


def test_without_a_mistake_there_is_no_temperature():
    """The log-loss would fall for ever: it stays as it is."""
    assert 1.0 == fit_temperature(np.array([[0.7, 0.3], [0.4, 0.6]]), np.array([0, 1]))


def test_full_confidence_is_in_the_last_bin():
    """A confidence of exactly 1 joins its neighbours (torchmetrics gives it a bin of its own)."""
    confidence_N, is_right_N = np.array([1.0, 0.94]), np.array([False, True])

    assert abs(0 - 1.0 + 1 - 0.94) / 2 == pytest.approx(calibration_error(confidence_N, is_right_N))


def test_bins_by_hand():
    """Two bins of two: gaps of .3 and .05 in the mean of half the pictures each."""
    confidence_N = np.array([0.41, 0.45, 0.81, 0.85])
    is_right_N = np.array([True, False, True, True])
    expected = (abs(1 - 0.86) + abs(2 - 1.66)) / 4

    assert expected == pytest.approx(calibration_error(confidence_N, is_right_N))


def test_adaptive_bins_keep_equals_together():
    """Where all are equally sure there is one bin: confidence against accuracy."""
    error = calibration_error(np.full(40, 0.6), np.arange(40) < 20, is_adaptive=True)

    assert 0.1 == pytest.approx(error)


@pytest.mark.parametrize(
    ("is_right", "expected"),
    [([True, True, False], 0.8), ([False, True, True], None), ([True, True, True], 0.7)],
)
def test_the_threshold_is_the_least_that_keeps_the_precision(is_right, expected):
    """From .8 on all are right; if the surest is wrong no threshold helps."""
    threshold = threshold_for(np.array([0.9, 0.8, 0.7]), np.array(is_right), precision=0.95)

    assert expected == threshold


def test_the_picture_that_sets_the_threshold_reaches_it(pack_rows):
    """It is printed rounded down, so that what was found on val holds on val."""
    probs_NK, labels_N = honest(200)
    rows = pack_rows([CLASSES[label] for label in labels_N], split="val")
    val = make_predictions({"val": (rows, probs_NK)}, classes=CLASSES)
    calibration = calibrate(val)
    confidence_N = apply_temperature(val.probs, calibration.temperature).max(axis=1)
    is_answered_N = confidence_N >= calibration.reject_below

    assert is_answered_N.sum() > 0
    assert (val.predicted == val.labels)[is_answered_N].mean() >= 0.95


def test_reliability_counts_every_picture_before_and_after(answers):
    """Thirty bins, of which empty ones say nothing."""
    rows = reliability(answers([0, 1, 2, 0], [0, 1, 2, 1]), temperature=2.0)
    filled = [row for row in rows if row.num]

    assert 2 * NUM_BINS == len(rows)
    assert [(False, 4, 0.8, 0.75), (True, 4, 0.585786, 0.75)] == [
        (row.calibrated, row.num, row.confidence, row.accuracy) for row in filled
    ]
    assert all(row.low <= row.confidence < row.high for row in filled)
