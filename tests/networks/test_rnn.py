"""Elman's network, written out."""

from typing import Any, cast

import pytest
import torch
from torch import nn

from pipeline.networks import build_network
from pipeline.networks.parts.recurrent import RecurrentClassifier, RecurrentLayer, unroll
from pipeline.networks.rnn import ElmanCell

CLASSES = ("ariel", "elsa", "merida")


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_the_cell_is_torchs_module(nonlinearity: str, agree: Any) -> None:
    """H = sigma(X W1 + H W_h + b1), step by step: same states and gradients as the fused module."""
    fused = nn.RNN(5, 4, nonlinearity=nonlinearity, batch_first=True, dtype=torch.float64)

    assert agree(fused, ElmanCell(fused))


def test_the_network_is_the_notes_two_lines(small: Any) -> None:
    """H = sigma(X W1 + b1) of the last token and O = H W2 + b2 are the logits."""
    torch.manual_seed(7)
    spec = small("rnn", bidirectional=False, read_out="last")
    module = build_network(spec, classes=CLASSES).double().eval()
    assert isinstance(module, RecurrentClassifier)
    generator = torch.Generator().manual_seed(1)
    x_BCSS = torch.randn(2, 3, 32, 32, generator=generator, dtype=torch.float64)

    layer = cast("RecurrentLayer", module.layers[0])
    _, (last_BH,) = unroll(ElmanCell(cast("nn.RNN", layer.ways[0])), module.stem(x_BCSS))

    assert torch.allclose(
        module(x_BCSS), last_BH @ module.head.weight.T + module.head.bias, atol=1e-12
    )
