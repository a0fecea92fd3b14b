"""What needs no network: scores to beat before a network has learned more than a palette.

`colour`    logistic regression on colour histograms: does the palette alone tell who it is?
`majority`  the training set's frequencies for every picture: always the most frequent character

Of bins of RGB or HSV, as they are, standardised, or with their square root taken, the square root
of RGB was the strongest on real pictures of four characters (mean of five random splits: .76 of
the test pictures right, HSV .72, standardised .73), so that is the floor.

Letters: N pictures, K classes, F = 512 bins.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from pipeline.dataset.pack import Pack
from pipeline.dataset.selection import Pictures
from pipeline.errors import DataError
from pipeline.evaluation.content import Pixels, originals
from pipeline.evaluation.metrics import FloatArray, IntArray, confusion_matrix, macro_f1

_BINS = 8  # of each of red, green and blue
_STRENGTHS = (0.1, 1.0, 10.0, 100.0)  # scikit-learn's C, from strict to free
_MAX_ITERATIONS = 2000
_SCORED = ("val", "test")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Floor:
    """The answers of one floor, and how to get more."""

    answer: Callable[[Pictures], FloatArray]  # pictures without variants -> probabilities (N, K)
    probs: dict[str, FloatArray]  # "val" and "test" -> probabilities (N, K)
    sees_pictures: bool  # False: the answer is always the same, so nothing can upset it
    facts: dict[str, int | float]  # about the floor itself, for metrics.json


def colour_floor(packs: Mapping[str, Pack]) -> Floor:
    """Fit on "train", choose the regularisation on "val", answer for "val" and "test".

    Raises:
        DataError: fewer than two characters have training pictures.
    """
    train_labels_N = _labels(packs["train"])
    if len(set(train_labels_N.tolist())) == 1:
        raise DataError("the colour floor needs training pictures of at least two characters")
    features = {split: colour_histograms(pack) for split, pack in packs.items()}
    models = [fit_logistic(features["train"], train_labels_N, strength=each) for each in _STRENGTHS]
    # max() keeps the first of equals: the stricter one.
    best = max(models, key=lambda model: _score(model, features["val"], packs["val"]))
    num_classes = len(packs["train"].classes)
    return Floor(
        answer=lambda pictures: _probs(best, colour_histograms(pictures), num_classes),
        probs={split: _probs(best, features[split], num_classes) for split in _SCORED},
        sees_pictures=True,
        facts={"num_params": best.coef_.size + best.intercept_.size, "inverse_penalty": best.C},
    )


def majority_floor(packs: Mapping[str, Pack]) -> Floor:
    """Answer with the frequencies of "train", whatever the picture shows."""
    train = packs["train"]
    counts_K = np.bincount(_labels(train), minlength=len(train.classes))
    frequencies_K = counts_K / counts_K.sum()

    def answer(pictures: Pictures) -> FloatArray:
        return np.tile(frequencies_K, (len(pictures), 1))

    return Floor(
        answer=answer,
        probs={split: answer(packs[split]) for split in _SCORED},
        sees_pictures=False,
        facts={"num_params": len(train.classes)},
    )


FLOORS: Mapping[str, Callable[[Mapping[str, Pack]], Floor]] = {
    "colour": colour_floor,
    "majority": majority_floor,
}


def colour_histograms(pictures: Pictures) -> FloatArray:
    """Count the colours of each picture, without its letterbox and its augmented variants.

    Returns:
        Square roots of fractions of pixels, shape (N, F): rare colours weigh more than by count,
        and the dot product of two rows is the Bhattacharyya coefficient of their histograms.
    """
    return np.sqrt(np.stack([histogram(content) for _, content in originals(pictures)]))


def histogram(content: Pixels) -> FloatArray:
    """Count the colours of one picture (H, W, 3): fractions of its pixels, shape (F,)."""
    levels = content.reshape(-1, 3).astype(np.int64) // (256 // _BINS)
    bins = (levels[:, 0] * _BINS + levels[:, 1]) * _BINS + levels[:, 2]
    return np.bincount(bins, minlength=_BINS**3) / len(bins)


def _labels(pack: Pack) -> IntArray:
    index_of = {slug: index for index, slug in enumerate(pack.classes)}
    originals_only = (row for row in pack.rows if row.variant == 0)
    return np.array([index_of[row.character] for row in originals_only], dtype=np.int64)


def fit_logistic(
    features_NF: FloatArray, labels_N: IntArray | NDArray[np.str_], *, strength: float
) -> LogisticRegression:
    """Fit a logistic regression to labels, which may be names or indices.

    Args:
        features_NF: of the pictures.
        labels_N: who is on them, two characters at least.
        strength: scikit-learn's C, from strict to free.
    """
    # One thread: sums in one order on every machine, and matrices this small only wait for two.
    with threadpool_limits(limits=1):
        return LogisticRegression(C=strength, max_iter=_MAX_ITERATIONS).fit(features_NF, labels_N)


def _score(model: LogisticRegression, features_NF: FloatArray, val: Pack) -> float:
    num_classes = len(val.classes)
    predicted_N = model.predict(features_NF)
    return float(macro_f1(confusion_matrix(_labels(val), predicted_N, num_classes=num_classes)))


def _probs(model: LogisticRegression, features_NF: FloatArray, num_classes: int) -> FloatArray:
    """Give a column to each class, also to one without training pictures (probability 0)."""
    probs_NK = np.zeros((len(features_NF), num_classes))
    probs_NK[:, model.classes_] = model.predict_proba(features_NF)
    return probs_NK
