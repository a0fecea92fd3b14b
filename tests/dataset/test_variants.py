"""Augmented copies of one picture."""

import numpy as np
from PIL import Image

from pipeline.dataset.variants import draw_variant, shrink
from pipeline.files import sha256_of

SHA256 = sha256_of(b"a picture")


def stripes() -> Image.Image:
    """Draw a picture on which crop, turn and colour show."""
    ramp = np.linspace(0, 255, 120).astype(np.uint8)
    pixels = np.stack([np.tile(ramp, (90, 1)), np.tile(ramp[:90, None], (1, 120))] * 2, axis=2)
    return Image.fromarray(pixels[:, :, :3])


def variant(*, sha256: str = SHA256, number: int = 1, seed: int = 7) -> bytes:
    """Draw a variant of the stripes."""
    drawn = draw_variant(stripes(), side_px=64, sha256=sha256, variant=number, seed=seed)
    return drawn.tobytes()


def test_depends_on_its_three_arguments_alone() -> None:
    """Same seed, picture and number: same bytes. Another of any of them: another variant."""
    others = [variant(number=2), variant(seed=8), variant(sha256=sha256_of(b"another picture"))]

    assert variant() == variant()
    assert 4 == len({variant(), *others})


def test_is_no_larger_than_asked() -> None:
    """The longer side has the size of the square, so that packing enlarges nothing."""
    drawn = draw_variant(stripes(), side_px=64, sha256=SHA256, variant=1, seed=7)

    assert 64 == max(drawn.size)


def test_about_half_are_mirrored() -> None:
    """Left is brighter than right in about half of 60 variants, and never in all or none."""
    image, mirrored = stripes(), 0
    for number in range(60):
        drawn = draw_variant(image, side_px=64, sha256=SHA256, variant=number, seed=7)
        red = np.asarray(drawn)[:, :, 0].astype(int)
        mirrored += red[:, :20].mean() > red[:, -20:].mean()

    assert 15 < mirrored < 45


def test_shrink_keeps_enough_for_the_smallest_crop() -> None:
    """A large picture shrinks to somewhat more than the square, a small one stays."""
    assert 64 < max(shrink(Image.new("RGB", (900, 300)), side_px=64).size) < 100
    assert (50, 20) == shrink(Image.new("RGB", (50, 20)), side_px=64).size
