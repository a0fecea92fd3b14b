"""Random views of a batch, and the one view that is judged."""

import pytest
import torch
from torch import Generator, Tensor

from pipeline.dataset.transforms import (
    MAX_ASPECT,
    cut,
    draw_crops,
    eval_view,
    flip,
    jitter_colours,
    normalise,
    to_unit_range,
    train_view,
)
from pipeline.params import Train

CALM = Train(crop_min_area=1, flip_probability=0, colour_jitter=0)


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

    assert torch.allclose(x_BCPP, jitter_colours(x_BCPP, amount=0, generator=generator()))


def test_jitter_recolours_every_picture_its_own_way(images_BPPC: Tensor) -> None:
    """Each picture changes, all stay in [0, 1], and equal pictures come out different."""
    x_BCPP = to_unit_range(images_BPPC[:1]).expand(8, -1, -1, -1)

    y_BCPP = jitter_colours(x_BCPP, amount=0.4, generator=generator())

    assert 0 <= y_BCPP.min() < y_BCPP.max() <= 1
    assert 8 == len({tuple(each.flatten().tolist()) for each in y_BCPP})
    assert not any(torch.allclose(x, y, atol=0.01) for x, y in zip(x_BCPP, y_BCPP, strict=True))


def test_a_view_depends_on_its_generator_alone(images_BPPC: Tensor) -> None:
    """The same seed gives the same view, another seed another."""
    first, again, other = (
        train_view(images_BPPC, size_px=24, train=Train(), generator=generator(seed))
        for seed in (1, 1, 2)
    )

    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert (8, 3, 24, 24) == first.shape


def test_without_strength_nothing_is_random(images_BPPC: Tensor) -> None:
    """Area 1, flip 0 and jitter 0 give one view, whatever the seed, and the picture itself."""
    one, two = (
        train_view(images_BPPC, size_px=40, train=CALM, generator=generator(seed))
        for seed in (1, 2)
    )

    assert torch.equal(one, two)
    assert torch.allclose(to_unit_range(images_BPPC), one, atol=1e-5)


def test_the_judged_view_is_deterministic(images_BPPC: Tensor) -> None:
    """Two calls give the same pixels, and torch's global generator plays no part."""
    torch.manual_seed(1)
    first = eval_view(images_BPPC, size_px=24)
    torch.manual_seed(2)

    assert torch.equal(first, eval_view(images_BPPC, size_px=24))


def test_the_judged_view_averages() -> None:
    """A fine checkerboard shrinks to grey: no pixel is skipped."""
    board_BPPC = (torch.arange(64)[:, None] + torch.arange(64)).remainder(2).mul(255)
    board_BPPC = board_BPPC.to(torch.uint8)[None, :, :, None].expand(1, -1, -1, 3)

    x_BCSS = eval_view(board_BPPC, size_px=16)

    assert torch.allclose(torch.full_like(x_BCSS, 0.5), x_BCSS, atol=0.02)


def test_normalise_shifts_and_scales_each_colour() -> None:
    """(x - mean) / std, colour by colour."""
    x_BCSS = torch.tensor([0.5, 0.75, 1.0]).view(1, 3, 1, 1)

    normal = normalise(x_BCSS, mean=(0.5, 0.25, 0.0), std=(0.5, 0.25, 2.0))

    assert [0.0, 2.0, 0.5] == normal.flatten().tolist()
