"""Attention: the formula, its fused kernel, and the layers made of it."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from pipeline.networks.parts.attention import (
    Attention,
    DecoderLayer,
    EncoderLayer,
    Layers,
    attend,
    attend_fused,
    attention_weights,
)


def noise(*shape: int, seed: int = 1) -> Tensor:
    """Draw numbers that need a gradient."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator).requires_grad_()


def masks() -> dict[str, Tensor | None]:
    """Give nobody's, everybody's and each pair's limits: 2 pictures, 5 queries, 7 keys."""
    keys = torch.arange(7) < torch.tensor([[7], [3]])
    return {
        "none": None,
        "keys": keys[:, None, None],
        "pairs": torch.ones(5, 7, dtype=torch.bool).tril(),
    }


@pytest.mark.parametrize("mask", masks())
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("value_dim", [4, 6])
def test_the_fused_kernel_is_the_formula(mask: str, value_dim: int, *, scale: bool) -> None:
    """softmax(Q K^T / sqrt(d_k)) V as it is read and as it is trained: values and gradients."""
    results = []
    for function in (attend, attend_fused):
        inputs = noise(2, 3, 5, 4), noise(2, 3, 7, 4, seed=2), noise(2, 3, 7, value_dim, seed=3)
        answer = function(*inputs, mask=masks()[mask], scale=scale)
        answer.square().sum().backward()
        results.append([answer, *(each.grad for each in inputs)])

    assert (2, 3, 5, value_dim) == results[0][0].shape
    for expected, actual in zip(*results, strict=True):
        assert torch.allclose(expected, actual, atol=1e-4)


def test_the_formula_by_hand() -> None:
    """One query of two numbers, two keys, and the average of their values."""
    query, key = torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0, 5.0], [0.0, 9.0]])
    value = torch.tensor([[10.0], [20.0]])

    first = math.exp(2 / math.sqrt(2))
    expected = (10 * first + 20 * 1) / (first + 1)
    assert expected == pytest.approx(attend(query, key, value).item())


def test_weights_are_shares() -> None:
    """What a query listens to sums to 1, and to what is masked it does not listen."""
    mask = torch.tensor([True, True, False])

    weights = attention_weights(noise(4, 2), noise(3, 2, seed=2), mask=mask)

    assert torch.allclose(torch.ones(4), weights.sum(dim=1))
    assert not weights[:, 2].any()


def test_the_division_keeps_the_softmax_soft() -> None:
    """Without it, queries of 256 numbers listen to almost one key only."""
    query, key = noise(8, 256), noise(8, 256, seed=2)

    hard, soft = (attention_weights(query, key, scale=scale) for scale in (False, True))

    assert hard.max(dim=1).values.mean() > 0.9
    assert soft.max(dim=1).values.mean() < 0.6


def test_heads_are_projected_side_by_side() -> None:
    """A module of three heads is three formulas, and a projection back to the width."""
    torch.manual_seed(7)
    attention = Attention(12, heads=3, query_dim=5, value_dim=2)
    x_BND = noise(2, 5, 12)

    answers = []
    for head in range(3):
        query, key = (
            layer(x_BND)[..., 5 * head : 5 * head + 5] for layer in (attention.query, attention.key)
        )
        answers.append(attend(query, key, attention.value(x_BND)[..., 2 * head : 2 * head + 2]))
    expected_BND = attention.project(torch.cat(answers, dim=2))

    assert torch.allclose(expected_BND, attention(x_BND), atol=1e-6)


def test_the_weights_are_those_of_the_answer() -> None:
    """What is drawn is what the answer was averaged by."""
    torch.manual_seed(7)
    attention = Attention(8, heads=1, memory_width=6)
    x_BND, memory_BMD = noise(2, 3, 8), noise(2, 4, 6, seed=2)

    weights_BHNM = attention.weights(x_BND, memory_BMD)

    averaged = weights_BHNM[:, 0] @ attention.value(memory_BMD)
    assert torch.allclose(attention.project(averaged), attention(x_BND, memory_BMD), atol=1e-6)


def test_a_token_changes_with_its_neighbours() -> None:
    """The same token gives another output when another token changes."""
    torch.manual_seed(7)
    attention = Attention(8, heads=2)
    x_BND = noise(1, 4, 8)
    other_BND = x_BND.detach().clone()
    other_BND[:, 3] += 1

    assert not torch.allclose(attention(x_BND)[:, 0], attention(other_BND)[:, 0], atol=1e-4)


def test_feed_forward_acts_on_each_token_alone() -> None:
    """Without attention a token's output depends on that token only."""
    layer = EncoderLayer(8, heads=2)
    x_BND = noise(1, 4, 8)

    alone = layer.feed_forward(x_BND[:, :1])

    assert torch.allclose(alone, layer.feed_forward(x_BND)[:, :1], atol=1e-6)


def layers_of(kind: str) -> tuple[Layers, list[Tensor], dict[str, Tensor]]:
    """Make two layers, what they read and who may look at whom."""
    torch.manual_seed(7)
    if kind == "encoder":
        layers = Layers(EncoderLayer(8, heads=2) for _ in range(2))
        return layers, [noise(2, 5, 8)], {"mask": (torch.arange(5) < 3)[None]}
    layers = Layers(DecoderLayer(8, heads=2, memory_width=6) for _ in range(2))
    inputs = [noise(2, 5, 8), noise(2, 7, 6, seed=2)]
    return layers, inputs, {"memory_mask": (torch.arange(7) < 4)[None]}


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_computing_twice_gives_the_same(kind: str) -> None:
    """Layers that are not stored give the same output and the same gradients."""
    results: list[list[Any]] = []
    for is_checkpointed in (False, True):
        layers, inputs, limits = layers_of(kind)
        layers.is_checkpointed = is_checkpointed
        output = layers(*inputs, **limits)
        output.square().sum().backward()
        results.append([output, *(each.grad for each in [*inputs, *layers.parameters()])])

    for expected, actual in zip(*results, strict=True):
        assert torch.equal(expected, actual)


def test_what_is_masked_changes_nothing() -> None:
    """A token of the memory that is masked can be anything."""
    layers, (x_BND, memory_BMD), limits = layers_of("decoder")
    other_BMD = memory_BMD.detach().clone()
    other_BMD[:, 4:] = 100

    expected = layers(x_BND, memory_BMD, **limits)

    assert torch.equal(expected, layers(x_BND, other_BMD, **limits))
