"""What a network costs and how far it sees."""

from importlib import import_module
from typing import Any

import pytest
import timm
import torch
import torch.nn.functional as F  # noqa: N812
from pydantic import TypeAdapter
from torch import Tensor, nn

from pipeline.networks import build_network, count_parameters
from pipeline.networks.parts.convolution import conv_norm
from pipeline.networks.parts.cost import (
    centre_gradient,
    count_macs,
    effective_receptive_field_px,
    facts_about,
    receptive_field_px,
    stride_px,
)
from pipeline.params import AnyNetwork

CLASSES = ("ariel", "elsa", "merida")


class Attention(nn.Module):
    """Attention of 5 queries to 7 keys of 4 numbers with values of 6, in 2 heads."""

    def __init__(self, *, is_fused: bool) -> None:
        super().__init__()
        self.is_fused = is_fused

    def forward(self, x_BCSS: Tensor) -> Tensor:
        """Ignore the picture."""
        B = len(x_BCSS)
        query, key = torch.ones(B, 2, 5, 4), torch.ones(B, 2, 7, 4)
        value = torch.ones(B, 2, 7, 6)
        if self.is_fused:
            return F.scaled_dot_product_attention(query, key, value)
        return (query @ key.transpose(2, 3)).softmax(dim=-1) @ value


class Sequence(nn.Module):
    """A recurrent layer that reads 9 tokens of 5 numbers."""

    def __init__(self, fused: nn.Module) -> None:
        super().__init__()
        self.fused = fused

    def forward(self, x_BCSS: Tensor) -> Tensor:
        """Ignore the picture."""
        states_BND: Tensor = self.fused(torch.ones(len(x_BCSS), 9, 5))[0]
        return states_BND


@pytest.mark.parametrize(
    ("module", "macs"),
    [
        (nn.Conv2d(3, 8, 3, stride=2, padding=1), 4 * 4 * 8 * (3 * 9)),
        (nn.Conv2d(3, 6, 5, padding=2, groups=3), 8 * 8 * 6 * 25),
        (nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 10)), 10 * 3 * 8 * 8),
        (nn.Sequential(nn.BatchNorm2d(3), nn.ReLU()), 0),
        (Attention(is_fused=True), 2 * 5 * 7 * (4 + 6)),
        (Attention(is_fused=False), 2 * 5 * 7 * (4 + 6)),
        (Sequence(nn.RNN(5, 4, batch_first=True)), 9 * 4 * (5 + 4)),
        (Sequence(nn.GRU(5, 4, batch_first=True)), 9 * 3 * 4 * (5 + 4)),
        (Sequence(nn.LSTM(5, 4, batch_first=True)), 9 * 4 * 4 * (5 + 4)),
        (
            Sequence(nn.LSTM(5, 4, num_layers=2, bidirectional=True, batch_first=True)),
            9 * 2 * 4 * 4 * ((5 + 4) + (8 + 4)),
        ),
    ],
)
def test_multiply_adds_are_counted(module: nn.Module, macs: int) -> None:
    """As by hand, for every kind of layer, and twice as many for two pictures."""
    assert macs == count_macs(module, torch.zeros(1, 3, 8, 8))
    assert 2 * macs == count_macs(module, torch.zeros(2, 3, 8, 8))


@pytest.mark.parametrize(
    ("model", "giga_macs"), [("resnet18", 1.82), ("vit_tiny_patch16_224", 1.26)]
)
def test_known_networks_cost_what_is_known(model: str, giga_macs: float) -> None:
    """At 224 px, as timm's own tables have them; of the ViT with its attention."""
    module = timm.create_model(model)

    assert giga_macs == pytest.approx(
        count_macs(module, torch.zeros(1, 3, 224, 224)) / 1e9, abs=0.01
    )


def test_a_whole_network_is_counted_by_hand(small: Any) -> None:
    """The cost of a small GRU: two convolutions of the stem, three gates, the read-out."""
    spec = small("gru", token_px=4, width=8, hidden=4, bidirectional=False)
    module = build_network(spec, classes=CLASSES)

    stem = 16 * 16 * 4 * (3 * 9) + 8 * 8 * 8 * (4 * 9)
    assert stem + 64 * 3 * 4 * (8 + 4) + 3 * 4 == count_macs(module, torch.zeros(1, 3, 32, 32))


