"""What bands are, bit by bit, for tests of what finds them fast."""

import numpy as np


def share_a_band(one: int, other: int) -> bool:
    """Compare the first seven rows or columns of 8 x 8 bits, the first bit the highest."""
    bits = np.unpackbits(np.array([one ^ other], ">u8").view(np.uint8)).reshape(8, 8)
    same = [(~square[:, :7].any(axis=1)).sum() for square in (bits, bits.T)]
    return bool(max(same) >= 2)
