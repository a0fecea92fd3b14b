"""Calibration: the temperature mends what is too sure, and the errors count every picture once."""

from itertools import pairwise

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


@pytest.mark.parametrize(
    ("confidence", "num_right", "expected"), [(1 - 1e-9, 15, 10.0), (0.51, 29, 0.1)]
)
def test_the_temperature_has_bounds(confidence, num_right, expected):
    """Sure of what is right half the time, or unsure of what is nearly always right."""
    probs_NK = np.array([[confidence, 1 - confidence]] * 30)
    labels_N = (np.arange(30) >= num_right).astype(int)

    assert expected == pytest.approx(fit_temperature(probs_NK, labels_N), rel=1e-3)


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


def test_adaptive_bins_hold_equally_many():
    """45 pictures are 15 bins of three, however unevenly sure they are."""
    confidence_N, is_right_N = np.linspace(0.7, 1, 45) ** 3, np.arange(45) % 4 > 0
    gaps_M3 = (is_right_N - confidence_N).reshape(NUM_BINS, 3)
    expected = np.abs(gaps_M3.sum(axis=1)).sum() / 45

    error = calibration_error(confidence_N, is_right_N, is_adaptive=True)

    assert expected == pytest.approx(error)


@pytest.mark.parametrize(
    ("is_right", "expected"),
    [([True, True, False], 0.8), ([False, True, True], None), ([True, True, True], 0.7)],
)
def test_the_threshold_is_the_least_that_keeps_the_precision(is_right, expected):
    """From .8 on all are right; if the surest is wrong no threshold helps."""
    threshold = threshold_for(np.array([0.9, 0.8, 0.7]), np.array(is_right), precision=0.95)

    assert expected == threshold


@pytest.mark.parametrize("order", [[0, 1, 2], [0, 2, 1]])
def test_the_threshold_takes_equal_confidences_together(order):
    """It cannot answer one of two equally sure pictures, whichever comes first."""
    is_right_N = np.array([True, True, False])[order]

    assert 0.9 == threshold_for(np.array([0.9, 0.8, 0.8]), is_right_N, precision=0.95)


def test_the_threshold_reaches_its_precision_exactly():
    """19 of 20 are 95 %, rounding or not."""
    confidence_N = np.linspace(0.9, 0.5, 20)

    assert 0.5 == threshold_for(confidence_N, np.arange(20) != 18, precision=0.95)


@pytest.mark.parametrize("seed", range(10))
def test_the_picture_that_sets_the_threshold_reaches_it(pack_rows, seed):
    """It is written rounded down, so that on val it answers what was found, and no picture less."""
    probs_NK, labels_N = honest(200, seed=seed)
    rows = pack_rows([CLASSES[label] for label in labels_N], split="val")
    val = make_predictions({"val": (rows, probs_NK)}, classes=CLASSES)
    calibration = calibrate(val)
    confidence_N = apply_temperature(val.probs, calibration.temperature).max(axis=1)
    is_right_N = val.predicted == val.labels
    exact = threshold_for(confidence_N, is_right_N, precision=0.95)

    assert is_right_N[confidence_N >= calibration.reject_below].mean() >= 0.95
    assert (confidence_N >= exact).sum() == (confidence_N >= calibration.reject_below).sum()
    assert calibration.reject_below == pytest.approx(exact, abs=1e-6)
    assert calibration.reject_below == round(calibration.reject_below, 6)


def test_without_a_precise_answer_there_is_no_threshold(pack_rows):
    """A network that is always wrong is told so by its absence."""
    rows = pack_rows(["ariel", "elsa"], split="val")
    probs_NK = np.array([[0.1, 0.8, 0.1], [0.8, 0.1, 0.1]])

    calibration = calibrate(make_predictions({"val": (rows, probs_NK)}, classes=CLASSES))

    assert (None, 2) == (calibration.reject_below, calibration.num_val)


def test_reliability_counts_every_picture_before_and_after(answers):
    """Thirty bins, of which empty ones say nothing."""
    rows = reliability(answers([0, 1, 2, 0], [0, 1, 2, 1]), temperature=2.0)
    filled = [row for row in rows if row.num]

    assert 2 * NUM_BINS == len(rows)
    assert [(False, 4, 0.8, 0.75), (True, 4, 0.585786, 0.75)] == [
        (row.calibrated, row.num, row.confidence, row.accuracy) for row in filled
    ]
    assert all(row.low <= row.confidence < row.high for row in filled)
    edges = [round(number / NUM_BINS, 6) for number in range(NUM_BINS + 1)]
    assert list(pairwise(edges)) * 2 == [(row.low, row.high) for row in rows]
