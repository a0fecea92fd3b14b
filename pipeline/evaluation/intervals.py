"""How sure a score is: bootstrap intervals that resample duplicate groups, not pictures.

Near-duplicates are right or wrong together, so counting them one by one would claim more evidence
than there is (the cluster bootstrap: Davison and Hinkley 1997, section 3.8). Quantiles lie a little
further out than 2.5 and 97.5 %, as far as Student's t lies beyond the normal with as many groups
(the expanded percentile interval: Hesterberg 2015, The American Statistician 69:371).

A limit of every bootstrap: where all pictures are right the interval is one point. So fractions of
pictures have Wilson's interval (`proportions`), and a perfect score of another kind borrows it.

Letters: N pictures, G groups, K classes, B resamples.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, stdtrit

from pipeline.errors import DataError
from pipeline.evaluation.metrics import FloatArray, IntArray
from pipeline.evaluation.predictions import Predictions

CONFIDENCE = 0.95
Interval = tuple[float, float]  # low, high


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resamples:
    """B draws of G of G groups, with replacement: the same test set as it might have been."""

    group_N: IntArray  # which group each picture is of
    counts_BG: FloatArray  # how often each group came

    @property
    def num_groups(self) -> int:
        """G."""
        return len(self.counts_BG[0])

    @property
    def weights_BN(self) -> FloatArray:
        """How often each picture came, shape (B, N)."""
        return self.counts_BG[:, self.group_N]

    def confusions(self, predictions: Predictions) -> FloatArray:
        """Count each resample's confusion matrix, shape (B, K, K)."""
        num_classes = len(predictions.classes)
        cell_N = predictions.labels * num_classes + predictions.predicted
        cells_GC = np.zeros((self.num_groups, num_classes * num_classes))  # C = K * K
        np.add.at(cells_GC, (self.group_N, cell_N), 1)
        return (self.counts_BG @ cells_GC).reshape(-1, num_classes, num_classes)

    def means(self, values_N: npt.ArrayLike) -> FloatArray:
        """Average a number that each picture has, shape (B,)."""
        values_N = np.asarray(values_N, dtype=np.float64)
        sums_G = np.bincount(self.group_N, weights=values_N, minlength=self.num_groups)
        sizes_G = np.bincount(self.group_N, minlength=self.num_groups)
        means_B: FloatArray = (self.counts_BG @ sums_G) / (self.counts_BG @ sizes_G)
        return means_B

    def interval(self, values_B: npt.ArrayLike) -> Interval:
        """Cut off the tails of a resampled score; see `interval`."""
        return interval(values_B, num_groups=self.num_groups)


def resample(groups: Sequence[str], *, samples: int, seed: int) -> Resamples:
    """Draw the groups with replacement.

    The draw depends on the sorted group names and the seed alone, so two classifiers scored on the
    same pictures see the same resamples and can be compared pair by pair.

    Args:
        groups: the duplicate group of each of N pictures, as `predictions.groups_of` gives them.
        samples: B.
        seed: of the draw.

    Raises:
        ValueError: there are no pictures.
    """
    names, group_N = np.unique(np.array(groups), return_inverse=True)
    num_groups = len(names)
    if num_groups == 0:
        raise ValueError("no pictures to resample")
    drawn_BG = np.random.default_rng(seed).integers(num_groups, size=(samples, num_groups))
    drawn_BG += num_groups * np.arange(samples)[:, None]  # one range of bins for each resample
    counts = np.bincount(drawn_BG.ravel(), minlength=samples * num_groups)
    return Resamples(
        group_N=group_N, counts_BG=counts.reshape(samples, num_groups).astype(np.float64)
    )


def interval(values_B: npt.ArrayLike, *, num_groups: int) -> Interval:
    """Cut off the tails of B resampled values; undefined ones (NaN) are left out."""
    tail = _tail(num_groups)
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
    aligned = align(theirs, ours)
    resamples = resample(groups, samples=samples, seed=seed)
    first_B, second_B = (score(resamples.confusions(each)) for each in (ours, aligned))
    return resamples.interval(first_B - second_B)


def align(theirs: Predictions, ours: Predictions) -> Predictions:
    """Put the pictures of `theirs` in the order of `ours`.

    Raises:
        DataError: they are other pictures, or have other classes.
    """
    place = {sha256: index for index, sha256 in enumerate(theirs.sha256s)}
    if set(place) != set(ours.sha256s) or ours.classes != theirs.classes:
        raise DataError("two predictions.csv list other pictures or classes; run dvc repro")
    return theirs.take([place[sha256] for sha256 in ours.sha256s])


def _tail(num_groups: int) -> float:
    """Give the part of the resamples beyond each end; one group alone has no tails to cut."""
    alpha = (1 - CONFIDENCE) / 2
    if num_groups < 2:  # noqa: PLR2004 - Student's t needs a degree of freedom
        return 0.0
    stretch = (num_groups / (num_groups - 1)) ** 0.5
    return float(ndtr(stretch * stdtrit(num_groups - 1, alpha)))
