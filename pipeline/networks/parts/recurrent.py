"""Tokens read one after another, what was read kept in a state.

    picture -> tokens -> order -> recurrent layers -> read-out -> logits

A state depends on every token before it and on none after it, so that order matters: this is what
the chain rule P(x_1, ..., x_t) = prod P(x_s | x_1, ..., x_s-1) asks for. The weights are the same
at every step, so one network reads sequences of any length, in N steps of equal cost (attention:
N^2), but one after the other.

Back-propagation through time (BPTT) multiplies one factor per step, so a gradient vanishes or
explodes along the sequence. Remedies here: gates (lstm.py, gru.py), the start of the recurrent
weights, a read-out of all states instead of the last, and truncation, which cuts the product.

Training runs torch's fused modules; lstm.py, gru.py and rnn.py hold the same step written out.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar, cast

import torch
from torch import Tensor, nn

from pipeline.networks.parts.pooling import POOLS
from pipeline.networks.parts.tokens import STEMS, tokens_in_row
from pipeline.params import Recurrent

LR = 2e-3  # AdamW, batches of 64
ORDER_SEED = 1  # the random order is the same for every network and every seed

# The second block of rows of torch's weights is, in an LSTM, the forget gate (input, forget, ...),
# and in a GRU the update gate (reset, update, ...): both decide how much of the state is kept.
MEMORY_GATE = 1

RECURRENT_INITS: dict[str, Callable[[Tensor], object]] = {
    "default": lambda block_HH: block_HH,  # torch's: uniform in +-1 / sqrt(H)
    "orthogonal": nn.init.orthogonal_,  # keeps the length of a state (Saxe et al. 2014)
    "identity": nn.init.eye_,  # keeps the state itself (IRNN, Le et al. 2015, arXiv:1504.00941)
}

State = tuple[Tensor, ...]  # (hidden (B, H),) or (hidden (B, H), cell (B, H))
FusedT = TypeVar("FusedT", bound=nn.RNNBase)
MakeFused = Callable[[int], nn.RNNBase]  # from the width of a token: one layer, one way


class Cell(ABC):
    """One step, written out; reads the parameters of a fused module of one layer and one way."""

    def __init__(self, fused: nn.RNNBase) -> None:
        self.fused = fused

    @property
    def W_x(self) -> Tensor:
        """Weights of the token, (D, gates H); torch keeps them turned."""
        return self.fused.get_parameter("weight_ih_l0").T

    @property
    def W_h(self) -> Tensor:
        """Weights of the hidden state, (H, gates H)."""
        return self.fused.get_parameter("weight_hh_l0").T

    @property
    def b_x(self) -> Tensor:
        """Bias of the token, (gates H)."""
        return self.fused.get_parameter("bias_ih_l0")

    @property
    def b_h(self) -> Tensor:
        """Bias of the hidden state, (gates H)."""
        return self.fused.get_parameter("bias_hh_l0")

    def start(self, num: int) -> State:
        """Make the state before the first token, zeros, for `num` pictures."""
        return (self.W_h.new_zeros(num, self.fused.hidden_size),)

    @abstractmethod
    def step(self, x_BD: Tensor, state: State) -> State:
        """Read one token (B, D) of each picture."""


def unroll(cell: Cell, x_BND: Tensor) -> tuple[Tensor, State]:
    """Read tokens step by step: the same weights again and again.

    Returns:
        Hidden states, shape (B, N, H), and all of the last state.
    """
    state = cell.start(len(x_BND))
    hidden = []
    for x_BD in x_BND.unbind(dim=1):
        state = cell.step(x_BD, state)
        hidden.append(state[0])
    return torch.stack(hidden, dim=1), state


def init_recurrent(
    fused: FusedT, *, recurrent_init: str, memory_bias: float | None = None
) -> FusedT:
    """Start the recurrent weights of each gate, and the bias of the gate that keeps the state.

    With a bias of 0 that gate is half open, and a token is forgotten as 0.5^steps; 1 to 2 keeps
    .73 to .88 of it at each step (Jozefowicz et al. 2015).
    """
    weights, size = fused.get_parameter("weight_hh_l0"), fused.hidden_size
    memory = slice(MEMORY_GATE * size, (MEMORY_GATE + 1) * size)
    with torch.no_grad():
        for block_HH in weights.chunk(len(weights) // size):
            RECURRENT_INITS[recurrent_init](block_HH)
        if memory_bias is not None:  # torch adds two biases
            fused.get_parameter("bias_ih_l0")[memory] = memory_bias
            fused.get_parameter("bias_hh_l0")[memory] = 0
    return fused


def read(
    fused: nn.RNNBase, x_BND: Tensor, *, backwards: bool, truncate_steps: int | None
) -> Tensor:
    """Read tokens with a fused module of one way: (B, N, D) -> states (B, N, H), in place order.

    Truncated BPTT: the tokens are cut into blocks of `truncate_steps`, the same both ways, and the
    state enters a block without its history. So all states depend on what came before, but
    gradients stay in their block, through any number of layers.
    """
    blocks = torch.split(x_BND, truncate_steps or x_BND.shape[1], dim=1)
    state, states = None, []
    for block_BnD in reversed(blocks) if backwards else blocks:
        states_BnH, state = fused(block_BnD.flip(1) if backwards else block_BnD, state)
        state = _without_history(state)
        states.append(states_BnH.flip(1) if backwards else states_BnH)
    return torch.cat(states[::-1] if backwards else states, dim=1)


def _without_history(state: Tensor | tuple[Tensor, Tensor]) -> Tensor | tuple[Tensor, Tensor]:
    if isinstance(state, Tensor):
        return state.detach()
    return state[0].detach(), state[1].detach()


class RecurrentLayer(nn.Module):
    """Read tokens from the first to the last and, if asked, from the last to the first.

    Two modules of one way each, not one of both, so that each carries its own state from block to
    block.
    """

    def __init__(
        self,
        width: int,
        *,
        make_fused: MakeFused,
        bidirectional: bool,
        truncate_steps: int | None = None,
    ) -> None:
        super().__init__()
        self.ways = nn.ModuleList(make_fused(width) for _ in range(2 if bidirectional else 1))
        self.truncate_steps = truncate_steps

    def forward(self, x_BND: Tensor) -> Tensor:
        """Map tokens (B, N, D) to states (B, N, ways H)."""
        ways = [
            read(
                cast("nn.RNNBase", fused),
                x_BND,
                backwards=backwards,
                truncate_steps=self.truncate_steps,
            )
            for fused, backwards in zip(self.ways, (False, True), strict=False)
        ]
        return torch.cat(ways, dim=2)


class RandomOrder(nn.Module):
    """Shuffle the tokens, every picture alike and always alike."""

    order_N: Tensor

    def __init__(self, num_tokens: int) -> None:
        super().__init__()
        drawn_N = torch.randperm(num_tokens, generator=torch.Generator().manual_seed(ORDER_SEED))
        self.register_buffer("order_N", drawn_N)  # saved with the weights

    def forward(self, x_BND: Tensor) -> Tensor:
        """Map tokens (B, N, D) to the same tokens in another order."""
        return x_BND[:, self.order_N]


class LastState(nn.Module):
    """Take the state that has read everything: of each way its own last."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden

    def forward(self, x_BND: Tensor) -> Tensor:
        """Map states (B, N, ways H) to one vector each picture, (B, ways H)."""
        forwards_BH = x_BND[:, -1, : self.hidden]
        backwards_BH = x_BND[:, 0, self.hidden :]  # empty, with one way only
        return torch.cat([forwards_BH, backwards_BH], dim=1)


