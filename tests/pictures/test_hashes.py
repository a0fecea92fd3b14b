"""Perceptual hashes: equal to the package's, near for what looks alike."""

import imagehash
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from pipeline.pictures.hashes import both_phashes, hamming_bits, near_words, phash, to_bits


def drawing(seed: int) -> Image.Image:
    """Draw some random shapes."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (120, 90), "white")
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, w, h = rng.integers(0, 70, 4).tolist()
        draw.rectangle((x, y, x + w, y + h), fill=tuple(rng.integers(0, 255, 3).tolist()))
    return image


@pytest.mark.parametrize("seed", range(5))
def test_equal_to_the_package(seed: int) -> None:
    """Users can compare our hashes with anybody's."""
    assert str(imagehash.phash(drawing(seed))) == phash(drawing(seed))


@given(
    st.binary(min_size=1024, max_size=1024),
    st.sampled_from(["noise", "flat", "rows", "symmetric", "blocks"]),
)
def test_equal_to_the_package_where_it_hangs_on_a_hair(data: bytes, kind: str) -> None:
    """Flat and symmetric pictures, whose bits are rounding errors, hash as in the package too."""
    pixels = np.frombuffer(data, np.uint8).reshape(32, 32)
    made = {
        "noise": pixels,
        "flat": np.full_like(pixels, pixels[0, 0]),
        "rows": np.repeat(pixels[:, :1], 32, axis=1),
        "symmetric": np.concatenate((pixels[:, :16], pixels[:, 15::-1]), axis=1),
        "blocks": np.kron(pixels[:4, :4] % 2 * 255, np.ones((8, 8), np.uint8)),
    }
    image = Image.fromarray(made[kind])

    own, mirrored = both_phashes(image)

    assert str(imagehash.phash(image)) == own == phash(image)
    assert str(imagehash.phash(ImageOps.mirror(image))) == mirrored


def test_mirrored() -> None:
    """The mirrored hash is the hash of the mirror image."""
    assert phash(ImageOps.mirror(drawing(1))) == both_phashes(drawing(1))[1]


def test_alike_is_near_and_different_is_far() -> None:
    """Half the size stays within a few bits; another drawing does not."""
    hashes = to_bits([phash(drawing(1)), phash(drawing(1).resize((60, 45))), phash(drawing(2))])
    _, resized, other = hamming_bits(hashes, hashes[0]).tolist()

    assert resized <= 6 < other


def test_distance_is_symmetric() -> None:
    """A is as far from B as B from A."""
    hashes = to_bits([phash(drawing(seed)) for seed in range(6)])
    table = np.stack([hamming_bits(hashes, one) for one in hashes])

    assert np.array_equal(table, table.T)


@given(
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=40),
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=40),
    st.integers(0, 64),
    st.booleans(),
)
def test_near_words_are_all_that_are_near(
    ones: list[int],
    others: list[int],
    max_bits: int,
    has_since: bool,  # noqa: FBT001
) -> None:
    """Tiles find what comparing each word with each other finds, from where they are told to."""
    since = [2 * n // 3 for n in range(len(ones))] if has_since else [0] * len(ones)
    expected = {
        (i, j)
        for i, one in enumerate(ones)
        for j, other in enumerate(others)
        if j >= since[i] and (one ^ other).bit_count() <= max_bits
    }

    ones_K, others_K = near_words(
        np.array(ones, np.uint64),
        np.array(others, np.uint64),
        max_bits=max_bits,
        since_P=np.array(since, np.intp) if has_since else None,
    )

    assert sorted(expected) == sorted(zip(ones_K.tolist(), others_K.tolist(), strict=True))


def test_near_words_beyond_one_tile() -> None:
    """Words in other tiles than the first are found in their places."""
    words = np.arange(1, 9001, dtype=np.uint64) << np.uint64(20)

    ones_K, others_K = near_words(words[::-1][:40], words, max_bits=0)

    assert [(n, 8999 - n) for n in range(40)] == sorted(
        zip(ones_K.tolist(), others_K.tolist(), strict=True)
    )
