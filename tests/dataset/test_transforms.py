"""Random views of a batch, and the one view that is judged."""

from typing import Any

import pytest
import torch
from torch import Generator, Tensor

from pipeline.dataset.transforms import (
    MAX_ASPECT,
    Draws,
    cut,
    draw_crops,
    draw_factors,
    draw_views,
    eval_view,
    flip,
    jitter_colours,
    native_sizes,
    normalise,
    to_unit_range,
    train_view,
)
from pipeline.params import Train, View

CALM = Train(crop_min_area=1, flip_probability=0, colour_jitter=0)
PLAIN: dict[str, Any] = {"mean": (0, 0, 0), "std": (1, 1, 1)}  # pictures stay in [0, 1]
RED, BLUE, GREY = (255, 0, 0), (0, 0, 255), (128, 128, 128)


def generator(seed: int = 7) -> Generator:
    """Make a fresh generator."""
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images_BPPC() -> Tensor:
    """Draw eight noisy squares of 40 px."""
    return torch.randint(0, 256, (8, 40, 40, 3), dtype=torch.uint8, generator=generator(1))


def test_probability_0_never_mirrors() -> None:
    """Of 1000 crops none is touched."""
    crops_B23 = draw_crops(1000, min_area=0.5, generator=generator())

    assert torch.equal(crops_B23, flip(crops_B23, probability=0, generator=generator()))


def test_probability_1_always_mirrors(images_BPPC: Tensor) -> None:
    """Every picture comes out with left and right exchanged."""
    x_BCPP = to_unit_range(images_BPPC)
    whole_B23 = draw_crops(8, min_area=1, generator=generator())

    mirrored_B23 = flip(whole_B23, probability=1, generator=generator())

    assert torch.allclose(x_BCPP.flip(3), cut(x_BCPP, mirrored_B23, size_px=40), atol=1e-5)


def test_probability_a_half_mirrors_half() -> None:
    """Of 1000 crops about 500 are mirrored (five standard deviations are 79)."""
    crops_B23 = flip(
        draw_crops(1000, min_area=1, generator=generator()), probability=0.5, generator=generator(2)
    )

    assert 420 < (crops_B23[:, 0, 0] < 0).sum() < 580


def test_area_1_never_crops(images_BPPC: Tensor) -> None:
    """The whole picture comes out as it is."""
    x_BCPP = to_unit_range(images_BPPC)

    whole = cut(x_BCPP, draw_crops(8, min_area=1, generator=generator()), size_px=40)

    assert torch.allclose(x_BCPP, whole, atol=1e-5)


@pytest.mark.parametrize("min_area", [0.1, 0.5, 0.9])
def test_crops_lie_inside_and_are_large_enough(min_area: float) -> None:
    """No crop leaves the picture, is smaller than asked or more oblong than promised."""
    crops_B23 = draw_crops(2000, min_area=min_area, generator=generator())
    width_B, height_B = crops_B23[:, 0, 0], crops_B23[:, 1, 1]
    reach_B2 = crops_B23[:, :, 2].abs() + torch.stack([width_B, height_B], dim=1)

    assert reach_B2.max() <= 1 + 1e-6
    assert min_area - 1e-6 <= (width_B * height_B).min()
    assert (width_B * height_B).max() <= 1 + 1e-6
    assert (width_B / height_B).log().abs().max() <= torch.tensor(MAX_ASPECT).log() + 1e-6


def test_amount_0_never_recolours(images_BPPC: Tensor) -> None:
    """Without jitter the colours stay."""
    x_BCPP = to_unit_range(images_BPPC)
    factors_B3 = draw_factors(8, amount=0, generator=generator())

    assert torch.equal(torch.ones(8, 3), factors_B3)
    assert torch.allclose(x_BCPP, jitter_colours(x_BCPP, factors_B3))


def test_jitter_recolours_every_picture_its_own_way(images_BPPC: Tensor) -> None:
    """Each picture changes, all stay in [0, 1], and equal pictures come out different."""
    x_BCPP = to_unit_range(images_BPPC[:1]).expand(8, -1, -1, -1)

    y_BCPP = jitter_colours(x_BCPP, draw_factors(8, amount=0.4, generator=generator()))

    assert 0 <= y_BCPP.min() < y_BCPP.max() <= 1
    assert 8 == len({tuple(each.flatten().tolist()) for each in y_BCPP})
    assert not any(torch.allclose(x, y, atol=0.01) for x, y in zip(x_BCPP, y_BCPP, strict=True))


