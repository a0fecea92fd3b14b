"""The Vision Transformer."""

from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from pipeline.networks import build_network, start_network
from pipeline.networks.vit import VisionTransformer

CLASSES = ("ariel", "elsa", "merida")
NATIVE = {"resize": "native", "image_size_px": 64}
POSITIONS = ["none", "learned", "sine_1d", "sine_2d"]
POOLS = ["class_token", "mean", "attention"]


def generator() -> torch.Generator:
    """Make a fresh generator."""
    return torch.Generator().manual_seed(1)


def build(spec: Any) -> VisionTransformer:
    """Build a network from a fixed seed, in evaluation mode."""
    torch.manual_seed(7)
    module = build_network(spec, classes=CLASSES).eval()
    assert isinstance(module, VisionTransformer)
    return module


def noise(*, width: int, height: int) -> Tensor:
    """Draw one normalised picture, (3, height, width)."""
    return torch.randn(3, height, width, generator=generator())


def on_canvas(picture_CHW: Tensor, *, side: int) -> Tensor:
    """Lay a picture into the upper left corner; the fourth channel says where it is."""
    _, height, width = picture_CHW.shape
    canvas_CSS = torch.zeros(4, side, side)
    canvas_CSS[:3, :height, :width] = picture_CHW
    canvas_CSS[3, :height, :width] = 1
    return canvas_CSS


def change_by_shuffling(spec: Any) -> float:
    """Shuffle the tokens of a picture; give the largest change of a logit."""
    module = build(spec)
    tokens_BND = torch.randn(2, 16, 32, generator=generator())
    shuffled_BND = tokens_BND[:, torch.randperm(16, generator=generator())]
    changes_BK = module.classify(tokens_BND) - module.classify(shuffled_BND)
    return changes_BK.abs().max().item()


@pytest.mark.parametrize("pool", POOLS)
def test_without_position_order_means_nothing(small: Any, pool: str) -> None:
    """Attention alone reads a bag of patches: any order gives the same logits."""
    assert change_by_shuffling(small("vit", position="none", pool=pool, image_size_px=64)) < 1e-5


@pytest.mark.parametrize("position", POSITIONS[1:])
def test_with_position_order_counts(small: Any, position: str) -> None:
    """A picture with its patches shuffled is another picture."""
    assert change_by_shuffling(small("vit", position=position, image_size_px=64)) > 1e-3


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("stem", ["conv", "linear"])
def test_padding_never_changes_a_logit(small: Any, stem: str, pool: str, position: str) -> None:
    """A picture says the same on a larger canvas, and in a batch beside a larger picture."""
    module = build(small("vit", stem=stem, pool=pool, position=position, **NATIVE))
    picture_CHW = noise(width=32, height=16)
    larger_CHW = noise(width=48, height=64)

    alone_K = module(on_canvas(picture_CHW, side=32)[None])[0]
    beside_K = module(
        torch.stack([on_canvas(larger_CHW, side=64), on_canvas(picture_CHW, side=64)])
    )[1]

    assert torch.allclose(alone_K, beside_K, rtol=0, atol=1e-5)


def test_letterboxed_padding_changes_logits(small: Any) -> None:
    """Without the mask the same canvas is another picture: the bars are read as well."""
    module = build(small("vit", image_size_px=64))
    picture_CHW = noise(width=32, height=16)

    small_K, large_K = (module(on_canvas(picture_CHW, side=side)[None, :3]) for side in (32, 64))

    assert (small_K - large_K).abs().max() > 1e-3


@pytest.mark.parametrize("stem", ["conv", "linear"])
def test_what_lies_outside_the_picture_is_not_seen(small: Any, stem: str) -> None:
    """The mask decides, whatever the colour of the bars: no gradient flows there."""
    module = build(small("vit", stem=stem, **NATIVE))
    x_BCSS = on_canvas(noise(width=32, height=48), side=64)[None].requires_grad_()

    module(x_BCSS).square().sum().backward()

    tokens_HW = x_BCSS.grad[0, :3].abs().amax(dim=0).unfold(0, 16, 16).unfold(1, 16, 16)
    seen_HW = tokens_HW.amax(dim=(2, 3)) > 0
    assert seen_HW[:3, :2].all()
    assert not seen_HW[3:].any()
    assert not seen_HW[:, 2:].any()


def test_a_token_is_picture_or_not(small: Any) -> None:
    """The mask of tokens follows the fourth channel, row by row."""
    module = build(small("vit", **NATIVE))

    mask_BN = module.token_mask(on_canvas(noise(width=32, height=16), side=64)[None])

    assert [[0, 1]] == [row.nonzero().flatten().tolist() for row in mask_BN]


def test_native_pictures_are_whole_tokens(small: Any, tmp_path: Any) -> None:
    """The loader is told to make width and height multiples of a token, and nobody else is."""
    views = [
        start_network(small("vit", token_px=8, resize=resize), classes=CLASSES, root=tmp_path).view
        for resize in ("native", "squash")
    ]

    assert [("native", 8), ("squash", 1)] == [(each.resize, each.multiple_px) for each in views]


def test_a_decoder_gets_a_token_for_each_square(small: Any) -> None:
    """The class token is not one of them."""
    module = build(small("vit", pool="class_token", image_size_px=64))

    assert (2, 16, module.token_width) == module.tokens(torch.zeros(2, 3, 64, 64)).shape


def test_values_may_have_a_dimension_of_their_own(small: Any) -> None:
    """Queries and keys share theirs; the output of a head has the values'."""
    module = build(small("vit", query_dim=6, key_dim=6, value_dim=10))

    attention = module.layers[0].attention
    shapes = [
        tuple(attention.get_submodule(name).weight.shape)
        for name in ("query", "key", "value", "project")
    ]
    assert [(12, 32), (12, 32), (20, 32), (32, 20)] == shapes


def test_queries_and_keys_must_meet(small: Any) -> None:
    """They are multiplied number by number, so they have the same number of them."""
    with pytest.raises(ValidationError, match=r"query_dim \(=6\) and key_dim \(=7\) must be equal"):
        small("vit", query_dim=6, key_dim=7)


def test_heads_must_divide_the_width(small: Any) -> None:
    """Each head gets the same whole number of a token's numbers."""
    with pytest.raises(ValidationError, match=r"heads \(=3\) must divide width \(=32\)"):
        small("vit", heads=3)


def test_any_size_of_picture_has_tokens(small: Any) -> None:
    """A side that is no multiple of 16 px still fits its table of places."""
    module = build(small("vit", image_size_px=50))

    assert (1, 3) == module(torch.zeros(1, 3, 50, 50)).shape
