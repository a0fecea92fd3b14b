"""How `benchmarks/dedup.py` scores pairs: arithmetic alone, no pictures.

Letters: N images, P pairs that a method found, B bases.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

MIN_PRECISION = 0.99  # at which the threshold of a method is chosen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What was planted: N images in a fixed order."""

    base_N: NDArray[np.int64]
    other_base_N: NDArray[np.int64]  # the second one of a collage, -1 of all others
    edits: Sequence[str]  # "" for a base itself
    pixels_N: NDArray[np.int64]  # width times height
    is_counted_N: NDArray[np.bool_]  # bases and tuned edits; the unseen ones are reported apart

    def is_right(self, pairs_P2: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which pairs are of one base; a collage is of two."""
        one_P, other_P = pairs_P2[:, 0], pairs_P2[:, 1]
        is_right_P: NDArray[np.bool_] = (
            (self.base_N[one_P] == self.base_N[other_P])
            | (self.other_base_N[one_P] == self.base_N[other_P])
            | (self.base_N[one_P] == self.other_base_N[other_P])
        )
        return is_right_P

    def is_counted(self, pairs_P2: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell in which pairs no unseen edit plays a part."""
        is_counted_P: NDArray[np.bool_] = self.is_counted_N[pairs_P2].all(axis=1)
        return is_counted_P

    @property
    def num_pairs(self) -> int:
        """Count all pairs of counted images of one base."""
        sizes_B = np.bincount(self.base_N[self.is_counted_N])
        return int((sizes_B * (sizes_B - 1) // 2).sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """The pairs that a method calls alike, each once: places of two images, the smaller first."""

    pairs_P2: NDArray[np.int64]
    distances_P: NDArray[np.float64]  # all 0 where a method only says yes or no

    def within(self, threshold: float) -> NDArray[np.int64]:
        """Give the pairs at most so far apart."""
        pairs_P2: NDArray[np.int64] = self.pairs_P2[self.distances_P <= threshold]
        return pairs_P2


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One method at one threshold."""

    precision: float  # of the pairs that it found; 1 if there are none
    recall: float  # of all pairs of one base
    recall_of: dict[str, float]  # edit -> of its pairs of base and copy
    lost: int  # bases of which no image is kept
    num_wrong_unseen: int  # wrong pairs with a copy of an unseen edit


def choose_threshold(found: Found, truth: Truth, *, min_precision: float = MIN_PRECISION) -> float:
    """Choose the widest threshold at which a method is precise enough: it finds most there.

    Returns:
        A distance; the strictest that occurs if none is precise enough, 0 if nothing was found.
    """
    is_counted_P = truth.is_counted(found.pairs_P2)
    distances_P = found.distances_P[is_counted_P]
    if not len(distances_P):
        return 0.0
    order = np.argsort(distances_P, kind="stable")
    distances_P = distances_P[order]
    right_P = np.cumsum(truth.is_right(found.pairs_P2[is_counted_P])[order])
    is_last_P = np.append(distances_P[1:] != distances_P[:-1], True)
    is_precise_P = right_P >= min_precision * np.arange(1, len(distances_P) + 1)
    allowed = distances_P[is_last_P & is_precise_P]
    return float(allowed[-1] if len(allowed) else distances_P[0])


def score(pairs_P2: NDArray[np.int64], truth: Truth, *, lost: int | None = None) -> Score:
    """Score the pairs that a method calls copies.

    Args:
        pairs_P2: of any images; pairs with unseen edits count apart.
        truth: what was planted.
        lost: bases that the method's own choice of keepers lost; without one each cluster of pairs
            keeps its largest image.
    """
    is_counted_P, is_right_P = truth.is_counted(pairs_P2), truth.is_right(pairs_P2)
    counted_P2 = pairs_P2[is_counted_P]
    num_right = int((is_right_P & is_counted_P).sum())
    return Score(
        precision=num_right / len(counted_P2) if len(counted_P2) else 1.0,
        recall=num_right / truth.num_pairs,
        recall_of=_recall_of(pairs_P2, truth),
        lost=count_lost(kept_of_clusters(counted_P2, truth), truth) if lost is None else lost,
        num_wrong_unseen=int((~is_right_P & ~is_counted_P).sum()),
    )


def kept_of_clusters(pairs_P2: NDArray[np.int64], truth: Truth) -> NDArray[np.int64]:
    """Keep one image of whatever pairs link, directly or through others: the largest."""
    num = len(truth.base_N)
    ends = (np.ones(len(pairs_P2)), (pairs_P2[:, 0], pairs_P2[:, 1]))
    _, cluster_N = connected_components(coo_array(ends, shape=(num, num)), directed=False)
    counted = np.flatnonzero(truth.is_counted_N)
    order = counted[np.argsort(-truth.pixels_N[counted], kind="stable")]
    _, first = np.unique(cluster_N[order], return_index=True)
    return np.sort(order[first])


def count_lost(kept: NDArray[np.int64], truth: Truth) -> int:
    """Count the bases of which no image is kept."""
    bases = truth.base_N[truth.is_counted_N]
    return len(np.setdiff1d(bases, truth.base_N[kept]))


def _recall_of(pairs_P2: NDArray[np.int64], truth: Truth) -> dict[str, float]:
    original = {base: place for place, base in enumerate(truth.base_N) if not truth.edits[place]}
    found = {(one, other) for one, other in pairs_P2.tolist()}
    hits: dict[str, list[bool]] = {}
    for place, edit in enumerate(truth.edits):
        if edit:
            pair = sorted((place, original[truth.base_N[place]]))
            hits.setdefault(edit, []).append(tuple(pair) in found)
    return {edit: float(np.mean(of_edit)) for edit, of_edit in sorted(hits.items())}