class RecurrentClassifier(nn.Module):
    """A picture as a sequence: stem, order, recurrent layers, read-out, linear head."""

    def __init__(self, spec: Recurrent, *, num_classes: int, make_fused: MakeFused) -> None:
        super().__init__()
        num_tokens = tokens_in_row(spec.image_size_px, token_px=spec.token_px) ** 2
        self.token_width = spec.hidden * (2 if spec.bidirectional else 1)
        self.stem = STEMS[spec.stem](spec.width, token_px=spec.token_px)
        self.order = RandomOrder(num_tokens) if spec.order == "random" else nn.Identity()
        self.layers = nn.Sequential()
        for layer in range(spec.layers):
            self.layers.append(
                RecurrentLayer(
                    self.token_width if layer else spec.width,
                    make_fused=make_fused,
                    bidirectional=spec.bidirectional,
                    truncate_steps=spec.truncate_steps,
                )
            )
        self.read_out = (
            LastState(spec.hidden)
            if spec.read_out == "last"
            else POOLS[spec.read_out](self.token_width)
        )
        self.head = nn.Linear(self.token_width, num_classes)

    def forward(self, x_BCSS: Tensor) -> Tensor:
        """Map normalised pictures (B, 3, S, S) to logits (B, K)."""
        logits_BK: Tensor = self.head(self.read_out(self.tokens(x_BCSS)))
        return logits_BK

    def tokens(self, x_BCSS: Tensor) -> Tensor:
        """Map pictures to states (B, N, token_width), in the order in which they were read."""
        states_BND: Tensor = self.layers(self.order(self.stem(x_BCSS)))
        return states_BND

    def no_weight_decay(self) -> set[str]:
        """Name parameters that the optimizer must not shrink (timm's convention): none."""
        return set()

    def group_matcher(self, *, coarse: bool = False) -> dict[str, object]:  # noqa: ARG002 - timm's
        """Say which parameters make a layer, by depth (timm's convention)."""
        return {"stem": r"^stem", "blocks": r"^layers\.(\d+)", "head": r"^(?:read_out|head)"}
