"""Recurrent networks along rows, then along columns: a recurrent network in two dimensions.

ReNet, Visin et al. 2015 (arXiv:1505.00393): a layer reads each row of tokens both ways, then each
column of the result both ways, so that after one layer every place knows of every other, in 2 side
steps instead of side^2. What differs: a convolutional stem instead of raw patches, rows before
columns, and the mean of all places instead of a large hidden layer.

Shapes: (B, 3, S, S) -> tokens (B, N, D) -> states (B, N, 2 H) -> (B, K).
Cost at 96 px, width 128, hidden 64, cell lstm: 0.29 M parameters, 52 M multiply-adds a picture,
23 M of them in the stem.
"""

from collections.abc import Sequence
from math import isqrt
from pathlib import Path

from torch import Tensor, nn

from pipeline.networks import Start
from pipeline.networks.parts.pooling import MeanPool
from pipeline.networks.parts.recurrent import LR, MakeFused, RecurrentLayer, init_recurrent
from pipeline.networks.parts.tokens import STEMS
from pipeline.params import Renet, View

EXPLAINED_BY = "tokens"
FUSED: dict[str, type[nn.RNN | nn.LSTM | nn.GRU]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
MEMORY_BIAS = {"rnn": None, "lstm": 1.0, "gru": 1.0}  # as the networks of these names start


class RowsThenColumns(nn.Module):
    """Read each row both ways, then each column of what was read."""

    def __init__(self, width: int, *, hidden: int, make_fused: MakeFused) -> None:
        super().__init__()
        self.rows = RecurrentLayer(width, make_fused=make_fused, bidirectional=True)
        self.columns = RecurrentLayer(2 * hidden, make_fused=make_fused, bidirectional=True)

    def forward(self, x_BHWD: Tensor) -> Tensor:
        """Map a square of tokens (B, H, W, D) to a square of states (B, H, W, 2 hidden)."""
        x_BHWD = read_rows(self.rows, x_BHWD)
        return read_rows(self.columns, x_BHWD.transpose(1, 2)).transpose(1, 2)


class ReNet(nn.Module):
    """Stem, pairs of sweeps, mean over all places, linear head."""

    def __init__(self, spec: Renet, *, num_classes: int, make_fused: MakeFused) -> None:
        super().__init__()
        self.token_width = 2 * spec.hidden
        self.stem = STEMS[spec.stem](spec.width, token_px=spec.token_px)
        self.sweeps = nn.Sequential()
        for layer in range(spec.layers):
            width = self.token_width if layer else spec.width
            self.sweeps.append(RowsThenColumns(width, hidden=spec.hidden, make_fused=make_fused))
        self.read_out = MeanPool(self.token_width)
        self.head = nn.Linear(self.token_width, num_classes)

    def forward(self, x_BCSS: Tensor) -> Tensor:
        """Map normalised pictures (B, 3, S, S) to logits (B, K)."""
        logits_BK: Tensor = self.head(self.read_out(self.tokens(x_BCSS)))
        return logits_BK

    def tokens(self, x_BCSS: Tensor) -> Tensor:
        """Map pictures to states (B, N, token_width), row by row."""
        x_BND: Tensor = self.stem(x_BCSS)
        B, N, D = x_BND.shape
        side = isqrt(N)
        states_BHWD: Tensor = self.sweeps(x_BND.reshape(B, side, side, D))
        return states_BHWD.flatten(1, 2)

    def no_weight_decay(self) -> set[str]:
        """Name parameters that the optimizer must not shrink (timm's convention): none."""
        return set()

    def group_matcher(self, *, coarse: bool = False) -> dict[str, object]:
        """Say which parameters make a layer, by depth (timm's convention)."""
        halves = [(r"^sweeps\.(\d+)\.rows", (0,)), (r"^sweeps\.(\d+)\.columns", (1,))]
        return {
            "stem": r"^stem",
            "blocks": r"^sweeps\.(\d+)" if coarse else halves,
            "head": r"^head",
        }


def read_rows(layer: RecurrentLayer, x_BHWD: Tensor) -> Tensor:
    """Read each row of each picture as a sequence of its own: (B, H, W, D) -> (B, H, W, 2 H)."""
    B, H, W, D = x_BHWD.shape
    states_RWD: Tensor = layer(x_BHWD.reshape(B * H, W, D))  # R = B H
    return states_RWD.view(B, H, W, -1)


def build(spec: Renet, *, classes: Sequence[str]) -> nn.Module:
    """Build an untrained network."""

    def make_fused(width: int) -> nn.RNNBase:
        return init_recurrent(
            FUSED[spec.cell](width, spec.hidden, batch_first=True),
            recurrent_init="orthogonal",
            memory_bias=MEMORY_BIAS[spec.cell],
        )

    return ReNet(spec, num_classes=len(classes), make_fused=make_fused)


def start(spec: Renet, *, classes: Sequence[str], root: Path) -> Start:  # noqa: ARG001 - contract
    """Build the network as training begins."""
    return Start(
        module=build(spec, classes=classes),
        view=View(image_size_px=spec.image_size_px, resize=spec.resize),
        lr=LR,
    )
