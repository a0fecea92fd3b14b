"""Plain borders are found, and pictures without one stay whole."""

import pytest
from PIL import Image, ImageOps

from pipeline.dedup.border import box_inside_border
from pipeline.pictures.decode import Picture, decode
from tests.dedup.scenes import jpeg, scene


@pytest.mark.parametrize("colour", ["white", "black", "navy"])
def test_border_of_any_colour_is_cut_off(colour: str) -> None:
    """The box of a framed picture is the picture inside its frame."""
    framed = ImageOps.expand(scene(1, size=(200, 160)), 20, colour)

    assert (20, 20, 220, 180) == box_inside_border(framed)


def test_borders_inside_borders_are_cut_off() -> None:
    """A frame around a margin goes with the margin."""
    framed = ImageOps.expand(ImageOps.expand(scene(1, size=(160, 140)), 16, "white"), 12, "black")

    assert (28, 28, 188, 168) == box_inside_border(framed)


def test_noise_of_jpeg_is_still_a_border() -> None:
    """Compression blurs a border in the blocks at its edge, no further."""
    framed = ImageOps.expand(scene(2, size=(200, 160)), 24, "crimson")
    picture = decode(jpeg(framed, quality=30))
    assert isinstance(picture, Picture)

    found = box_inside_border(picture.image)

    assert found == pytest.approx((24, 24, 224, 184), abs=8)


@pytest.mark.parametrize("seed", range(5))
def test_picture_without_border_stays_whole(seed: int) -> None:
    """Nothing is cut off where edges have several colours."""
    noisy = Image.effect_noise((120, 90), 90 + seed).convert("RGB")

    assert (0, 0, 120, 90) == box_inside_border(noisy)


@pytest.mark.parametrize("size", [(300, 200), (16, 16), (2, 50), (1, 1)])
def test_plain_picture_keeps_something(size: tuple[int, int]) -> None:
    """A picture of one colour is all border, and still a box with pixels in it."""
    left, upper, right, lower = box_inside_border(Image.new("RGB", size, "teal"))

    assert 0 <= left < right <= size[0]
    assert 0 <= upper < lower <= size[1]
