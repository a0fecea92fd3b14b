"""Long short-term memory, written out."""

from typing import Any, cast

import torch
from torch import nn

from pipeline.networks import build_network
from pipeline.networks.lstm import LstmCell
from pipeline.networks.parts.recurrent import RecurrentClassifier, RecurrentLayer

CLASSES = ("ariel", "elsa", "merida")


def test_the_cell_is_torchs_module(agree: Any) -> None:
    """Gate by gate and step by step: same states and gradients as the fused module."""
    fused = nn.LSTM(5, 4, batch_first=True, dtype=torch.float64)

    assert agree(fused, LstmCell(fused))


def test_an_open_forget_gate_keeps_the_cell_state() -> None:
    """Forget gate open, input gate closed: c is carried on; both the other way: replaced."""
    fused = nn.LSTM(2, 3, batch_first=True)
    cell = LstmCell(fused)
    nn.init.zeros_(fused.weight_ih_l0)
    nn.init.zeros_(fused.weight_hh_l0)
    nn.init.zeros_(fused.bias_hh_l0)
    state = (torch.zeros(1, 3), torch.tensor([[1.0, -2.0, 3.0]]))

    bias = torch.tensor([-50.0, 50.0, 50.0, 0.0]).repeat_interleave(3)  # input, forget, new, output
    fused.bias_ih_l0.data = bias
    _, kept_BH = cell.step(torch.ones(1, 2), state)
    fused.bias_ih_l0.data = bias * torch.tensor([-1.0, -1.0, 1.0, 1.0]).repeat_interleave(3)
    _, replaced_BH = cell.step(torch.ones(1, 2), state)

    assert torch.allclose(state[1], kept_BH)
    assert torch.allclose(torch.ones(1, 3), replaced_BH)


def test_it_remembers_at_first(small: Any) -> None:
    """`forget_bias` is the whole bias of the forget gate, both ways, and of no other gate."""
    module = build_network(small("lstm", forget_bias=2.5, hidden=4), classes=CLASSES)
    assert isinstance(module, RecurrentClassifier)

    for fused in cast("list[nn.LSTM]", list(cast("RecurrentLayer", module.layers[0]).ways)):
        bias = fused.bias_ih_l0 + fused.bias_hh_l0
        assert [2.5] * 4 == bias[4:8].tolist()
        assert bias[:4].abs().max() <= 1
        assert bias[8:].abs().max() <= 1
