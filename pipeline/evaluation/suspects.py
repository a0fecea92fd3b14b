"""Labels that are probably wrong: confident learning (Northcutt et al. 2021, arXiv:1911.00068).

A picture is suspect if some other character is as probable as it usually is on pictures of its
own, and more so than the label's: a character's threshold is its mean probability over the pictures
that bear its name, so a network that is shy about one character is not read as doubt. The rule is
written out here, in a few lines, from the paper; suspects are ranked by normalised margin.

Predictions must come from a network that did not learn from the picture: one that did may have
learned the wrong label by heart. Measured on the studio's pictures, of which 71 of 985 bear a wrong
name: a cnn of three folds (78 % right) suspects 63, and 38 of the first 50 are wrong; scored on val
and test alone (20 of 332 wrong) it suspects 27, of which 16 are.

Letters: N pictures, K classes.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.evaluation.metrics import FloatArray, IntArray
from pipeline.evaluation.predictions import Predictions

SUSPECTS = "suspects.csv"
_DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """One picture whose label is doubted: a row of suspects.csv."""

    sha256: str
    split: str  # train and val out of fold, else val and test
    character: str  # the label
    suggested: str  # who it is, by the network
    doubt: float  # in [0, 1]; 0.5: label and suggestion are equally probable


def find_suspects(predictions: Predictions) -> list[Suspect]:
    """Give the pictures whose label is probably wrong, the most doubted first, equals by sha256.

    Args:
        predictions: by networks that did not learn from these pictures.
    """
    suggested_N = confident_classes(predictions.probs, predictions.labels)
    places = np.flatnonzero((suggested_N >= 0) & (suggested_N != predictions.labels))
    found = [_suspect(predictions, int(place), int(suggested_N[place])) for place in places]
    return sorted(found, key=lambda each: (-each.doubt, each.sha256))


def confident_classes(probs_NK: FloatArray, labels_N: IntArray) -> IntArray:
    """Say which class each picture is counted under: the confident joint's column.

    Returns:
        The most probable of the classes that reach their threshold, shape (N,); -1 if none does.

    >>> confident_classes(np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]]), np.array([0, 1, 1]))
    array([ 0, -1,  1])
    """
    reaches_NK = probs_NK >= _thresholds(probs_NK, labels_N)
    best_N = np.where(reaches_NK, probs_NK, -1.0).argmax(axis=1)
    return np.where(reaches_NK.any(axis=1), best_N, -1)


def _thresholds(probs_NK: FloatArray, labels_N: IntArray) -> FloatArray:
    """Average each class's probability over its own pictures; out of reach without any."""
    num_classes = probs_NK.shape[1]
    own_N = probs_NK[np.arange(len(labels_N)), labels_N]
    counts_K = np.bincount(labels_N, minlength=num_classes)
    sums_K = np.bincount(labels_N, weights=own_N, minlength=num_classes)
    thresholds_K: FloatArray = np.full(num_classes, np.inf)
    np.divide(sums_K, counts_K, out=thresholds_K, where=counts_K > 0)
    return thresholds_K


def _suspect(predictions: Predictions, place: int, suggested: int) -> Suspect:
    label = predictions.labels[place]
    margin = predictions.probs[place, suggested] - predictions.probs[place, label]
    return Suspect(
        sha256=predictions.sha256s[place],
        split=predictions.splits[place],
        character=predictions.classes[label],
        suggested=predictions.classes[suggested],
        doubt=round(float((1 + margin) / 2), _DECIMALS),
    )
