"""Wide hashes: turning a picture changes its hash in a known way; crops are near their whole."""

import numpy as np
import pytest
from PIL import Image

from pipeline.dedup.windows import NUM_FORMS, NUM_VIEWS, form, is_mirrored, window_hashes
from tests.dedup.scenes import scene

FLIP_X, FLIP_Y = Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM


def hashes(image: Image.Image) -> np.ndarray:
    """Hash a picture without a border."""
    return window_hashes(image, (0, 0, *image.size))


def transformed(image: Image.Image, number: int) -> Image.Image:
    """Do to a picture what a form does to its hash."""
    steps = ((4, Image.Transpose.TRANSPOSE), (1, FLIP_X), (2, FLIP_Y))
    for bit, step in steps:
        image = image.transpose(step) if number & bit else image
    return image


@pytest.mark.parametrize("number", range(NUM_FORMS))
def test_forms_are_exact(number: int) -> None:
    """The hash of a turned picture is the form of its hash, but for rounding at single bits."""
    image = scene(3, size=(288, 192))

    expected = hashes(transformed(image, number))[:NUM_VIEWS]
    found = form(hashes(image)[:NUM_VIEWS], number)

    assert np.bitwise_count(expected ^ found).sum(axis=1).max() <= 2


@pytest.mark.parametrize("number", range(NUM_FORMS))
def test_forms_keep_distances(number: int) -> None:
    """Turning two pictures alike changes no distance between them, to the bit."""
    one, other = hashes(scene(1)), hashes(scene(2))

    before = np.bitwise_count(one ^ other).sum(axis=1).tolist()
    after = np.bitwise_count(form(one, number) ^ form(other, number)).sum(axis=1).tolist()

    assert before == after


def test_mirror_images_are_an_odd_number_of_steps() -> None:
    """A picture that is flipped twice, or turned by 90 degrees, is not mirrored."""
    assert [False, True, True, False, True, False, False, True] == [
        is_mirrored(number) for number in range(NUM_FORMS)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_a_window_of_the_whole_is_near_its_crop(seed: int) -> None:
    """What is left after a fifth of each side was cut away is found among the crops."""
    image = scene(seed, size=(300, 300))
    crop = hashes(image.crop((0, 30, 240, 270)))[0]

    bits = np.bitwise_count(hashes(image)[NUM_VIEWS:] ^ crop).sum(axis=1)

    assert bits.min() <= 20


def test_plain_picture_has_no_hash() -> None:
    """A picture that shows nothing is like no other."""
    assert not hashes(Image.new("RGB", (90, 60), "teal")).any()
