"""Corruptions: each does what it says, more at each strength, and the same every time."""

import numpy as np
import pytest

from pipeline.evaluation.corruptions import (
    CORRUPTIONS,
    FRAMINGS,
    STRENGTHS,
    centre_crop,
    grey,
    hue,
    line_art,
    occlusion,
    pixelate,
)


@pytest.fixture(scope="module")
def picture():
    """Draw a red disc with a dark rim on a blue slope, 40 px high and 60 px wide."""
    y, x = np.mgrid[:40, :60]
    distance = np.hypot(y - 20, x - 30)
    drawn = np.stack([np.full_like(x, 60), 60 + x, 120 + 2 * y], axis=-1)
    drawn[distance < 12] = (200, 50, 40)
    drawn[np.abs(distance - 12) < 1] = (20, 20, 20)
    return drawn.astype(np.uint8)


def spoiled(picture, name, strength, *, seed=1):
    """Apply one corruption."""
    return CORRUPTIONS[name](picture, strength, np.random.default_rng(seed))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_each_strength_changes_more_and_leaves_the_picture_alone(picture, name):
    """Shape and type stay, what was given is not written to, and 3 is further off than 1."""
    before = picture.copy()
    results = [spoiled(picture, name, strength) for strength in STRENGTHS]
    errors = [np.abs(each.astype(int) - picture).mean() for each in results]

    assert all((picture.shape, np.uint8) == (each.shape, each.dtype) for each in results)
    assert 0 < errors[0] < errors[1] < errors[2]
    assert np.array_equal(before, picture)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_same_luck_gives_the_same_picture(picture, name):
    """Nothing depends on a clock or on what was drawn before."""
    assert np.array_equal(spoiled(picture, name, 2), spoiled(picture, name, 2))


@pytest.mark.parametrize("name", ["noise", "occlusion"])
def test_luck_matters_where_it_should(picture, name):
    """Another picture has other noise, and is covered elsewhere."""
    assert not np.array_equal(spoiled(picture, name, 1), spoiled(picture, name, 1, seed=2))


def test_grey_three_has_no_colour(picture):
    """All three channels are equal, at the brightness the eye saw before."""
    result = grey(picture, 3, np.random.default_rng(1))

    assert np.array_equal(result[..., 0], result[..., 1])
    assert np.array_equal(result[..., 0], result[..., 2])
    assert (picture @ [0.299, 0.587, 0.114]).mean() == pytest.approx(result.mean(), abs=0.5)


def test_line_art_three_has_dark_lines_on_white(picture):
    """Flat parts are white, the rim is dark, and no colour is left."""
    result = line_art(picture, 3, np.random.default_rng(1))

    assert result[20, 30].tolist() == [255, 255, 255]
    assert result.min() < 100
    assert np.array_equal(result[..., 0], result[..., 2])


def test_hue_three_turns_red_into_cyan():
    """Half of the circle away."""
    red = np.full((4, 4, 3), (255, 0, 0), dtype=np.uint8)

    assert (0, 255, 255) == pytest.approx(hue(red, 3, np.random.default_rng(1))[0, 0], abs=6)


def test_occlusion_covers_a_quarter(picture):
    """Strength 2 hides 25 % of the area and nothing else."""
    is_hidden = (occlusion(picture, 2, np.random.default_rng(3)) != picture).any(axis=-1)

    assert 0.25 == pytest.approx(is_hidden.mean(), abs=0.01)


def test_pixelate_leaves_few_colours(picture):
    """Blocks of ten pixels: at most 4 x 6 of them."""
    result = pixelate(picture, 3, np.random.default_rng(1))

    assert len(np.unique(result.reshape(-1, 3), axis=0)) <= 24


def test_framings():
    """A flip twice is no flip; the crop is the middle square, 7/8 of the shorter side."""
    picture = np.arange(40 * 60 * 3, dtype=np.int64).astype(np.uint8).reshape(40, 60, 3)

    assert np.array_equal(picture, FRAMINGS["flip"](FRAMINGS["flip"](picture)))
    assert np.array_equal(picture[2:37, 12:47], centre_crop(picture))
    assert (1, 1, 3) == centre_crop(picture[:1, :1]).shape
