"""The Vision Transformer."""

import math
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from pipeline.networks import build_network
from pipeline.networks.vit import SelfAttention, VisionTransformer, sine_table


def generator() -> torch.Generator:
    """Make a fresh generator."""
    return torch.Generator().manual_seed(1)


def change_by_shuffling(small: Any, position: str) -> float:
    """Shuffle the tokens of a picture; give the largest change of a logit."""
    torch.manual_seed(7)
    module = build_network(small("vit", position=position, image_size_px=64), num_classes=3)
    assert isinstance(module, VisionTransformer)
    tokens_BND = torch.randn(2, 16, 32, generator=generator())
    shuffled_BND = tokens_BND[:, torch.randperm(16, generator=generator())]
    changes_BK = module.classify(tokens_BND) - module.classify(shuffled_BND)
    return changes_BK.abs().max().item()


def test_without_position_order_means_nothing(small: Any) -> None:
    """Attention alone reads a bag of patches: any order gives the same logits."""
    assert change_by_shuffling(small, "none") < 1e-5


@pytest.mark.parametrize("position", ["learned", "sine"])
def test_with_position_order_counts(small: Any, position: str) -> None:
    """A picture with its patches shuffled is another picture."""
    assert change_by_shuffling(small, position) > 1e-3


def test_attention_is_the_formula() -> None:
    """The fused kernel gives softmax(Q K^T / sqrt(d_k)) V of each head, projected."""
    torch.manual_seed(7)
    attention = SelfAttention(12, heads=3)
    x_BND = torch.randn(2, 5, 12, generator=generator())

    answers = []
    query, key, value = attention.query_key_value(x_BND).chunk(3, dim=2)
    for head in range(3):
        q, k, v = (each[..., 4 * head : 4 * head + 4] for each in (query, key, value))
        weights_BNN = (q @ k.transpose(1, 2) / math.sqrt(4)).softmax(dim=-1)
        answers.append(weights_BNN @ v)
    expected_BND = attention.project(torch.cat(answers, dim=2))

    assert torch.allclose(expected_BND, attention(x_BND), atol=1e-6)


def test_a_token_changes_with_its_neighbours() -> None:
    """The same token gives another output when another token changes."""
    torch.manual_seed(7)
    attention = SelfAttention(8, heads=2)
    x_BND = torch.randn(1, 4, 8, generator=generator())
    other_BND = x_BND.clone()
    other_BND[:, 3] += 1

    assert not torch.allclose(attention(x_BND)[:, 0], attention(other_BND)[:, 0], atol=1e-4)


def test_every_place_has_its_own_sines() -> None:
    """No two of 36 places are described alike, and all numbers are in [-1, 1]."""
    table_ND = sine_table(32, side=6)

    distances_NN = torch.cdist(table_ND, table_ND) + 9 * torch.eye(36)
    assert (36, 32) == table_ND.shape
    assert table_ND.abs().max() <= 1
    assert distances_NN.min() > 0.1


def test_rows_and_columns_are_told_apart() -> None:
    """The first half of a vector tells the row, the second the column."""
    table_HWD = sine_table(8, side=3).view(3, 3, 8)

    assert torch.equal(table_HWD[1, 0, :4], table_HWD[1, 2, :4])
    assert torch.equal(table_HWD[0, 1, 4:], table_HWD[2, 1, 4:])
    assert torch.equal(table_HWD[2, 0, :4], table_HWD[0, 2, 4:])


def test_sines_are_no_parameters(small: Any) -> None:
    """A fixed table is neither learned nor saved."""
    module = build_network(small("vit", position="sine"), num_classes=3)

    assert not [name for name in module.state_dict() if name.startswith("position")]


def test_heads_must_divide_the_width(small: Any) -> None:
    """Each head gets the same whole number of a token's numbers."""
    with pytest.raises(ValidationError, match=r"heads \(=3\) must divide width \(=32\)"):
        small("vit", heads=3)


def test_any_size_of_picture_has_tokens(small: Any) -> None:
    """A side that is no multiple of 16 px still fits its table of places."""
    module = build_network(small("vit", image_size_px=50), num_classes=3)

    assert (1, 3) == module(torch.zeros(1, 3, 50, 50)).shape
