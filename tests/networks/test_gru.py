"""The gated recurrent unit, written out."""

from typing import Any, cast

import torch
from torch import nn

from pipeline.networks import build_network, count_parameters
from pipeline.networks.gru import GruCell
from pipeline.networks.parts.recurrent import RecurrentClassifier, RecurrentLayer

CLASSES = ("ariel", "elsa", "merida")


def test_the_cell_is_torchs_module(agree: Any) -> None:
    """Gate by gate and step by step: same states and gradients as the fused module."""
    fused = nn.GRU(5, 4, batch_first=True, dtype=torch.float64)

    assert agree(fused, GruCell(fused))


def test_the_update_gate_keeps_or_replaces() -> None:
    """Z = 1 keeps the hidden state, z = 0 replaces it by the candidate."""
    fused = nn.GRU(2, 3, batch_first=True)
    cell = GruCell(fused)
    nn.init.zeros_(fused.weight_ih_l0)
    nn.init.zeros_(fused.weight_hh_l0)
    nn.init.zeros_(fused.bias_hh_l0)
    hidden_BH = torch.tensor([[0.1, -0.2, 0.3]])

    bias = torch.tensor([0.0, 50.0, 50.0]).repeat_interleave(3)  # reset, update, new
    fused.bias_ih_l0.data = bias
    (kept_BH,) = cell.step(torch.ones(1, 2), (hidden_BH,))
    fused.bias_ih_l0.data = bias * torch.tensor([1.0, -1.0, 1.0]).repeat_interleave(3)
    (replaced_BH,) = cell.step(torch.ones(1, 2), (hidden_BH,))

    assert torch.allclose(hidden_BH, kept_BH)
    assert torch.allclose(torch.ones(1, 3), replaced_BH)


def test_it_remembers_at_first(small: Any) -> None:
    """`update_bias` is the whole bias of the update gate, both ways, and of no other gate."""
    module = build_network(small("gru", update_bias=2.5, hidden=4), classes=CLASSES)
    assert isinstance(module, RecurrentClassifier)

    for fused in cast("list[nn.GRU]", list(cast("RecurrentLayer", module.layers[0]).ways)):
        bias = fused.bias_ih_l0 + fused.bias_hh_l0
        assert [2.5] * 4 == bias[4:8].tolist()
        assert bias[:4].abs().max() <= 1
        assert bias[8:].abs().max() <= 1


def test_a_gru_has_a_quarter_fewer_weights(small: Any) -> None:
    """Three blocks where an LSTM has four, and an RNN one."""
    sizes = {}
    for arch in ("rnn", "gru", "lstm"):
        module = build_network(small(arch), classes=CLASSES)
        assert isinstance(module, RecurrentClassifier)
        sizes[arch] = count_parameters(module.layers)

    assert 3 * sizes["rnn"] == sizes["gru"]
    assert 4 * sizes["rnn"] == sizes["lstm"]
