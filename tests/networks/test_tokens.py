"""How a picture becomes tokens."""

import pytest
import torch
from torch import Tensor, nn

from pipeline.networks.parts.tokens import STEMS, LinearStem, tokens_in_row

SIZES_PX = (4, 8, 16, 32)


def make_stem(kind: str, *, token_px: int) -> nn.Module:
    """Make a stem of 16 numbers a token, in evaluation mode; its norms shift what is zero."""
    torch.manual_seed(7)
    stem = STEMS[kind](16, token_px=token_px)
    for layer in stem.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.bias)
    return stem.eval()


def noise(num: int, side_px: int) -> Tensor:
    """Draw pictures."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(num, 3, side_px, side_px, generator=generator)


@pytest.mark.parametrize("kind", STEMS)
@pytest.mark.parametrize("token_px", SIZES_PX)
@pytest.mark.parametrize("side_px", [64, 50])
def test_every_square_is_a_token(kind: str, token_px: int, side_px: int) -> None:
    """N = ceil(S / token_px)^2, also when the last squares reach beyond the edge."""
    tokens_BND = make_stem(kind, token_px=token_px)(noise(2, side_px))

    side = tokens_in_row(side_px, token_px=token_px)
    assert (2, side * side, 16) == tokens_BND.shape


@pytest.mark.parametrize("kind", STEMS)
def test_tokens_go_row_by_row(kind: str) -> None:
    """The second token of four is the upper right square."""
    stem = make_stem(kind, token_px=16)
    before = noise(1, 32)
    after = before.clone()
    after[:, :, 0, 31] += 1

    changed_N = (stem(after) != stem(before)).any(dim=2)[0]

    assert [False, True, False, False] == changed_N.tolist()


def test_a_linear_token_is_one_map_of_its_px() -> None:
    """The px of a square, one after another, times a matrix, plus a bias."""
    stem = make_stem("linear", token_px=8)
    assert isinstance(stem, LinearStem)
    x_BCSS = noise(1, 16)

    expected_D = stem.map.weight.flatten(1) @ x_BCSS[0, :, :8, 8:].flatten() + stem.map.bias

    assert torch.allclose(expected_D, stem(x_BCSS)[0, 1], atol=1e-5)


@pytest.mark.parametrize("kind", STEMS)
@pytest.mark.parametrize("token_px", SIZES_PX)
def test_padding_never_changes_a_token(kind: str, token_px: int) -> None:
    """In a square three times as large a picture has the tokens that it has alone.

    And the tokens outside are zero.
    """
    stem = make_stem(kind, token_px=token_px)
    picture = noise(2, 32)
    padded, mask_B1SS = torch.zeros(2, 3, 96, 96), torch.zeros(2, 1, 96, 96)
    padded[:, :, :32, :32], mask_B1SS[:, :, :32, :32] = picture, 1

    alone_BND = stem(picture)
    side, inside = 96 // token_px, 32 // token_px
    tokens_BHWD = stem(padded, mask_B1SS).view(2, side, side, 16)

    here = tokens_BHWD[:, :inside, :inside].flatten(1, 2)
    assert torch.allclose(alone_BND, here, atol=1e-6)
    assert not tokens_BHWD[:, inside:].any()
    assert not tokens_BHWD[:, :, inside:].any()


def test_a_token_of_the_conv_stem_looks_back_only() -> None:
    """It sees beyond its square to the left and above, never to the right or below."""
    stem = make_stem("conv", token_px=16)
    x_BCSS = noise(1, 64).requires_grad_()

    (gradient_BCSS,) = torch.autograd.grad(stem(x_BCSS)[0, 5].sum(), x_BCSS)  # row 1, column 1

    rows, columns = gradient_BCSS[0].abs().sum(dim=0).nonzero(as_tuple=True)
    assert (31, 31) == (rows.max(), columns.max())
    assert rows.min() < 16
    assert columns.min() < 16
