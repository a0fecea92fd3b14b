"""How sure a score is: bootstrap intervals that resample duplicate groups, not pictures.

Near-duplicates are right or wrong together, so counting them one by one would claim more evidence
than there is (the cluster bootstrap: Davison and Hinkley 1997, section 3.8). A limit of every
bootstrap: where all pictures are right the interval is one point.

Letters: N pictures, G groups, K classes, B resamples.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.evaluation.metrics import FloatArray, IntArray
from pipeline.evaluation.predictions import Predictions

CONFIDENCE = 0.95
Interval = tuple[float, float]  # low, high


def bootstrap_confusions(
    predictions: Predictions, groups: Sequence[str], *, samples: int, seed: int
) -> FloatArray:
    """Resample the groups with replacement; count each resample's confusion matrix.

    The draw depends on the sorted group names and the seed alone, so two classifiers scored on the
    same pictures see the same resamples and can be compared pair by pair.

    Args:
        predictions: N pictures.
        groups: the duplicate group of each, as `predictions.groups_of` gives them.
        samples: B.
        seed: of the draw.

    Returns:
        Counts, shape (B, K, K).

    Raises:
        ValueError: there are no pictures.
    """
    names, group_N = np.unique(np.array(groups), return_inverse=True)
    cells_GC = _cells(predictions, group_N, num_groups=len(names))  # C = K * K
    counts_BG = _draw(len(names), samples=samples, seed=seed)
    num_classes = len(predictions.classes)
    confusions_BC: FloatArray = counts_BG @ cells_GC
    return confusions_BC.reshape(samples, num_classes, num_classes)


def interval(values_B: npt.ArrayLike) -> Interval:
    """Cut off the tails of B resampled values; undefined ones (NaN) are left out."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.nanquantile(np.asarray(values_B), [tail, 1 - tail])
    return float(low), float(high)


def paired_difference(
    ours: Predictions,
    theirs: Predictions,
    groups: Sequence[str],
    *,
    score: Callable[[npt.ArrayLike], FloatArray],
    samples: int,
    seed: int,
) -> Interval:
    """Bound how much better `ours` scores than `theirs` on the very same pictures.

    Each resample scores both, so what makes a picture hard for both cancels out. An interval above
    zero means better, below zero worse, around zero not told apart.

    Args:
        ours: N pictures.
        theirs: the same N pictures, in any order.
        groups: the duplicate group of each picture of `ours`.
        score: such as `metrics.accuracy`.
        samples: how many resamples.
        seed: of the draw.

    Raises:
        DataError: the two were not scored on the same pictures.
    """
    place = {sha256: index for index, sha256 in enumerate(theirs.sha256s)}
    if set(place) != set(ours.sha256s) or ours.classes != theirs.classes:
        raise DataError("two predictions.csv list other pictures or classes; run dvc repro")
    aligned = theirs.take([place[sha256] for sha256 in ours.sha256s])
    first_B, second_B = (
        score(bootstrap_confusions(each, groups, samples=samples, seed=seed))
        for each in (ours, aligned)
    )
    return interval(first_B - second_B)


def _cells(predictions: Predictions, group_N: IntArray, *, num_groups: int) -> FloatArray:
    """Count what each group adds to each cell of the confusion matrix, shape (G, K * K)."""
    num_classes = len(predictions.classes)
    cell_N = predictions.labels * num_classes + predictions.predicted
    counts_GC = np.zeros((num_groups, num_classes * num_classes))
    np.add.at(counts_GC, (group_N, cell_N), 1)
    return counts_GC


def _draw(num_groups: int, *, samples: int, seed: int) -> FloatArray:
    """Draw G of G groups with replacement, B times: how often each came, shape (B, G)."""
    if num_groups == 0:
        raise ValueError("no pictures to resample")
    drawn_BG = np.random.default_rng(seed).integers(num_groups, size=(samples, num_groups))
    drawn_BG += num_groups * np.arange(samples)[:, None]  # one range of bins for each resample
    counts = np.bincount(drawn_BG.ravel(), minlength=samples * num_groups)
    return counts.reshape(samples, num_groups).astype(np.float64)
