"""Measures say of drawn pictures what anyone sees in them."""

from random import Random

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from pipeline.pictures.measures import SIDE_PX, Measures, measure, small_copy

WIDTH, HEIGHT = 300, 200


def measured(image: Image.Image, *, transparent_fraction: float = 0.0) -> Measures:
    """Measure a picture as it is."""
    return measure(small_copy(image), transparent_fraction=transparent_fraction)


def with_boxes(*boxes: tuple[int, int, int, int], ground: str = "white") -> Image.Image:
    """Draw boxes on a plain ground; corners in px, the last ones included."""
    image = Image.new("RGB", (WIDTH, HEIGHT), ground)
    for box in boxes:
        ImageDraw.Draw(image).rectangle(box, fill="crimson")
    return image


def patchwork(seed: int = 1, *, cell_px: int = 20) -> Image.Image:
    """Draw cells of any colours, without a plain outline."""
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, 256, (HEIGHT // cell_px, WIDTH // cell_px, 3)).astype(np.uint8)
    return Image.fromarray(cells).resize((WIDTH, HEIGHT), Image.Resampling.NEAREST)


def test_subject_is_the_box_around_what_is_shown() -> None:
    """A box of a third by a half is a sixth of the picture, wherever it lies."""
    found = measured(with_boxes((20, 90, 119, 189)))

    assert 1 / 6 == pytest.approx(found.subject_fraction, abs=0.01)


def test_specks_do_not_widen_the_subject() -> None:
    """A dot in a corner, such as a signature, is no part of the subject."""
    image = with_boxes((20, 90, 119, 189))
    image.putpixel((290, 5), (0, 0, 0))

    assert measured(with_boxes((20, 90, 119, 189))).subject_fraction == pytest.approx(
        measured(image).subject_fraction
    )


@pytest.mark.parametrize(("image", "expected"), [(patchwork(), 1.0), (with_boxes(), 0.0)])
def test_subject_without_ground_or_without_anything(image: Image.Image, expected: float) -> None:
    """Without a plain ground all is subject; an empty picture has none."""
    assert expected == measured(image).subject_fraction


def test_plain_fraction_is_that_of_the_most_common_colour() -> None:
    """A box of a sixth leaves five sixths to the ground."""
    assert 5 / 6 == pytest.approx(measured(with_boxes((20, 90, 119, 189))).plain_fraction, abs=0.01)


@pytest.mark.parametrize("radius", [1.5, 3.0])
def test_blurred_picture_is_less_sharp(radius: float) -> None:
    """Crisp edges lie between two pixels, blurred ones do not, however small the blurred copy."""
    crisp = patchwork().resize((240, 160), Image.Resampling.NEAREST)

    assert measured(crisp).sharpness > 0.9
    assert measured(crisp.filter(ImageFilter.GaussianBlur(radius))).sharpness < 0.55


def test_sharp_caption_does_not_hide_blur() -> None:
    """A crisp mark on a blurred picture is a small part of its edges."""
    image = patchwork().filter(ImageFilter.GaussianBlur(3))
    ImageDraw.Draw(image).rectangle((10, 10, 60, 30), fill="black")

    assert measured(image).sharpness < 0.55


def test_picture_without_edges_is_as_sharp_as_can_be() -> None:
    """What has no edges cannot be out of focus."""
    assert 1.0 == measured(with_boxes()).sharpness


@pytest.mark.parametrize("ground", ["white", "black", "khaki"])
def test_gap_between_two_parts(ground: str) -> None:
    """Beside the gap, the lesser part is a third of the width; any plain ground makes a gap."""
    found = measured(with_boxes((10, 20, 109, 180), (140, 20, 289, 180), ground=ground))

    assert 1 / 3 == pytest.approx(found.panel_fraction, abs=0.02)


def test_gap_may_lie_across() -> None:
    """Parts one above the other are found like those side by side."""
    found = measured(with_boxes((20, 10, 280, 89), (20, 110, 280, 189)))

    assert 0.4 == pytest.approx(found.panel_fraction, abs=0.02)


@pytest.mark.parametrize("ends", [(0, 199), (60, 140)])
def test_band_of_another_colour_is_no_gap(ends: tuple[int, int]) -> None:
    """A post in front of a picture, or a break in its middle only, does not part it in two."""
    image = patchwork()
    ImageDraw.Draw(image).rectangle((140, ends[0], 160, ends[1]), fill="grey")

    assert 0.0 == measured(image).panel_fraction


def test_flat_fraction_leaves_the_ground_out() -> None:
    """A box is flat but for its outline, and a noisy one is not, on the same plain ground."""
    flat = with_boxes((50, 50, 249, 149))
    noisy = flat.copy()
    noise = np.random.default_rng(1).integers(0, 200, (100, 200, 3)).astype(np.uint8)
    noisy.paste(Image.fromarray(noise), (50, 50))

    assert measured(flat).flat_fraction > 0.9
    assert measured(noisy).flat_fraction < 0.01


def test_colours_are_counted() -> None:
    """Ground, box and another box are three colours; a single pixel is none."""
    image = with_boxes((20, 20, 120, 180))
    ImageDraw.Draw(image).rectangle((150, 20, 280, 180), fill="gold")
    small = image.resize((SIDE_PX, 100), Image.Resampling.NEAREST)
    small.putpixel((5, 5), (255, 0, 0))

    assert 3 == measured(small).num_colours


def test_transparency_is_what_decoding_saw() -> None:
    """The pixels lie on white already, so decoding tells what was there before."""
    assert 0.25 == measured(patchwork(), transparent_fraction=0.25).transparent_fraction


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (3, 2), (2000, 7)])
def test_any_size_can_be_measured(size: tuple[int, int]) -> None:
    """The smallest and the thinnest pictures have measures, all in range."""
    rng = Random(3)
    image = Image.new("RGB", size)
    image.putdata([tuple(rng.choices(range(256), k=3)) for _ in range(size[0] * size[1])])

    found = measured(image)

    assert found.num_colours >= 0
    fractions = [getattr(found, name) for name in Measures.__slots__ if name != "num_colours"]
    assert all(0 <= fraction <= 1 for fraction in fractions)


def test_measures_are_a_pure_function_of_pixels() -> None:
    """The same picture has the same measures, to the last bit."""
    assert measured(patchwork(2)) == measured(patchwork(2))
