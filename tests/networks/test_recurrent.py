"""Tokens read one after another."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pipeline.networks import build_network
from pipeline.networks.parts.recurrent import (
    LastState,
    RandomOrder,
    RecurrentClassifier,
    RecurrentLayer,
    init_recurrent,
)

CLASSES = ("ariel", "elsa", "merida")
NUM_TOKENS = 10


def make_layers(
    *, bidirectional: bool, num: int = 1, truncate_steps: int | None = None
) -> nn.Sequential:
    """Make recurrent layers of 4 numbers a token and 3 a state, from a fixed seed."""
    torch.manual_seed(7)
    width_out = 6 if bidirectional else 3
    return nn.Sequential(
        *(
            RecurrentLayer(
                width_out if layer else 4,
                make_fused=lambda width: nn.GRU(width, 3, batch_first=True, dtype=torch.float64),
                bidirectional=bidirectional,
                truncate_steps=truncate_steps,
            )
            for layer in range(num)
        )
    )


def draw_tokens() -> Tensor:
    """Draw ten tokens of two pictures."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, NUM_TOKENS, 4, generator=generator, dtype=torch.float64)


def seen_by(layers: nn.Module, place: int) -> list[int]:
    """List the tokens that the gradient of the state at a place reaches."""
    x_BND = draw_tokens().requires_grad_()
    (gradient_BND,) = torch.autograd.grad(layers(x_BND)[:, place].sum(), x_BND)
    return gradient_BND.abs().sum(dim=(0, 2)).nonzero().flatten().tolist()


def test_a_state_knows_what_was_before_it() -> None:
    """One way: the tokens up to its own. Both ways: all."""
    assert [0, 1, 2, 3, 4] == seen_by(make_layers(bidirectional=False), 4)
    assert list(range(10)) == seen_by(make_layers(bidirectional=True), 4)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(("steps", "block"), [(4, [8, 9]), (5, [5, 6, 7, 8, 9]), (1, [9])])
def test_gradients_stay_in_their_block(
    bidirectional: bool,  # noqa: FBT001
    steps: int,
    block: list[int],
) -> None:
    """Cut every k steps, the last state's gradient reaches the tokens of the last block alone."""
    layers = make_layers(bidirectional=bidirectional, num=2, truncate_steps=steps)

    assert block == seen_by(layers, 9)


def test_within_a_block_gradients_go_on_as_before() -> None:
    """One way, the third state of a block reaches the first, second and third token of it."""
    layers = make_layers(bidirectional=False, truncate_steps=4)

    assert [4, 5, 6] == seen_by(layers, 6)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("steps", [1, 3, 10, 99])
def test_truncation_changes_no_state(
    bidirectional: bool,  # noqa: FBT001
    steps: int,
) -> None:
    """What was read is carried on; only its gradient is cut."""
    whole = make_layers(bidirectional=bidirectional, num=2)
    cut = make_layers(bidirectional=bidirectional, num=2, truncate_steps=steps)

    assert torch.allclose(whole(draw_tokens()), cut(draw_tokens()), atol=1e-12)


def test_both_ways_are_torchs_own_both_ways() -> None:
    """Two modules of one way each give what torch's module of both gives."""
    layer = make_layers(bidirectional=True)[0]
    both = nn.GRU(4, 3, batch_first=True, bidirectional=True, dtype=torch.float64)
    assert isinstance(layer, RecurrentLayer)
    for way, suffix in zip(layer.ways, ("", "_reverse"), strict=True):
        for name, weight in way.named_parameters():
            both.get_parameter(name + suffix).data = weight.data

    assert torch.allclose(both(draw_tokens())[0], layer(draw_tokens()), atol=1e-12)


def test_the_last_state_has_read_everything() -> None:
    """Forwards it stands at the last token, backwards at the first."""
    states_BND = torch.arange(24.0).view(1, 6, 4)  # two numbers each way

    assert [[20.0, 21.0, 2.0, 3.0]] == LastState(2)(states_BND).tolist()
    assert [[20.0, 21.0]] == LastState(2)(states_BND[..., :2]).tolist()


def test_the_random_order_is_always_the_same(small: Any) -> None:
    """One shuffle, whatever the seed of the weights; and it is saved with them."""
    torch.manual_seed(1)
    one = build_network(small("lstm-deep"), classes=CLASSES).state_dict()["order.order_N"]
    torch.manual_seed(2)
    other = build_network(small("lstm-deep"), classes=CLASSES).state_dict()["order.order_N"]

    assert torch.equal(one, other)
    assert list(range(16)) == sorted(one.tolist()) != one.tolist()


def test_order_counts(small: Any) -> None:
    """The same tokens in another order are another picture."""
    torch.manual_seed(7)
    module = build_network(small("gru"), classes=CLASSES).eval()
    assert isinstance(module, RecurrentClassifier)
    x_BCSS = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))

    raster_BK = module(x_BCSS)
    module.order = RandomOrder(16)

    assert not torch.allclose(raster_BK, module(x_BCSS), atol=1e-4)


@pytest.mark.parametrize("fused", [nn.RNN, nn.LSTM, nn.GRU])
def test_recurrent_weights_start_as_asked(fused: type[nn.RNN | nn.LSTM | nn.GRU]) -> None:
    """Each gate's block keeps the length of a state, or the state itself."""
    torch.manual_seed(7)
    eye = torch.eye(5)

    turned = init_recurrent(fused(4, 5), recurrent_init="orthogonal").weight_hh_l0
    kept = init_recurrent(fused(4, 5), recurrent_init="identity").weight_hh_l0

    assert isinstance(turned, Tensor)
    assert isinstance(kept, Tensor)
    for block in turned.split(5):
        assert torch.allclose(eye, block @ block.T, atol=1e-5)
    for block in kept.split(5):
        assert torch.equal(eye, block)


def test_by_default_recurrent_weights_are_torchs() -> None:
    """`default` draws and changes nothing."""
    torch.manual_seed(7)
    expected = nn.GRU(4, 5).state_dict()
    torch.manual_seed(7)
    actual = init_recurrent(nn.GRU(4, 5), recurrent_init="default").state_dict()

    assert all(torch.equal(expected[name], actual[name]) for name in expected)
