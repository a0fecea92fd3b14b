"""Whether two pictures have the same colours, cell by cell of a coarse grid."""

import numpy as np
from numpy.typing import NDArray

_GREY_LEVELS = 12  # of 255: a cell whose red, green and blue differ by no more is grey
_LUMA_C = np.array((0.299, 0.587, 0.114))  # as Pillow makes grey (ITU-R 601)


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
