"""Scores of a classifier, each a function of its confusion matrix.

So one matrix gives the score and a stack of resampled matrices gives its interval, by the same
code. The definitions are scikit-learn's (a test compares them), but what is undefined (0/0) is NaN
here and left out of a mean.

Letters: N pictures, K classes, "..." any leading axes.
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def confusion_matrix(labels_N: IntArray, predicted_N: IntArray, *, num_classes: int) -> IntArray:
    """Count pictures: a row for each true class, a column for each predicted one, shape (K, K).

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), num_classes=2)
    array([[1, 1],
           [0, 1]])
    """
    cells_N = labels_N * num_classes + predicted_N
    counts = np.bincount(cells_N, minlength=num_classes * num_classes)
    return counts.reshape(num_classes, num_classes).astype(np.int64)


def accuracy(confusion_KK: npt.ArrayLike) -> FloatArray:
    """Fraction of all pictures that are right; (..., K, K) -> (...).

    >>> float(accuracy([[2, 1], [0, 1]]))
    0.75
    """
    counts = _counts(confusion_KK)
    return _ratio(_right(counts).sum(axis=-1), counts.sum(axis=(-2, -1)))


def recall(confusion_KK: npt.ArrayLike) -> FloatArray:
    """Fraction of a class's pictures that are found; (..., K, K) -> (..., K), NaN without any."""
    counts = _counts(confusion_KK)
    return _ratio(_right(counts), counts.sum(axis=-1))


def precision(confusion_KK: npt.ArrayLike) -> FloatArray:
    """Fraction of a class's predictions that are right; (..., K, K) -> (..., K), NaN if none."""
    counts = _counts(confusion_KK)
    return _ratio(_right(counts), counts.sum(axis=-2))


def f1(confusion_KK: npt.ArrayLike) -> FloatArray:
    """Harmonic mean of precision and recall; (..., K, K) -> (..., K).

    Written as 2 TP / (2 TP + FP + FN): defined (0) for a class that is there and never predicted.
    """
    counts = _counts(confusion_KK)
    return _ratio(2 * _right(counts), counts.sum(axis=-1) + counts.sum(axis=-2))


def balanced_accuracy(confusion_KK: npt.ArrayLike) -> FloatArray:
    """Mean recall over the classes that have pictures; (..., K, K) -> (...)."""
    return _mean_defined(recall(confusion_KK))


def macro_f1(confusion_KK: npt.ArrayLike) -> FloatArray:
    """Mean F1 over the classes that occur, as truth or as prediction; (..., K, K) -> (...).

    >>> float(macro_f1([[1, 0], [0, 3]]))
    1.0
    """
    return _mean_defined(f1(confusion_KK))


def _counts(confusion_KK: npt.ArrayLike) -> FloatArray:
    return np.asarray(confusion_KK, dtype=np.float64)


def _right(counts: FloatArray) -> FloatArray:
    return np.diagonal(counts, axis1=-2, axis2=-1)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    ratio: FloatArray = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio


def _mean_defined(values_K: FloatArray) -> FloatArray:
    is_defined = ~np.isnan(values_K)
    total = np.where(is_defined, values_K, 0).sum(axis=-1)
    return _ratio(total, is_defined.sum(axis=-1).astype(np.float64))
