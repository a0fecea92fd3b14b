"""Who may be a copy of whom: pairs with any two windows alike, whatever else they show.

Brute force as in `search`, over wide hashes. A crop is compared with wholes only: a copy is cut
from its original, or its original from it. Whether two pictures are a pair depends on these two
alone, so what was searched once need not be searched again.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.search import Pairs, closest_ways
from pipeline.dedup.windows import NUM_FORMS, NUM_VIEWS, NUM_WINDOWS, form, is_mirrored
from pipeline.pictures.hashes import hamming_bits

MAX_BITS = 78  # of 256, between windows of which one may be a copy of the other; see LOG.md
_MAX_COARSE_BITS = 20  # of the first 64, likewise: a glance that spares three words in four
_BLOCK = 64  # pictures at once, as in `search`

Hashes = NDArray[np.uint64]  # shape (N, HASH_WORDS)


def window_pairs(
    windows_NWH: NDArray[np.uint64], *, mirrored: bool, is_new_N: NDArray[np.bool_]
) -> Pairs:
    """Find all pairs, at least one of the two new, that are near in any window.

    Args:
        windows_NWH: of N pictures, see `windows`.
        mirrored: whether the one is compared with mirror images of the other, or as it is.
        is_new_N: the pictures that were not searched before.
    """
    shown = np.flatnonzero(windows_NWH[:, 0].any(axis=1))
    windows_NWH, is_new_N = windows_NWH[shown], is_new_N[shown]
    forms = [number for number in range(NUM_FORMS) if is_mirrored(number) == mirrored]
    parts = [
        _near(windows_NWH[:, view], form(windows_NWH[:, other], number), is_new_N)
        for number in forms
        for view, other in product(range(NUM_VIEWS), repeat=2)
        if view <= other
    ]
    wholes_NH = form(windows_NWH[:, 0], forms[0])
    parts += [
        _near(windows_NWH[:, crop], wholes_NH, is_new_N) for crop in range(NUM_VIEWS, NUM_WINDOWS)
    ]
    found = closest_ways(parts)
    return Pairs(
        first_K=shown[found.first_K],
        second_K=shown[found.second_K],
        distance_bits_K=found.distance_bits_K,
    )


def _near(one_NH: Hashes, other_NH: Hashes, is_new_N: NDArray[np.bool_]) -> Pairs:
    """Compare each of the one with each of the other, where either is new."""
    old, new, everyone = np.flatnonzero(~is_new_N), np.flatnonzero(is_new_N), np.arange(len(one_NH))
    blocks = [
        (rows[start : start + _BLOCK], columns)
        for rows, columns in ((new, everyone), (old, new))
        for start in range(0, len(rows), _BLOCK)
    ]
    nothing = np.zeros(0, np.intp), np.zeros(0, np.intp)
    found = [_glance(one_NH, other_NH, rows, columns) for rows, columns in blocks]
    first_K, second_K = map(np.concatenate, zip(nothing, *found, strict=True))
    bits_K = hamming_bits(one_NH[first_K], other_NH[second_K]).sum(axis=1, dtype=np.uint16)
    is_near_K = (bits_K <= MAX_BITS) & (first_K != second_K)
    first_K, second_K = first_K[is_near_K], second_K[is_near_K]
    return Pairs(
        first_K=np.minimum(first_K, second_K),
        second_K=np.maximum(first_K, second_K),
        distance_bits_K=bits_K[is_near_K].astype(np.uint8),
    )


def _glance(
    one_NH: Hashes, other_NH: Hashes, rows_P: NDArray[np.intp], columns_Q: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find those near by their lowest frequencies."""
    coarse_PQ = hamming_bits(one_NH[rows_P, None, 0], other_NH[columns_Q, 0])
    rows, columns = np.nonzero(coarse_PQ <= _MAX_COARSE_BITS)
    return rows_P[rows], columns_Q[columns]