def test_factors_lie_around_1() -> None:
    """Of 3000 factors all are within the amount, and they reach to both ends of it."""
    factors_B3 = draw_factors(1000, amount=0.25, generator=generator())

    assert (1000, 3) == factors_B3.shape
    assert 0.75 <= factors_B3.min() < 0.76
    assert 1.24 < factors_B3.max() <= 1.25


def full(num: int, side_px: int = 40) -> Tensor:
    """Say of `num` pictures that they fill their squares."""
    return torch.full((num, 2), side_px)


def views(images_BPPC: Tensor, *, seed: int, train: Train, size_px: int = 24) -> Tensor:
    """Draw and make views of pictures that fill their squares."""
    draws = draw_views(len(images_BPPC), train=train, generator=generator(seed))
    view = View(image_size_px=size_px, **PLAIN)
    return train_view(images_BPPC, draws, content_B2=full(len(images_BPPC)), view=view)


def test_a_view_depends_on_its_generator_alone(images_BPPC: Tensor) -> None:
    """The same seed gives the same view, another seed another."""
    first, again, other = (views(images_BPPC, seed=seed, train=Train()) for seed in (1, 1, 2))

    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert (8, 3, 24, 24) == first.shape


def test_without_strength_nothing_is_random(images_BPPC: Tensor) -> None:
    """Area 1, flip 0 and jitter 0 give one view, whatever the seed, and the picture itself."""
    one, two = (views(images_BPPC, seed=seed, train=CALM, size_px=40) for seed in (1, 2))

    assert torch.equal(one, two)
    assert torch.allclose(to_unit_range(images_BPPC), one, atol=1e-5)


@pytest.mark.parametrize("resize", ["letterbox", "squash", "native"])
def test_a_part_of_a_batch_can_be_made_alone(images_BPPC: Tensor, resize: str) -> None:
    """Some pictures with their draws give the same rows as the whole batch."""
    content_B2 = torch.tensor([[40, 10 + 4 * index] for index in range(8)])
    view = View(image_size_px=24, resize=resize, multiple_px=4)
    draws = draw_views(8, train=Train(), generator=generator())
    chosen = torch.tensor([6, 1, 3])

    part = train_view(
        images_BPPC[chosen], draws.take(chosen), content_B2=content_B2[chosen], view=view
    )

    whole = train_view(images_BPPC, draws, content_B2=content_B2, view=view)
    assert isinstance(draws, Draws)
    assert torch.allclose(whole[chosen], part, atol=1e-6)


