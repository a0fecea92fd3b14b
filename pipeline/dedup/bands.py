"""Near words found by what they share: a join, where comparing all with all would take too long.

A word holds the signs of 8 x 8 frequencies. Two words share a band if two of their rows, or two of
their columns, are the same but for the highest frequency. Whether they do depends on these two
words alone. LOG.md says which copies share none.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipeline.pictures.hashes import Hashes, hamming_bits, near_words

_ROW_BITS = 7  # of 8 that are compared
_TWO_ROWS = tuple(combinations(range(8), 2))
_FEW = 256  # words: comparing all with all is faster than a join
_PIECE = 1 << 15  # words at once
_SWAPS = ((7, 0x00AA00AA00AA00AA), (14, 0x0000CCCC0000CCCC), (28, 0x00000000F0F0F0F0))

Places = NDArray[np.intp]


def near_sharing_words(
    one_P: Hashes, other_Q: Hashes, *, max_bits: int
) -> Iterator[tuple[Places, Places]]:
    """Find all pairs of words that differ in few bits and share a band.

    Args:
        one_P: any words.
        other_Q: any words.
        max_bits: that may differ.

    Yields:
        Places of K words in either, shape (K,) each; a pair may come for each band it shares.
    """
    if len(other_Q) < _FEW:
        ones_K, others_K = near_words(one_P, other_Q, max_bits=max_bits)
        is_sharing_K = _share_a_band(one_P[ones_K] ^ other_Q[others_K])
        yield ones_K[is_sharing_K], others_K[is_sharing_K]
        return
    yield from _sharing_rows(one_P, other_Q, max_bits)
    yield from _sharing_rows(_transposed(one_P), _transposed(other_Q), max_bits)


def _share_a_band(differing_K: Hashes) -> NDArray[np.bool_]:
    num_rows_K, num_columns_K = (
        (_rows(words) == 0).sum(axis=0) for words in (differing_K, _transposed(differing_K))
    )
    is_sharing_K: NDArray[np.bool_] = np.maximum(num_rows_K, num_columns_K) >= len(_TWO_ROWS[0])
    return is_sharing_K


def _sharing_rows(one_P: Hashes, other_Q: Hashes, max_bits: int) -> Iterator[tuple[Places, Places]]:
    rows_8P, rows_8Q = _rows(one_P), _rows(other_Q)
    for first, second in _TWO_ROWS:
        keys_P, keys_Q = (rows[first] << _ROW_BITS | rows[second] for rows in (rows_8P, rows_8Q))
        order_Q = np.argsort(keys_Q, kind="stable")
        num_N = np.bincount(keys_Q, minlength=1 << 2 * _ROW_BITS)
        starts_N = np.cumsum(num_N) - num_N
        sorted_Q = other_Q[order_Q]
        for start in range(0, len(one_P), _PIECE):
            keys = keys_P[start : start + _PIECE]
            words = one_P[start : start + _PIECE]
            ones_K, sorted_K = _near_in_runs(
                words, sorted_Q, starts_N[keys], num_N[keys], max_bits=max_bits
            )
            yield start + ones_K, order_Q[sorted_K]


def _near_in_runs(
    one_P: Hashes, other_Q: Hashes, first_P: Places, num_P: Places, *, max_bits: int
) -> tuple[Places, Places]:
    """Compare each word with its run of the others."""
    ends_P = np.cumsum(num_P)
    others_L = np.repeat(first_P - ends_P + num_P, num_P)
    others_L += np.arange(len(others_L))
    bits_L = hamming_bits(np.repeat(one_P, num_P), other_Q[others_L])
    near_K = np.flatnonzero(bits_L <= max_bits)
    return np.searchsorted(ends_P, near_K, side="right"), others_L[near_K]


def _rows(words: Hashes) -> NDArray[np.uint16]:
    """Take N words apart into rows of low frequencies, shape (8, N)."""
    octets_N8 = words[:, None].view(np.uint8)
    return np.ascontiguousarray(octets_N8.T >> (8 - _ROW_BITS)).astype(np.uint16)


def _transposed(words: Hashes) -> Hashes:
    """Swap rows and columns of 8 x 8 bits (Warren, Hacker's Delight, 7-3)."""
    words = words.copy()
    for shift, mask in _SWAPS:
        swapped = (words ^ (words >> np.uint64(shift))) & np.uint64(mask)
        words ^= swapped ^ (swapped << np.uint64(shift))
    return words
