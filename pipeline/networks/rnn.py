"""Elman's recurrent network reads a picture patch by patch.

For the tokens X of one step, sigma = tanh (or relu), the notes' two lines:

    H = sigma(X W1 + b1)    with what was read before it: H_t = sigma(X_t W1 + H_t-1 W_h + b1)
    O = H W2 + b2

W1, W_h and b1 are the same at every step. The gradient from step t back to step s is a product of
t - s factors W_h^T diag(sigma'): below 1 it vanishes, above 1 it explodes. Hence here: W_h starts
orthogonal, O reads the mean of all H, gradients are clipped (`train.clip_grad_norm`).

Elman 1990 (doi:10.1207/s15516709cog1402_1).

Shapes: (B, 3, S, S) -> tokens (B, N, D) -> states (B, N, ways H) -> (B, K).
Cost at 96 px, width and hidden 128, both ways: 0.17 M parameters, 11 M multiply-adds a picture,
9 M of them in the stem.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from pipeline.networks import Start
from pipeline.networks.parts.recurrent import LR, Cell, RecurrentClassifier, State, init_recurrent
from pipeline.params import Rnn, View

EXPLAINED_BY = "tokens"
SIGMA: dict[str, Callable[[Tensor], Tensor]] = {"tanh": torch.tanh, "relu": torch.relu}


class ElmanCell(Cell):
    """One step, written out."""

    def __init__(self, fused: nn.RNN) -> None:
        super().__init__(fused)
        self.sigma = SIGMA[fused.nonlinearity]

    def step(self, x_BD: Tensor, state: State) -> State:
        """Read one token (B, D) of each picture: H = sigma(X W1 + H W_h + b1)."""
        X, (H,) = x_BD, state
        W1, W_h, b1 = self.W_x, self.W_h, self.b_x + self.b_h
        return (self.sigma(X @ W1 + H @ W_h + b1),)


def build(spec: Rnn, *, classes: Sequence[str]) -> nn.Module:
    """Build an untrained network."""

    def make_fused(width: int) -> nn.RNN:
        fused = nn.RNN(width, spec.hidden, nonlinearity=spec.nonlinearity, batch_first=True)
        return init_recurrent(fused, recurrent_init=spec.recurrent_init)

    return RecurrentClassifier(spec, num_classes=len(classes), make_fused=make_fused)


def start(spec: Rnn, *, classes: Sequence[str], root: Path) -> Start:  # noqa: ARG001 - the contract
    """Build the network as training begins."""
    return Start(
        module=build(spec, classes=classes),
        view=View(image_size_px=spec.image_size_px, resize=spec.resize),
        lr=LR,
    )