def letterboxed(width: int, height: int, *, side_px: int = 64) -> Tensor:
    """Draw one picture, its left half red and its right half blue, between grey bars."""
    pixels_PPC = torch.tensor(GREY, dtype=torch.uint8).expand(side_px, side_px, 3).clone()
    left, top = (side_px - width) // 2, (side_px - height) // 2
    pixels_PPC[top : top + height, left : left + width // 2] = torch.tensor(RED).byte()
    pixels_PPC[top : top + height, left + width // 2 : left + width] = torch.tensor(BLUE).byte()
    return pixels_PPC[None]


def both_views(images_BPPC: Tensor, *, content: tuple[int, int], view: View) -> list[Tensor]:
    """Make the judged view, and the training view without augmentation."""
    content_B2 = torch.tensor([content])
    draws = draw_views(1, train=CALM, generator=generator())
    return [
        eval_view(images_BPPC, content_B2=content_B2, view=view),
        train_view(images_BPPC, draws, content_B2=content_B2, view=view),
    ]


@pytest.mark.parametrize("size", [(64, 20), (20, 64), (64, 64), (63, 33)])
def test_squash_stretches_exactly_the_content(size: tuple[int, int]) -> None:
    """Of bars nothing is seen: one half is red, the other blue, up to the edges."""
    view = View(image_size_px=16, resize="squash", **PLAIN)

    for x_1CSS in both_views(letterboxed(*size), content=size, view=view):
        red_3, blue_3 = torch.tensor([1.0, 0, 0]), torch.tensor([0, 0, 1.0])
        assert (1, 3, 16, 16) == x_1CSS.shape
        assert torch.allclose(red_3.view(3, 1, 1).expand(3, 16, 6), x_1CSS[0, :, :, :6], atol=0.01)
        assert torch.allclose(
            blue_3.view(3, 1, 1).expand(3, 16, 6), x_1CSS[0, :, :, -6:], atol=0.01
        )


def test_squash_shows_no_bars_when_it_enlarges() -> None:
    """A thin strip that is stretched to four times its height has no grey at its edges."""
    view = View(image_size_px=64, resize="squash", **PLAIN)

    for x_1CSS in both_views(letterboxed(64, 16), content=(64, 16), view=view):
        assert x_1CSS[0, 1].max() < 1e-5  # red and blue have no green, grey has


@pytest.mark.parametrize("multiple_px", [1, 4, 8])
@pytest.mark.parametrize("size", [(64, 32), (32, 64), (64, 64), (64, 3), (50, 64)])
def test_native_keeps_proportions(size: tuple[int, int], multiple_px: int) -> None:
    """The longest side is S, both are multiples, and the shape is off by half of one at most."""
    view = View(image_size_px=32, resize="native", multiple_px=multiple_px)

    ((width, height),) = native_sizes(torch.tensor([size]), view=view).tolist()

    assert 32 == max(width, height)
    assert [0, 0] == [width % multiple_px, height % multiple_px]
    for side, content_px in zip((width, height), size, strict=True):
        asked = 32 * content_px / 64
        assert abs(side - asked) <= multiple_px / 2 or side == multiple_px


@pytest.mark.parametrize("size", [(64, 32), (32, 64), (64, 64)])
def test_native_lies_in_the_corner_with_its_mask(size: tuple[int, int]) -> None:
    """The mask is 1 exactly on the picture, and outside all four channels are 0."""
    view = View(image_size_px=32, resize="native", multiple_px=8)
    width, height = size[0] // 2, size[1] // 2
    mask_SS = torch.zeros(32, 32)
    mask_SS[:height, :width] = 1

    for x_1CSS in both_views(letterboxed(*size), content=size, view=view):
        assert (1, 4, 32, 32) == x_1CSS.shape
        assert torch.equal(mask_SS, x_1CSS[0, 3])
        assert torch.equal(mask_SS.expand(4, 32, 32) != 0, x_1CSS[0] != 0)


@pytest.mark.parametrize("resize", ["letterbox", "squash", "native"])
def test_both_views_agree_without_augmentation(images_BPPC: Tensor, resize: str) -> None:
    """What is learned from is placed as what is judged: pixel for pixel at the same size."""
    view = View(image_size_px=40, resize=resize, multiple_px=8)
    content = (40, 40) if resize == "squash" else (40, 24)

    judged, learned = both_views(images_BPPC[:1], content=content, view=view)

    assert torch.allclose(judged, learned, atol=1e-5)


def test_native_keeps_the_proportions_of_a_crop() -> None:
    """A crop of half the width of a square gets half as wide a picture, mirrored or not."""
    crops_B23 = torch.tensor([[[0.5, 0, 0], [0, 1, 0]], [[-0.5, 0, 0], [0, 1, 0]]])
    draws = Draws(crops_B23, torch.ones(2, 3))
    view = View(image_size_px=32, resize="native", multiple_px=8, **PLAIN)
    images_BPPC = letterboxed(64, 64).expand(2, -1, -1, -1)

    plain_CSS, mirrored_CSS = train_view(images_BPPC, draws, content_B2=full(2, 64), view=view)

    assert 16 * 32 == plain_CSS[3].sum() == mirrored_CSS[3].sum()
    assert torch.allclose(plain_CSS[:3, :, :16].flip(2), mirrored_CSS[:3, :, :16], atol=1e-5)
    assert [1, 0, 0] == plain_CSS[:3, 0, 0].tolist()  # red is on the left


def test_the_judged_view_is_deterministic(images_BPPC: Tensor) -> None:
    """Two calls give the same pixels, and torch's global generator plays no part."""
    view = View(image_size_px=24)
    torch.manual_seed(1)
    first = eval_view(images_BPPC, content_B2=full(8), view=view)
    torch.manual_seed(2)

    assert torch.equal(first, eval_view(images_BPPC, content_B2=full(8), view=view))


def test_the_judged_view_averages() -> None:
    """A fine checkerboard shrinks to grey: no pixel is skipped."""
    board_BPPC = (torch.arange(64)[:, None] + torch.arange(64)).remainder(2).mul(255)
    board_BPPC = board_BPPC.to(torch.uint8)[None, :, :, None].expand(1, -1, -1, 3)

    x_BCSS = eval_view(board_BPPC, content_B2=full(1, 64), view=View(image_size_px=16, **PLAIN))

    assert torch.allclose(torch.full_like(x_BCSS, 0.5), x_BCSS, atol=0.02)


def test_normalise_shifts_and_scales_each_colour() -> None:
    """(x - mean) / std, colour by colour."""
    x_BCSS = torch.tensor([0.5, 0.75, 1.0]).view(1, 3, 1, 1)

    view = View(image_size_px=16, mean=(0.5, 0.25, 0.0), std=(0.5, 0.25, 2.0))

    normal = normalise(x_BCSS, view=view)

    assert [0.0, 2.0, 0.5] == normal.flatten().tolist()
