"""Perceptual hashes: equal to the package's, near for what looks alike."""

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from pipeline.pictures.hashes import hamming_bits, mirrored_phash, phash, to_bits


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


def test_mirrored() -> None:
    """The mirrored hash is the hash of the mirror image."""
    assert phash(ImageOps.mirror(drawing(1))) == mirrored_phash(drawing(1))


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
