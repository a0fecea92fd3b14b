"""A fingerprint says the same of the same bytes, and how a file cannot be read."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from pipeline.dedup.fingerprint import Fingerprints, fingerprint, joined
from pipeline.pictures.hashes import phash, to_bits
from pipeline.records import Reason, Rejected
from tests.dedup.scenes import doll, fingerprint_of, png, scene

TEAL = (0, 128, 128)


def test_hashes_are_those_of_the_whole_picture() -> None:
    """The first view is hashed as everyone hashes pictures, as it is and mirrored."""
    image = scene(1)

    expected = to_bits([phash(image), phash(ImageOps.mirror(image))]).tolist()

    assert expected == fingerprint_of(image).hashes_NVO[0, 0].tolist()


def test_views_of_a_bordered_picture_differ() -> None:
    """The second view is what is inside the border, the same as the picture without it."""
    image = scene(1)
    framed = fingerprint_of(ImageOps.expand(image, 20, "white"))

    assert framed.is_bordered_N.tolist() == [True]
    assert np.array_equal(fingerprint_of(image).hashes_NVO[:, 0], framed.hashes_NVO[:, 1])


def test_border_is_found_in_a_large_picture() -> None:
    """A picture is looked at in small; the box is in its own pixels, off by a line at most."""
    framed = ImageOps.expand(scene(3, size=(1000, 800)), 100, "white")

    assert 1000 * 800 == pytest.approx(fingerprint_of(framed).num_pixels_N[0], rel=2 * 5 / 800)


def test_views_of_a_picture_without_border_are_one() -> None:
    """Where there is no border, the second view says nothing new."""
    noisy = Image.effect_noise((120, 90), 90).convert("RGB")

    assert fingerprint_of(noisy).is_bordered_N.tolist() == [False]


def test_colours_are_means_of_cells() -> None:
    """A plain picture has one colour in each cell of both views."""
    found = fingerprint_of(Image.new("RGB", (64, 48), TEAL))

    assert np.all(found.colours_NVSSC == TEAL)


def test_golden_fingerprint() -> None:
    """A change that makes this fail needs another name of the library's file."""
    found = fingerprint_of(ImageOps.expand(doll(hair="navy", dress="gold"), 20, "black"))

    hashes = [f"{word:016x}" for word in found.hashes_NVO.ravel().tolist()]
    colours = found.colours_NVSSC[0, :, 12, 8].tolist()

    assert [
        "c5613e963e193999",  # whole, and mirrored
        "90346fc37b4c6ccc",
        "eb1a26a1783ca7d2",  # inside the border, and mirrored
        "be0b62f02d69f286",
    ] == hashes
    assert [[255, 215, 0], [255, 215, 0]] == colours


def test_unreadable_file_is_a_reason() -> None:
    """A file that is no image is a value that says so, not an exception."""
    expected = Rejected(reason=Reason.NOT_AN_IMAGE, detail="HTML")

    assert expected == fingerprint(b"<!doctype html><title>gone</title>")


def test_joined_keeps_order() -> None:
    """Fingerprints are put one after another; of none there are none."""
    parts = [fingerprint_of(scene(seed)) for seed in (1, 2)]

    found = joined(parts)

    assert len(joined([])) == 0
    assert [each.hashes_NVO[0].tolist() for each in parts] == found.hashes_NVO.tolist()


def test_fingerprint_is_a_pure_function_of_bytes() -> None:
    """The same bytes give the same fingerprint, to the last byte."""
    one, other = (fingerprint(png(scene(4))) for _ in range(2))
    assert isinstance(one, Fingerprints)
    assert isinstance(other, Fingerprints)

    assert one.hashes_NVO.tobytes() == other.hashes_NVO.tobytes()
    assert one.colours_NVSSC.tobytes() == other.colours_NVSSC.tobytes()
