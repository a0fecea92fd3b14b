"""Pictures made of two."""

import pytest
import torch
from torch import Generator

from pipeline.dataset.mixing import Mix, draw_mix, mix_pictures, mix_targets
from pipeline.params import Train


def generator(seed: int = 7) -> Generator:
    """Make a fresh generator."""
    return torch.Generator().manual_seed(seed)


def draw(num: int = 200, *, seed: int = 7, **train: float) -> Mix:
    """Plan a batch that is mixed."""
    mix = draw_mix(num, train=Train(**train), generator=generator(seed))
    assert mix is not None
    return mix


def test_alpha_0_never_mixes() -> None:
    """Without either kind there is no plan, whatever the seed."""
    train = Train(mixup_alpha=0, cutmix_alpha=0)

    assert {None} == {draw_mix(8, train=train, generator=generator(n)) for n in range(50)}


def test_one_kind_alone_always_is_that_kind() -> None:
    """Of 50 batches all are blended, or all are pasted."""
    blended = [draw(8, seed=seed, mixup_alpha=0.2) for seed in range(50)]
    pasted = [draw(8, seed=seed, cutmix_alpha=0.2) for seed in range(50)]

    assert all(each.boxes_B4 is None for each in blended)
    assert all(each.boxes_B4 is not None for each in pasted)


def test_a_coin_decides_between_both() -> None:
    """Of 200 batches about half are blended (five standard deviations are 35)."""
    kinds = [draw(2, seed=n, mixup_alpha=1, cutmix_alpha=1).boxes_B4 is None for n in range(200)]

    assert 65 < sum(kinds) < 135


@pytest.mark.parametrize("kind", ["mixup_alpha", "cutmix_alpha"])
def test_every_picture_is_a_partner_once(kind: str) -> None:
    """No picture is used more than another, and all shares are in [0, 1]."""
    mix = draw(**{kind: 0.8})

    assert list(range(200)) == sorted(mix.partners_B.tolist())
    assert 0 <= mix.shares_B.min() < mix.shares_B.max() <= 1


def test_shares_match_the_pasted_area() -> None:
    """The share of a picture is the part of its pixels that is left, to one row of pixels."""
    mix = draw(cutmix_alpha=1)

    x_BCSS = mix_pictures(torch.ones(200, 1, 64, 64), torch.zeros(200, 1, 64, 64), mix)

    left_B = x_BCSS.mean(dim=(1, 2, 3))
    assert torch.allclose(mix.shares_B, left_B, atol=2 / 64)
    assert (left_B < 0.9).any()


def test_targets_sum_to_1() -> None:
    """Labels stay whole, however they are mixed."""
    eye_KK = torch.eye(5)[torch.arange(200) % 5]
    for alphas in ({"mixup_alpha": 0.3}, {"cutmix_alpha": 0.3}):
        mix = draw(**alphas)

        mixed_BK = mix_targets(eye_KK, eye_KK[mix.partners_B], mix)

        assert torch.allclose(torch.ones(200), mixed_BK.sum(dim=1))
        assert 0 <= mixed_BK.min()


def test_a_blend_by_hand() -> None:
    """A quarter of itself and three quarters of its partner, pixels and labels alike."""
    mix = Mix(torch.tensor([0]), torch.tensor([0.25]), None)
    own, partner = (
        torch.tensor([[[[0.0, 4.0], [8.0, 2.0]]]]),
        torch.tensor([[[[4.0, 4.0], [0, 2]]]]),
    )

    assert [[3.0, 4.0], [2.0, 2.0]] == mix_pictures(own, partner, mix)[0, 0].tolist()
    assert [[0.25, 0.75]] == mix_targets(torch.eye(2)[:1], torch.eye(2)[1:], mix).tolist()


def test_a_patch_by_hand() -> None:
    """Of 2 x 2 pixels the one at the right of the top row is pasted: box is x, y, x, y."""
    mix = Mix(torch.tensor([0]), torch.tensor([0.75]), torch.tensor([[0.5, 0.0, 1.0, 0.5]]))
    own, partner = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), torch.tensor([[[[5.0, 6], [7, 8]]]])

    assert [[1.0, 6.0], [3.0, 4.0]] == mix_pictures(own, partner, mix)[0, 0].tolist()
    assert [[0.75, 0.25]] == mix_targets(torch.eye(2)[:1], torch.eye(2)[1:], mix).tolist()


def test_a_part_of_a_plan_is_that_of_the_whole() -> None:
    """Plans of some pictures are taken without changing them."""
    mix, chosen = draw(8, cutmix_alpha=1), torch.tensor([5, 2])

    part = mix.take(chosen)

    assert mix.partners_B[chosen].tolist() == part.partners_B.tolist()
    assert mix.shares_B[chosen].tolist() == part.shares_B.tolist()
    assert part.boxes_B4 is not None
    assert mix.boxes_B4 is not None
    assert mix.boxes_B4[chosen].tolist() == part.boxes_B4.tolist()
    assert draw(8, mixup_alpha=1).take(chosen).boxes_B4 is None
