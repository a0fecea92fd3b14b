"""Long short-term memory reads a picture patch by patch.

Beside the hidden state h it carries a cell state c that is only scaled and added to. Gates in
(0, 1) decide, number by number:

    forget gate     f = sigmoid(x W_xf + h W_hf + b_f)      how much of the cell state is kept
    input gate      i = sigmoid(x W_xi + h W_hi + b_i)      how much of the candidate is written
    candidate       g = tanh   (x W_xg + h W_hg + b_g)
    output gate     o = sigmoid(x W_xo + h W_ho + b_o)      how much of the cell state is shown
    cell state      c' = f c + i g
    hidden state    h' = o tanh(c')

Along c a gradient is multiplied by f at each step, not by weights. With b_f = 0 that is about 0.5
and vanishes as well, only later than in `rnn`: so b_f starts at `forget_bias`, 1.

Hochreiter and Schmidhuber 1997 (doi:10.1162/neco.1997.9.8.1735); forget gate and its bias: Gers et
al. 2000 (doi:10.1162/089976600300015015).

Shapes: (B, 3, S, S) -> tokens (B, N, D) -> states (B, N, ways H) -> (B, K).
Cost at 96 px, width and hidden 128, both ways: 0.36 M parameters, 18 M multiply-adds a picture,
9 M of them in the stem; 4 H (D + H) a token and way, four times those of `rnn`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pipeline.networks import Start
from pipeline.networks.parts.recurrent import LR, Cell, RecurrentClassifier, State, init_recurrent
from pipeline.params import Lstm, View

EXPLAINED_BY = "tokens"


class LstmGates(NamedTuple):
    """What a step decides, each (B, H); in torch's order."""

    input: Tensor  # in (0, 1)
    forget: Tensor  # in (0, 1)
    candidate: Tensor  # in (-1, 1)
    output: Tensor  # in (0, 1)


class LstmCell(Cell):
    """One step, written out."""

    def start(self, num: int) -> State:
        """Make the state before the first token: zeros (num, H), hidden and cell."""
        return super().start(num) * 2

    def gates(self, x_BD: Tensor, hidden_BH: Tensor) -> LstmGates:
        """Open and close the gates by the token and the hidden state."""
        summed = x_BD @ self.W_x + hidden_BH @ self.W_h + self.b_x + self.b_h
        i, f, g, o = summed.chunk(4, dim=1)
        return LstmGates(torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o))

    def step(self, x_BD: Tensor, state: State) -> State:
        """Read one token (B, D) of each picture: forget, write, show."""
        hidden_BH, cell_BH = state
        gates = self.gates(x_BD, hidden_BH)
        cell_BH = gates.forget * cell_BH + gates.input * gates.candidate
        hidden_BH = gates.output * torch.tanh(cell_BH)
        return hidden_BH, cell_BH


def build(spec: Lstm, *, classes: Sequence[str]) -> nn.Module:
    """Build an untrained network."""

    def make_fused(width: int) -> nn.LSTM:
        fused = nn.LSTM(width, spec.hidden, batch_first=True)
        return init_recurrent(
            fused, recurrent_init=spec.recurrent_init, memory_bias=spec.forget_bias
        )

    return RecurrentClassifier(spec, num_classes=len(classes), make_fused=make_fused)


def start(spec: Lstm, *, classes: Sequence[str], root: Path) -> Start:  # noqa: ARG001 - contract
    """Build the network as training begins."""
    return Start(
        module=build(spec, classes=classes),
        view=View(image_size_px=spec.image_size_px, resize=spec.resize),
        lr=LR,
    )
