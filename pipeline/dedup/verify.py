"""Whether two pictures that are near by hash are copies: their colours must agree cell by cell.

A hash sees grey shapes only. Among drawings of one layout (a figure on white in the same pose, with
other hair and another dress) nearly all pairs that are near by hash are false; see LOG.md for what
this check leaves of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.fingerprint import Fingerprints
from pipeline.dedup.library import Fingerprinted
from pipeline.dedup.search import WAYS, Pairs, Way, closest_ways, near_pairs
from pipeline.params import Dedup

_BATCH = 4096  # pairs at once: about 30 MB
_GREY_LEVELS = 12  # of 255: a cell whose red, green and blue differ by no more is grey
_LUMA_C = np.array((0.299, 0.587, 0.114))  # as Pillow makes grey (ITU-R 601)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Which images are alike, by sha256, and at how many bits; seen from either side."""

    copies: Mapping[str, Mapping[str, int]]  # near, and of the same colours
    nearest: Mapping[str, tuple[str, int]]  # the one other that is nearest by hash, copy or not


def find_likeness(fingerprinted: Fingerprinted, rules: Dedup) -> Likeness:
    """Find who is a copy of whom, and who is nearest to whom."""
    near, copies = [], []
    for way in WAYS:
        pairs = near_pairs(
            fingerprinted.fingerprints, way, max_distance_bits=rules.max_distance_bits
        )
        near.append(pairs)
        copies.append(pairs.where(_is_copy(fingerprinted.fingerprints, way, pairs, rules)))
    near_bits = _from_both_sides(closest_ways(near), fingerprinted.sha256s)
    return Likeness(
        copies=_from_both_sides(closest_ways(copies), fingerprinted.sha256s),
        nearest={
            sha256: min(others.items(), key=lambda item: (item[1], item[0]))
            for sha256, others in near_bits.items()
        },
    )


def agree(
    first_KSSC: NDArray[np.uint8],
    second_KSSC: NDArray[np.uint8],
    *,
    max_colour_levels: int,
    min_agreement: float,
) -> NDArray[np.bool_]:
    """Tell for K pairs of pictures whether enough of their cells have the same colour.

    A cell agrees if its colour lies among the colours of the same cell and its neighbours in the
    other picture, give or take `max_colour_levels`, and the other way round. So a crop of a few
    percent, which moves everything by less than a cell, still agrees, and a recoloured dress on
    a plain ground does not.

    Where one of the two is a grey picture, greys are compared. They say less than colours do, so
    every cell must agree, within half as much.

    Returns:
        One answer per pair, shape (K,); the same for either order of the two.
    """
    is_grey_K = _is_grey(first_KSSC) | _is_grey(second_KSSC)
    first_KSSC = _greyed(first_KSSC, where_K=is_grey_K)
    second_KSSC = _greyed(second_KSSC, where_K=is_grey_K)
    levels_K = np.where(is_grey_K, max_colour_levels // 2, max_colour_levels)
    agrees_KSS = _lies_within(first_KSSC, second_KSSC, levels_K)
    agrees_KSS &= _lies_within(second_KSSC, first_KSSC, levels_K)
    is_enough_K: NDArray[np.bool_] = np.mean(agrees_KSS, axis=(1, 2)) >= np.where(
        is_grey_K, 1.0, min_agreement
    )
    return is_enough_K


def _is_copy(fingerprints: Fingerprints, way: Way, pairs: Pairs, rules: Dedup) -> NDArray[np.bool_]:
    is_copy_K = np.zeros(len(pairs), dtype=bool)
    for start in range(0, len(pairs), _BATCH):
        batch = slice(start, start + _BATCH)
        first = fingerprints.colours_NVSSC[pairs.first_K[batch], way.first_view]
        second = fingerprints.colours_NVSSC[pairs.second_K[batch], way.second_view]
        if way.is_mirrored:
            second = second[:, :, ::-1]
        is_copy_K[batch] = agree(
            first,
            second,
            max_colour_levels=rules.max_colour_levels,
            min_agreement=rules.min_agreement,
        )
    return is_copy_K


def _is_grey(cells_KSSC: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell which pictures have no colour, shape (K,)."""
    is_grey_K: NDArray[np.bool_] = np.all(np.ptp(cells_KSSC, axis=-1) <= _GREY_LEVELS, axis=(1, 2))
    return is_grey_K


def _greyed(cells_KSSC: NDArray[np.uint8], *, where_K: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Take the colour out of some pictures."""
    greyed = cells_KSSC.copy()
    greyed[where_K] = np.rint(cells_KSSC[where_K] @ _LUMA_C)[..., None]
    return greyed


def _lies_within(
    cells_KSSC: NDArray[np.uint8], others_KSSC: NDArray[np.uint8], levels_K: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Tell which cells have a colour that the others have there or next to it, shape (K, S, S)."""
    lowest, highest = (_of_neighbours(others_KSSC, op) for op in (np.minimum, np.maximum))
    cells = cells_KSSC.astype(np.int16)
    levels = levels_K.astype(np.int16)[:, None, None, None]
    is_within: NDArray[np.bool_] = np.all(
        (cells >= lowest - levels) & (cells <= highest + levels), axis=-1
    )
    return is_within


def _of_neighbours(cells_KSSC: NDArray[np.uint8], op: np.ufunc) -> NDArray[np.int16]:
    """Take the lowest or highest colour of each cell and its eight neighbours."""
    edge = ((0, 0), (1, 1), (1, 1), (0, 0))
    padded = np.pad(cells_KSSC.astype(np.int16), edge, mode="edge")
    rows = op(op(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
    best: NDArray[np.int16] = op(op(rows[:, :, :-2], rows[:, :, 1:-1]), rows[:, :, 2:])
    return best


def _from_both_sides(pairs: Pairs, sha256s: tuple[str, ...]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    columns = (pairs.first_K, pairs.second_K, pairs.distance_bits_K)
    for i, j, bits in zip(*(column.tolist() for column in columns), strict=True):
        found.setdefault(sha256s[i], {})[sha256s[j]] = bits
        found.setdefault(sha256s[j], {})[sha256s[i]] = bits
    return found
