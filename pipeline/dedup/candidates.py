"""Who may be a copy of whom: pairs with any two windows alike, whatever else they show.

Brute force as in `search`, over wide hashes, but nothing is compared twice: a second view counts
only where it differs from the first, and views of one kind are compared one way round, since among
the forms there is the inverse of each. A crop is compared with wholes only: a copy is cut
from its original, or its original from it; and as there are 36 crops of each picture, only with
the wholes that share a band with one of them (`bands`). Whether two pictures are a pair depends on
these two alone, so what was searched once need not be searched again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.bands import near_sharing_words
from pipeline.dedup.search import Pairs, closest_ways
from pipeline.dedup.windows import HASH_WORDS, NUM_FORMS, NUM_VIEWS, form, is_mirrored
from pipeline.pictures.hashes import hamming_bits, near_words

MAX_BITS = 78  # of 256, between windows of which one may be a copy of the other; see LOG.md
MAX_COARSE_BITS = 20  # of the first 64, likewise: a glance that spares three words in four

_MAX_MEETING_BITS = 100  # of 256, between any crop and the whole: then all crops are compared
_MAX_MEETING_COARSE_BITS = 18  # of the first 64, likewise
_BATCH = 4096  # pairs at once: about 10 MB

Hashes = NDArray[np.uint64]  # shape (N, HASH_WORDS)
Places = NDArray[np.intp]  # of pictures


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
    differs_N = (windows_NWH[:, 0] != windows_NWH[:, 1]).any(axis=1)
    trimmed = np.flatnonzero(differs_N & windows_NWH[:, 1].any(axis=1))
    forms = [number for number in range(NUM_FORMS) if is_mirrored(number) == mirrored]
    parts = []
    for number in forms:
        whole_NH, inner_NH = (form(windows_NWH[:, view], number) for view in range(NUM_VIEWS))
        parts += [
            *_near(windows_NWH[:, 0], whole_NH, _half(shown, is_new_N)),
            *_near(windows_NWH[:, 0], inner_NH, _either(shown, trimmed, is_new_N)),
            *_near(windows_NWH[:, 1], inner_NH, _half(trimmed, is_new_N)),
        ]
    whole_NH = form(windows_NWH[:, 0], forms[0])
    parts += _of_crops(windows_NWH[:, NUM_VIEWS:], whole_NH, _either(shown, shown, is_new_N))
    return closest_ways(parts)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Search:
    """Which pictures are compared with which."""

    rows_P: Places
    columns_Q: Places
    since_P: Places | None = None  # the first column for each row; None for all


def _half(pictures: Places, is_new_N: NDArray[np.bool_]) -> list[_Search]:
    """Compare the new ones with all, each pair once."""
    new, old = pictures[is_new_N[pictures]], pictures[~is_new_N[pictures]]
    since_P = np.arange(1, 1 + len(new))
    return [_Search(rows_P=new, columns_Q=np.concatenate((new, old)), since_P=since_P)]


def _either(rows: Places, columns: Places, is_new_N: NDArray[np.bool_]) -> list[_Search]:
    """Compare the rows with the columns, where either is new."""
    new, old = rows[is_new_N[rows]], rows[~is_new_N[rows]]
    return [
        _Search(rows_P=new, columns_Q=columns),
        _Search(rows_P=old, columns_Q=columns[is_new_N[columns]]),
    ]


def _near(one_NH: Hashes, other_NH: Hashes, searches: Sequence[_Search]) -> Iterator[Pairs]:
    """Compare the one of each row with the other of each column."""
    for search in searches:
        rows_K, columns_K = near_words(
            one_NH[search.rows_P, 0],
            other_NH[search.columns_Q, 0],
            max_bits=MAX_COARSE_BITS,
            since_P=search.since_P,
        )
        one_K, other_K = search.rows_P[rows_K], search.columns_Q[columns_K]
        yield _near_pairs(one_K, other_K, _bits(one_NH[one_K], other_NH[other_K]))


def _of_crops(
    crops_NCH: NDArray[np.uint64], whole_NH: Hashes, searches: Sequence[_Search]
) -> Iterator[Pairs]:
    """Compare all crops of each row with the whole of each column that one of them meets."""
    for search in searches:
        met_K = _meetings(crops_NCH[search.rows_P], whole_NH[search.columns_Q])
        rows_K, columns_K = np.divmod(met_K, max(1, len(search.columns_Q)))
        one_K, other_K = search.rows_P[rows_K], search.columns_Q[columns_K]
        for start in range(0, len(met_K), _BATCH):
            batch = slice(start, start + _BATCH)
            bits_KC = _bits(crops_NCH[one_K[batch]], whole_NH[other_K[batch], None])
            yield _near_pairs(one_K[batch], other_K[batch], bits_KC.min(axis=1))


def _meetings(crops_PCH: NDArray[np.uint64], whole_QH: Hashes) -> NDArray[np.intp]:
    """Find the pairs of P and Q, as p * Q + q, whose crop and whole share a band and are alike."""
    num_crops, num_wholes = crops_PCH.shape[1], len(whole_QH)
    crops_LH = crops_PCH.reshape(-1, HASH_WORDS)
    met = [np.zeros(0, np.intp)]
    for crops_K, wholes_K in near_sharing_words(
        np.ascontiguousarray(crops_LH[:, 0]),
        np.ascontiguousarray(whole_QH[:, 0]),
        max_bits=_MAX_MEETING_COARSE_BITS,
    ):
        is_met_K = _bits(crops_LH[crops_K], whole_QH[wholes_K]) <= _MAX_MEETING_BITS
        met.append(crops_K[is_met_K] // num_crops * num_wholes + wholes_K[is_met_K])
    return np.unique(np.concatenate(met))


def _bits(one_KH: NDArray[np.uint64], other_KH: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Count differing bits over the last axis; a sum of few terms, faster than numpy's own."""
    first, *others = np.moveaxis(hamming_bits(one_KH, other_KH).astype(np.uint16), -1, 0)
    bits: NDArray[np.uint16] = sum(others, start=first)
    return bits


def _near_pairs(one_K: Places, other_K: Places, bits_K: NDArray[np.uint16]) -> Pairs:
    is_near_K = (bits_K <= MAX_BITS) & (one_K != other_K)
    one_K, other_K = one_K[is_near_K], other_K[is_near_K]
    return Pairs(
        first_K=np.minimum(one_K, other_K),
        second_K=np.maximum(one_K, other_K),
        distance_bits_K=bits_K[is_near_K].astype(np.uint8),
    )