@pytest.mark.parametrize("arch", ["rnn", "lstm", "gru", "renet"])
def test_docstrings_tell_the_cost(arch: str) -> None:
    """What the head of the file says of the defaults is what is counted."""
    spec = TypeAdapter(AnyNetwork).validate_python({"arch": arch})
    module = build_network(spec, classes=("a", "b", "c", "d", "e", "f"))

    parameters = f"{count_parameters(module) / 1e6:.2f} M parameters"
    macs = f"{count_macs(module, torch.zeros(1, 3, 96, 96)) / 1e6:.0f} M multiply-adds"
    assert f"{parameters}, {macs}" in str(import_module(f"pipeline.networks.{arch}").__doc__)


def test_counting_leaves_a_network_as_it_was(small: Any) -> None:
    """Training goes on in its mode, with its running statistics."""
    module = build_network(small("cnn"), classes=CLASSES).train()
    before = {name: each.clone() for name, each in module.state_dict().items()}

    count_macs(module, torch.ones(1, 3, 32, 32))

    assert module.training
    assert all(torch.equal(before[name], each) for name, each in module.state_dict().items())


@pytest.mark.parametrize(
    ("layers", "side_px", "step_px"),
    [
        ([(3, 1)], 3, 1),
        ([(3, 1), (3, 1)], 5, 1),  # two of 3 x 3 see what one of 5 x 5 sees
        ([(3, 2), (3, 2)], 7, 4),
        ([(3, 2), (1, 1), (5, 2), (11, 1)], 3 + 4 * 2 + 10 * 4, 4),
    ],
)
def test_the_receptive_field_follows_from_kernels_and_strides(
    layers: list[tuple[int, int]], side_px: int, step_px: int
) -> None:
    """R = 1 + sum (k - 1) times the strides before."""
    chain = nn.Sequential(*(nn.Conv2d(3, 3, k, stride=s) for k, s in layers))

    assert (side_px, step_px) == (receptive_field_px(chain), stride_px(chain))


def test_the_receptive_field_is_where_the_gradient_is() -> None:
    """The px that can move the middle of the map fill the square of the formula."""
    torch.manual_seed(7)
    chain = nn.Sequential(*(conv_norm(3, 3, kernel_size=3, stride=s) for s in (2, 1, 2)))

    seen_SS = centre_gradient(chain, image_size_px=64).nonzero()

    side_px = receptive_field_px(chain)
    assert [side_px, side_px] == (seen_SS.amax(dim=0) - seen_SS.amin(dim=0) + 1).tolist()
    assert 32 == (seen_SS.amax() + seen_SS.amin()) / 2


def test_the_effective_field_holds_most_of_the_gradient() -> None:
    """Of a mean over 5 x 5 px a square of 3 x 3 holds 9 of 25 parts."""
    mean = nn.Conv2d(3, 1, 5, padding=2)
    nn.init.ones_(mean.weight)
    sides = [
        effective_receptive_field_px(mean, image_size_px=15, fraction=fraction)
        for fraction in (0.03, 0.35, 0.37, 1.0)
    ]

    assert [1, 3, 5, 5] == sides


def test_what_is_seen_is_less_than_what_can_be_seen() -> None:
    """Many layers reach the middle on many paths and the rim on one."""
    torch.manual_seed(7)
    chain = nn.Sequential(*(conv_norm(3 if not i else 8, 8, kernel_size=3) for i in range(8)))

    assert 17 == receptive_field_px(chain)
    assert 5 <= effective_receptive_field_px(chain, image_size_px=33) <= 13


def test_the_gradient_is_the_same_twice() -> None:
    """The noise that is looked at is fixed, and no gradient is left behind."""
    torch.manual_seed(7)
    chain = conv_norm(3, 3, kernel_size=3)

    one, two = (centre_gradient(chain, image_size_px=9) for _ in range(2))

    assert torch.equal(one, two)
    assert all(each.grad is None for each in chain.parameters())


def test_facts_are_those_of_the_kind_of_network() -> None:
    """Every network has a cost; only a CNN has a field that it sees."""
    specs: list[dict[str, Any]] = [
        {"arch": "cnn", "kernel_size": 3, "width": 8, "image_size_px": 32},
        {"arch": "gru", "width": 16, "hidden": 8, "image_size_px": 32},
    ]
    cnn, gru = (
        facts_about(
            build_network(TypeAdapter(AnyNetwork).validate_python(spec), classes=CLASSES),
            image_size_px=32,
        )
        for spec in specs
    )

    assert 103 == cnn["receptive_field_px"]
    assert cnn["effective_receptive_field_px"] <= 63
    assert {"macs"} == gru.keys()
    assert min(cnn["macs"], gru["macs"]) > 0
