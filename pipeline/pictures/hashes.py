"""Perceptual hashes: pictures that look alike differ in few bits.

`phash` is the common currency of this field, made by the imagehash package (Zauner 2010; DCT of
32x32 grey pixels, sign against the median). Mirror images hash to something else entirely, so a
picture and its mirror image are compared through both hashes.
"""

from collections.abc import Sequence

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

HASH_BITS = 64
Box = tuple[int, int, int, int]  # left, upper, right, lower in px, as Pillow has it
Hashes = NDArray[np.uint64]  # shape (N,)

_TILE = (16, 4096)  # words at once: half a megabyte, which stays in the processor's cache
_SIDE_PX = 32  # imagehash's own: a hash of 8x8 frequencies from 4 times as many pixels a side


def phash(image: Image.Image) -> str:
    """Hash a picture: 16 hex digits, equal to `str(imagehash.phash(image))`."""
    return str(imagehash.phash(image))


def both_phashes(image: Image.Image) -> tuple[str, str]:
    """Hash a picture and its mirror image in one go, for less than the price of two."""
    small = shrink(image)
    return phash(small), phash(ImageOps.mirror(small))


def shrink(image: Image.Image, *, box: Box | None = None) -> Image.Image:
    """Shrink a picture, or a box of it, to the 32x32 grey pixels that its hashes depend on.

    This costs as much as decoding a picture: Pillow weighs every pixel.

    `phash(shrink(image)) == phash(image)`, so a picture that is hashed often is shrunk once.
    """
    grey = image if image.mode == "L" else image.convert("L")
    return grey.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.LANCZOS, box=box)


def to_bits(hex_digests: Sequence[str]) -> Hashes:
    """Turn N hex digests of 16 digits into N words.

    >>> to_bits(["0000000000000003"])
    array([3], dtype=uint64)
    """
    return np.array([int(digest, 16) for digest in hex_digests], dtype=np.uint64)


def hamming_bits(hashes: Hashes, others: Hashes | np.uint64) -> NDArray[np.uint8]:
    """Count differing bits between hashes, of any shapes that broadcast.

    Returns:
        Distances, each in [0, 64].

    >>> hamming_bits(np.array([0b1010, 0b1111], np.uint64), np.uint64(0b1010))
    array([0, 2], dtype=uint8)
    """
    distances: NDArray[np.uint8] = np.bitwise_count(hashes ^ others)
    return distances


def bits_either_way(both: tuple[str, str], others_N: Hashes) -> NDArray[np.uint8]:
    """Compare a picture with others, as it is and mirrored; the nearer of the two counts.

    Args:
        both: of one picture, from `both_phashes`.
        others_N: of the others, from `to_bits`.

    Returns:
        Differing bits, shape (N,), each in [0, 64].
    """
    nearer_N: NDArray[np.uint8] = hamming_bits(to_bits(both)[:, np.newaxis], others_N).min(axis=0)
    return nearer_N


def near_words(
    one_P: Hashes, other_Q: Hashes, *, max_bits: int, since_P: NDArray[np.intp] | None = None
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find all pairs of words that differ in few bits: every one is compared with every other.

    The tiles are written over and over, three times faster than with fresh memory for each.

    Args:
        one_P: any words.
        other_Q: any words.
        max_bits: that may differ.
        since_P: the first of the others that each word is compared with, ascending; else all.

    Returns:
        Places of K words in either, shape (K,) each; in no order that matters.
    """
    if since_P is None and len(one_P) > len(other_Q):  # long rows make for fewer tiles
        others_K, ones_K = near_words(other_Q, one_P, max_bits=max_bits)
        return ones_K, others_K
    since_P = np.zeros(len(one_P), np.intp) if since_P is None else since_P
    height, width = (
        min(side, len(words)) for side, words in zip(_TILE, (one_P, other_Q), strict=True)
    )
    differs = np.empty(height * width, np.uint64)
    bits = np.empty(height * width, np.uint8)
    found = [(np.zeros(0, np.intp), np.zeros(0, np.intp))]
    for top in range(0, len(one_P), max(1, height)):
        rows_A = one_P[top : top + height, None]
        for left in range(int(since_P[top]), len(other_Q), max(1, width)):
            columns_B = other_Q[left : left + width]
            shape = len(rows_A), len(columns_B)
            differs_AB = differs[: shape[0] * shape[1]].reshape(shape)
            bits_AB = bits[: differs_AB.size].reshape(shape)
            np.bitwise_xor(rows_A, columns_B, out=differs_AB)
            np.bitwise_count(differs_AB, out=bits_AB)
            places = np.flatnonzero(bits_AB <= max_bits)
            found.append((top + places // shape[1], left + places % shape[1]))
    ones_K, others_K = map(np.concatenate, zip(*found, strict=True))
    is_wanted_K = others_K >= since_P[ones_K]
    return ones_K[is_wanted_K], others_K[is_wanted_K]
