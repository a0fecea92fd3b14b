"""The gated recurrent unit reads a picture patch by patch.

Two gates in (0, 1) and no cell state:

    reset gate      r = sigmoid(x W_xr + h W_hr + b_r)      how much of the past the candidate sees
    update gate     z = sigmoid(x W_xz + h W_hz + b_z)      how much of the hidden state is kept
    candidate       n = tanh   (x W_xn + b_xn + r (h W_hn + b_hn))
    hidden state    h' = (1 - z) n + z h

Three blocks of weights where an LSTM has four: a quarter fewer parameters and multiply-adds. If it
is faster as well is another matter. On a CPU torch runs an LSTM as one fused operation of oneDNN,
but a GRU step by step, and each step has a price of its own. One layer, 144 tokens, D = H = 128,
one thread, forward and back takes 1.8 (LSTM) and 4.5 ms (GRU) a picture in batches of 8, but 2.1
and 1.8 ms in batches of 64. cuDNN fuses both. So report parameters, multiply-adds and time.

Here z keeps, as in torch: Cho et al. 2014 (arXiv:1406.1078). Others write z and 1 - z the other way
round (Chung et al. 2014, arXiv:1412.3555), and r before the product with W_hn. b_z starts at
`update_bias`, 1: remember at first.

Shapes: (B, 3, S, S) -> tokens (B, N, D) -> states (B, N, ways H) -> (B, K).
Cost at 96 px, width and hidden 128, both ways: 0.30 M parameters, 16 M multiply-adds a picture,
9 M of them in the stem; 3 H (D + H) a token and way.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pipeline.networks import Start
from pipeline.networks.parts.recurrent import LR, Cell, RecurrentClassifier, State, init_recurrent
from pipeline.params import Gru, View

EXPLAINED_BY = "tokens"


class GruGates(NamedTuple):
    """What a step decides, each (B, H); in torch's order."""

    reset: Tensor  # in (0, 1)
    update: Tensor  # in (0, 1)
    candidate: Tensor  # in (-1, 1)


class GruCell(Cell):
    """One step, written out."""

    def gates(self, x_BD: Tensor, hidden_BH: Tensor) -> GruGates:
        """Open and close the gates by the token and the hidden state."""
        r_x, z_x, n_x = (x_BD @ self.W_x + self.b_x).chunk(3, dim=1)
        r_h, z_h, n_h = (hidden_BH @ self.W_h + self.b_h).chunk(3, dim=1)
        reset_BH, update_BH = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
        return GruGates(reset_BH, update_BH, torch.tanh(n_x + reset_BH * n_h))

    def step(self, x_BD: Tensor, state: State) -> State:
        """Read one token (B, D) of each picture: keep some, take some of the candidate."""
        (hidden_BH,) = state
        gates = self.gates(x_BD, hidden_BH)
        hidden_BH = (1 - gates.update) * gates.candidate + gates.update * hidden_BH
        return (hidden_BH,)


def build(spec: Gru, *, classes: Sequence[str]) -> nn.Module:
    """Build an untrained network."""

    def make_fused(width: int) -> nn.GRU:
        fused = nn.GRU(width, spec.hidden, batch_first=True)
        return init_recurrent(
            fused, recurrent_init=spec.recurrent_init, memory_bias=spec.update_bias
        )

    return RecurrentClassifier(spec, num_classes=len(classes), make_fused=make_fused)


def start(spec: Gru, *, classes: Sequence[str], root: Path) -> Start:  # noqa: ARG001 - the contract
    """Build the network as training begins."""
    return Start(
        module=build(spec, classes=classes),
        view=View(image_size_px=spec.image_size_px, resize=spec.resize),
        lr=LR,
    )
