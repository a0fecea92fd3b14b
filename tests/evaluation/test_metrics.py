"""Scores: hand-computed values, and scikit-learn's where it defines them."""

import warnings

import numpy as np
import pytest
from sklearn import metrics as reference

from pipeline.evaluation import metrics

GOLDEN = np.array([[3, 1, 0], [0, 2, 2], [1, 0, 1]])  # 10 pictures, rows are the truth


def test_confusion_counts_truth_in_rows():
    """Rows are true classes, columns predicted ones."""
    confusion = metrics.confusion_matrix(
        np.array([0, 0, 2, 1]), np.array([0, 1, 0, 1]), num_classes=3
    )

    assert [[1, 1, 0], [0, 1, 0], [1, 0, 0]] == confusion.tolist()


def test_golden_matrix():
    """Every score of a 3 x 3 matrix is what paper and pencil give."""
    assert 6 / 10 == pytest.approx(metrics.accuracy(GOLDEN))
    assert [3 / 4, 2 / 4, 1 / 2] == pytest.approx(metrics.recall(GOLDEN).tolist())
    assert [3 / 4, 2 / 3, 1 / 3] == pytest.approx(metrics.precision(GOLDEN).tolist())
    assert [3 / 4, 4 / 7, 2 / 5] == pytest.approx(metrics.f1(GOLDEN).tolist())
    assert (3 / 4 + 2 / 4 + 1 / 2) / 3 == pytest.approx(metrics.balanced_accuracy(GOLDEN))
    assert (3 / 4 + 4 / 7 + 2 / 5) / 3 == pytest.approx(metrics.macro_f1(GOLDEN))


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_scikit_learn(seed):
    """On random answers, some classes missing, the definitions are scikit-learn's."""
    rng = np.random.default_rng(seed)
    labels, predicted = rng.integers(5, size=(2, 12))
    confusion = metrics.confusion_matrix(labels, predicted, num_classes=5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of predicted classes without pictures
        balanced = reference.balanced_accuracy_score(labels, predicted)

    assert balanced == pytest.approx(metrics.balanced_accuracy(confusion))
    assert reference.accuracy_score(labels, predicted) == pytest.approx(metrics.accuracy(confusion))
    assert reference.f1_score(labels, predicted, average="macro") == pytest.approx(
        metrics.macro_f1(confusion)
    )


def test_undefined_is_nan_and_left_out_of_means():
    """A class that never occurs has no recall and does not pull a mean down."""
    confusion = np.array([[2, 0, 0], [0, 2, 0], [0, 0, 0]])

    assert np.isnan(metrics.recall(confusion)).tolist() == [False, False, True]
    assert metrics.balanced_accuracy(confusion) == pytest.approx(1)
    assert metrics.macro_f1(confusion) == pytest.approx(1)


def test_never_predicted_class_has_f1_zero():
    """A class that is there and is never named scores 0, it is not left out."""
    confusion = np.array([[4, 0], [4, 0]])

    assert [2 / 3, 0] == pytest.approx(metrics.f1(confusion).tolist())
    assert np.isnan(metrics.precision(confusion)[1])


def test_stacks_are_scored_one_by_one():
    """Leading axes are kept: a stack of matrices gives a stack of scores."""
    stack = np.stack([GOLDEN, GOLDEN * 2, np.eye(3, dtype=int)])

    assert [0.6, 0.6, 1.0] == pytest.approx(metrics.accuracy(stack).tolist())
    assert (3, 3) == metrics.f1(stack).shape
