"""Who is near whom by perceptual hash: all pairs, over all characters at once.

Brute force by XOR and popcount: a few seconds for 10,000 pictures, where a search tree at such
distances takes longer than comparing everything with everything.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.fingerprint import NUM_VIEWS, Fingerprints
from pipeline.pictures.hashes import Hashes, hamming_bits

_BLOCK = 64  # pictures at once: 64 x 10,000 words stay in the processor's cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to lay two pictures over each other."""

    first_view: int
    second_view: int
    is_mirrored: bool


WAYS = tuple(
    Way(first_view=first, second_view=second, is_mirrored=is_mirrored)
    for first, second, is_mirrored in product(range(NUM_VIEWS), range(NUM_VIEWS), (False, True))
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pairs:
    """K pairs of pictures, by index, the first below the second."""

    first_K: NDArray[np.intp]
    second_K: NDArray[np.intp]
    distance_bits_K: NDArray[np.uint8]

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.first_K)

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "Pairs":
        """Choose pairs by a mask or by their places."""
        return Pairs(
            first_K=self.first_K[chosen],
            second_K=self.second_K[chosen],
            distance_bits_K=self.distance_bits_K[chosen],
        )


def near_pairs(fingerprints: Fingerprints, way: Way, *, max_distance_bits: int) -> Pairs:
    """Find all pairs whose hashes are near when they are laid over each other in one way."""
    first_P, second_Q = (_having(fingerprints, v) for v in (way.first_view, way.second_view))
    blocks = []
    for start in range(0, len(first_P), _BLOCK):
        block_P = first_P[start : start + _BLOCK]
        above_Q = second_Q[np.searchsorted(second_Q, block_P[0]) :]
        distance_PQ = _distance_bits(fingerprints, way, block_P, above_Q)
        is_near_PQ = (distance_PQ <= max_distance_bits) & (block_P[:, None] < above_Q)
        rows, columns = np.nonzero(is_near_PQ)
        blocks.append((block_P[rows], above_Q[columns], distance_PQ[rows, columns]))
    return _joined(blocks)


def closest_ways(parts: list[Pairs]) -> Pairs:
    """Put pairs together, each once and at its smallest distance, sorted."""
    pairs = _joined([(each.first_K, each.second_K, each.distance_bits_K) for each in parts])
    pairs = pairs.where(np.lexsort((pairs.distance_bits_K, pairs.second_K, pairs.first_K)))
    is_repeated_K = np.zeros(len(pairs), dtype=bool)
    is_repeated_K[1:] = (pairs.first_K[1:] == pairs.first_K[:-1]) & (
        pairs.second_K[1:] == pairs.second_K[:-1]
    )
    return pairs.where(~is_repeated_K)


def _having(fingerprints: Fingerprints, view: int) -> NDArray[np.intp]:
    """List the pictures that have this view; without a border the second is the first again."""
    if view == 0:
        return np.arange(len(fingerprints))
    return np.flatnonzero(fingerprints.is_bordered_N)


def _distance_bits(
    fingerprints: Fingerprints, way: Way, first_P: NDArray[np.intp], second_Q: NDArray[np.intp]
) -> NDArray[np.uint8]:
    """Measure P pictures against Q others, shape (P, Q)."""
    first_PO = fingerprints.hashes_NVO[first_P, way.first_view]
    second_QO = fingerprints.hashes_NVO[second_Q, way.second_view]

    def distance(orientation: int, other: int) -> NDArray[np.uint8]:
        one_P: Hashes = first_PO[:, orientation]
        return hamming_bits(one_P[:, None], second_QO[:, other])

    if not way.is_mirrored:
        return distance(0, 0)
    # Mirroring the one is not to the bit the same as mirroring the other: take the better.
    return np.minimum(distance(0, 1), distance(1, 0))


def _joined(
    parts: list[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint8]]],
) -> Pairs:
    nothing = np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0, np.uint8)
    first_K, second_K, distance_K = map(np.concatenate, zip(nothing, *parts, strict=True))
    return Pairs(first_K=first_K, second_K=second_K, distance_bits_K=distance_K)
