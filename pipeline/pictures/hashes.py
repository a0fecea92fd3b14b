"""Perceptual hashes: pictures that look alike differ in few bits.

`phash` is the common currency of this field, exact to the imagehash package (Zauner 2010; DCT of
32x32 grey pixels, sign against the median). Mirror images hash to something else entirely, so a
picture and its mirror image are compared through both hashes.
"""

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

HASH_BITS = 64
Hashes = NDArray[np.uint64]  # shape (N,)


def phash(image: Image.Image) -> str:
    """Hash a picture: 16 hex digits, equal to `str(imagehash.phash(image))`."""
    return str(imagehash.phash(image))


def mirrored_phash(image: Image.Image) -> str:
    """Hash the mirror image of a picture: 16 hex digits."""
    return phash(ImageOps.mirror(image))


def to_bits(hex_digests: list[str]) -> Hashes:
    """Turn N hex digests of 16 digits into N words.

    >>> to_bits(["0000000000000003"])
    array([3], dtype=uint64)
    """
    return np.array([int(digest, 16) for digest in hex_digests], dtype=np.uint64)


def hamming_bits(hashes_N: Hashes, one: np.uint64) -> NDArray[np.uint8]:
    """Count differing bits between each of N hashes and one.

    Returns:
        Distances, shape (N,), each in [0, 64].

    >>> hamming_bits(np.array([0b1010, 0b1111], np.uint64), np.uint64(0b1010))
    array([0, 2], dtype=uint8)
    """
    distances_N: NDArray[np.uint8] = np.bitwise_count(hashes_N ^ one)
    return distances_N
