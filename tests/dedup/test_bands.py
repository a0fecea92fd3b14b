"""Words that share a band are found, all of them, whichever way is faster."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup.bands import near_sharing_words
from tests.dedup.bits import share_a_band

MAX_BITS = 20
DIAGONAL = 0x8040201008040201
ROW_0, ROW_7 = 0xFF << 56, 0xFF


def found(ones: np.ndarray, others: np.ndarray) -> set[tuple[int, int]]:
    """Find pairs, each once."""
    parts = near_sharing_words(ones, others, max_bits=MAX_BITS)
    return {pair for part in parts for pair in zip(*(each.tolist() for each in part), strict=True)}


@pytest.mark.parametrize(
    ("differing", "expected"),
    [
        (DIAGONAL, False),  # but for its highest frequency the last row is the same, and no other
        (DIAGONAL & ~ROW_0, True),
        (DIAGONAL | ROW_7, False),
    ],
)
@pytest.mark.parametrize("num_others", [1, 300])
def test_two_rows_or_two_columns_make_a_band(
    differing: int,
    expected: bool,  # noqa: FBT001
    num_others: int,
) -> None:
    """A bit in each row and column leaves no band, one row less does."""
    word = 0x123456789ABCDEF0
    others = np.full(num_others, word ^ differing, np.uint64)

    assert expected == share_a_band(word, word ^ differing)
    assert expected == bool(found(np.array([word], np.uint64), others))


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.sampled_from([3, 400]))
def test_all_near_words_that_share_a_band_are_found(seed: int, num_others: int) -> None:
    """A join finds what comparing each with each finds."""
    rng = np.random.default_rng(seed)
    bases = rng.integers(0, 2**64, 4, dtype=np.uint64)
    noise = (rng.random((12 + num_others, 64)) < 0.12).astype(np.uint8)
    words = rng.choice(bases, len(noise)) ^ np.packbits(noise, axis=1).view(np.uint64)[:, 0]
    ones, others = words[:12], words[12:]
    expected = {
        (i, j)
        for i, one in enumerate(ones.tolist())
        for j, other in enumerate(others.tolist())
        if (one ^ other).bit_count() <= MAX_BITS and share_a_band(one, other)
    }

    assert expected == found(ones, others)
