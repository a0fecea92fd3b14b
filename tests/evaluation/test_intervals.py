"""Bootstrap intervals: honest about duplicates, and never mixing up pictures."""

import time

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.evaluation.intervals import interval, paired_difference, resample
from pipeline.evaluation.metrics import accuracy, macro_f1


def accuracy_interval(predictions, groups, *, samples=400, seed=7):
    """Bound the accuracy."""
    resamples = resample(groups, samples=samples, seed=seed)
    return resamples.interval(accuracy(resamples.confusions(predictions)))


def names(count):
    """Name groups so that sorting keeps their order."""
    return [f"g{number:04}" for number in range(count)]


def test_copies_in_one_group_do_not_narrow_the_interval(answers):
    """Seeing each picture five times is no more evidence, if the copies share a group."""
    labels, predicted = [0, 1, 2, 0, 1, 2] * 5, [0, 1, 2, 0, 0, 0] * 5
    copied = answers(labels * 5, predicted * 5)
    once = accuracy_interval(answers(labels, predicted), names(30))
    low, high = accuracy_interval(copied, names(30) * 5)
    alone_low, alone_high = accuracy_interval(copied, names(150))

    assert once == pytest.approx((low, high))
    assert alone_high - alone_low < 0.6 * (high - low)


def test_same_seed_same_interval(answers):
    """The draw depends on the groups and the seed alone."""
    predictions = answers([0, 1, 2] * 10, [0, 1, 1] * 10)

    assert accuracy_interval(predictions, names(30)) == accuracy_interval(predictions, names(30))
    assert accuracy_interval(predictions, names(30)) != accuracy_interval(
        predictions, names(30), seed=8
    )


def test_resamples_keep_the_number_of_groups(answers):
    """Each resample draws as many groups as there are; sizes differ, so pictures vary."""
    predictions = answers([0, 1, 2, 0], [0, 1, 2, 1])
    even = resample(names(4), samples=50, seed=1).confusions(predictions)
    uneven = resample(["a", "a", "a", "b"], samples=50, seed=1)

    assert {4.0} == set(even.sum(axis=(1, 2)).tolist())
    assert {2.0, 4.0, 6.0} == set(uneven.confusions(predictions).sum(axis=(1, 2)).tolist())
    assert {2.0, 4.0, 6.0} == set(uneven.weights_BN.sum(axis=1).tolist())


def test_a_mean_over_pictures_is_what_its_weights_say():
    """Averaging by groups and averaging by weights of pictures are the same."""
    values_N = np.random.default_rng(2).random(9)
    resamples = resample(list("abbcccadd"), samples=20, seed=5)
    weights_BN = resamples.weights_BN

    expected_B = (weights_BN * values_N).sum(axis=1) / weights_BN.sum(axis=1)
    assert expected_B == pytest.approx(resamples.means(values_N))


def test_few_groups_widen_the_interval():
    """With five groups Student's t lies further out than with five thousand; one says nothing."""
    values_B = np.random.default_rng(4).normal(size=4000)
    few, many = interval(values_B, num_groups=5), interval(values_B, num_groups=5000)

    assert few[0] < many[0] < many[1] < few[1]
    assert (-1.96, 1.96) == pytest.approx(many, abs=0.1)
    assert (values_B.min(), values_B.max()) == interval(values_B, num_groups=1)


def test_a_thousand_resamples_take_well_under_a_second(answers):
    """Resampling is one matrix product, not a loop over pictures."""
    rng = np.random.default_rng(3)
    predictions = answers(*rng.integers(3, size=(2, 3000)))
    start_s = time.process_time()
    macro_f1(resample(names(3000), samples=1000, seed=7).confusions(predictions))

    assert time.process_time() - start_s < 1


def test_undefined_resamples_are_left_out():
    """A resample without a class says nothing about it."""
    assert (1.0, 1.0) == interval([np.nan, 1.0, 1.0], num_groups=3)


def test_no_pictures_is_an_error():
    """There is nothing to resample in an empty set."""
    with pytest.raises(ValueError, match="no pictures"):
        resample([], samples=100, seed=7)


def test_paired_difference_sees_what_two_intervals_cannot(answers):
    """Better on the same pictures is told apart although the single intervals overlap."""
    labels = [0] * 100
    better = answers(labels, [0] * 70 + [1] * 30)
    worse = answers(labels, [0] * 60 + [1] * 40)
    low, high = paired_difference(better, worse, names(100), score=accuracy, samples=1000, seed=7)

    assert accuracy_interval(better, names(100))[0] < accuracy_interval(worse, names(100))[1]
    assert 0 < low < 0.1 < high


def test_a_classifier_does_not_differ_from_itself(answers):
    """The order of rows is irrelevant and the difference to itself is exactly zero."""
    ours = answers([0, 1, 2, 0], [0, 1, 1, 1])
    shuffled = ours.take([3, 1, 0, 2])

    assert (0.0, 0.0) == paired_difference(
        ours, shuffled, names(4), score=accuracy, samples=100, seed=7
    )


def test_only_the_same_pictures_can_be_paired(answers):
    """Two classifiers scored on other pictures are refused."""
    with pytest.raises(DataError, match="other pictures"):
        paired_difference(
            answers([0, 1], [0, 1]), answers([0], [0]), names(2), score=accuracy, samples=9, seed=7
        )
