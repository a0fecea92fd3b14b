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
