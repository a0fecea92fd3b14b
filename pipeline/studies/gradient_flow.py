"""Does a gradient vanish or explode on its way back through time?

Back-propagation through time multiplies one Jacobian per step. Here the product is formed exactly,
in float64, because float32 is out of numbers after some hundred steps:

    d state_T / d state_T-k = J_T J_T-1 ... J_T-k+1,    J_t = d state_t / d state_t-1

Its norm is the most that any change k steps ago can move the last state, or a gradient of the last
state the one k steps ago. For an LSTM the state is hidden and cell state together.

Letters: B pictures, N tokens, D width of a token, S numbers in a state.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from matplotlib.figure import Figure as Sheet
from torch import Tensor, nn
from torch.func import jacrev, vmap

from pipeline.dataset.seed import derive_seed
from pipeline.networks.gru import GruCell
from pipeline.networks.lstm import LstmCell
from pipeline.networks.parts.recurrent import Cell as RecurrentCell
from pipeline.networks.parts.recurrent import init_recurrent
from pipeline.networks.rnn import ElmanCell
from pipeline.studies.parts.cells import Bench, Cell, Measured
from pipeline.studies.parts.figure import MAIN, draw, line_styles
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Finding, Study, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.training import first_of_each, scored_pictures
from pipeline.studies.parts.verdict import Estimate, all_of, decide, estimate

LAG = 64  # steps back
TOKENS_IN_ROW = 12  # 144 tokens a picture; the last LAG steps are looked at
HIDDEN = 32
DECADES = 10.0  # by so many orders of magnitude torch's own start must fall

# What varies: the kind of cell, and what decides how much of a state it keeps.
RADII = (0.9, 1.0, 2.0)  # largest |eigenvalue| of the recurrent weights: all of them, if orthogonal
BIASES = (0.0, 1.0, 3.0)
DEFAULT: Mapping[str, Any] = {"cell": "rnn", "start": "torch's own"}
BELOW, AT, ABOVE = ({"cell": "rnn", "start": f"spectral radius {radius:g}"} for radius in RADII)


def plan(setup: Setup) -> Sequence[Cell]:
    """Measure every kind of cell and start, with every seed; nothing is trained."""
    starts: list[tuple[Mapping[str, Any], dict[str, Any]]] = [(DEFAULT, {"cell": "rnn"})]
    for settings, radius in zip((BELOW, AT, ABOVE), RADII, strict=True):
        starts.append((settings, {"cell": "rnn", "radius": radius}))
    for cell, gate in (("lstm", "forget bias"), ("gru", "update bias")):
        for bias in BIASES:
            settings = {"cell": cell, "start": f"{gate} {bias:g}"}
            starts.append((settings, {"cell": cell, "bias": bias}))
    return [
        Cell(settings=settings, seed=seed, function=measure, arguments=arguments)
        for settings, arguments in starts
        for seed in setup.seeds
    ]


def measure(
    bench: Bench, *, seed: int, cell: str, radius: float | None = None, bias: float | None = None
) -> Measured:
    """Follow the product of Jacobians back from the last token of one picture of each character.

    Args:
        bench: the pictures.
        seed: of the weights.
        cell: "rnn", "lstm" or "gru".
        radius: spectral radius of the recurrent weights of an "rnn"; None: torch's own start.
        bias: of the gate that keeps the state, of the others.

    Returns:
        `log10_norms`: at lag 0, 1, ..., `LAG`; mean over pictures of the log10 of the norm of the
        product. `log10_norm`: the last of them, `factor`: the mean factor of a step.
    """
    x_BND = picture_tokens(bench)
    torch.manual_seed(derive_seed(seed, use="init"))
    reader = make_cell(cell, width=x_BND.shape[2], radius=radius, bias=bias)
    norms_LB = product_norms(jacobians(reader, x_BND)[-LAG:])
    log10_norms_L = norms_LB.log10().mean(dim=1).tolist()
    return Measured(
        values={
            "log10_norm": log10_norms_L[-1],
            "factor": 10 ** (log10_norms_L[-1] / LAG),
            "log10_norms": log10_norms_L,
        },
        timing={},
    )


def picture_tokens(bench: Bench) -> Tensor:
    """Cut one picture of each character into squares, (B, N, D) float64, each number standardised.

    Squares as they are, without a stem: what a state gets to read, before anything is learned.
    """
    pack = scored_pictures(bench)
    pixels_BCPP = torch.from_numpy(pack.images_NSSC[first_of_each(pack, 1)]).permute(0, 3, 1, 2)
    token_px = pixels_BCPP.shape[2] // TOKENS_IN_ROW
    side_px = TOKENS_IN_ROW * token_px
    squares_BDN = F.unfold(pixels_BCPP[..., :side_px, :side_px].double(), token_px, stride=token_px)
    x_BND = squares_BDN.transpose(1, 2)
    return (x_BND - x_BND.mean(dim=(0, 1))) / x_BND.std(dim=(0, 1)).clamp(min=1)


def make_cell(
    cell: str, *, width: int, radius: float | None = None, bias: float | None = None
) -> RecurrentCell:
    """Make an untrained cell of float64; arguments are those of `measure`."""
    if cell == "lstm":
        lstm = nn.LSTM(width, HIDDEN, batch_first=True, dtype=torch.float64)
        return LstmCell(init_recurrent(lstm, recurrent_init="orthogonal", memory_bias=bias))
    if cell == "gru":
        gru = nn.GRU(width, HIDDEN, batch_first=True, dtype=torch.float64)
        return GruCell(init_recurrent(gru, recurrent_init="orthogonal", memory_bias=bias))
    rnn = nn.RNN(width, HIDDEN, batch_first=True, dtype=torch.float64)
    if radius is not None:
        init_recurrent(rnn, recurrent_init="orthogonal")
        with torch.no_grad():
            rnn.get_parameter("weight_hh_l0").mul_(radius)
    return ElmanCell(rnn)


@torch.no_grad()
def jacobians(cell: RecurrentCell, x_BND: Tensor) -> Tensor:
    """Differentiate each step by the state before it, shape (N, B, S, S)."""
    state, before = cell.start(len(x_BND)), []
    for x_BD in x_BND.unbind(dim=1):
        before.append(torch.cat(state, dim=1))
        state = cell.step(x_BD, state)
    before_NBS, x_NBD = torch.stack(before), x_BND.transpose(0, 1)
    derivative = jacrev(_flat_step(cell), argnums=1)
    jacobians_MSS: Tensor = vmap(derivative)(x_NBD.flatten(0, 1), before_NBS.flatten(0, 1))
    size = before_NBS.shape[2]
    return jacobians_MSS.reshape(*before_NBS.shape[:2], size, size)


def product_norms(jacobians_NBSS: Tensor) -> Tensor:
    """Multiply Jacobians from the last step back; give the norm after 0, 1, ..., N factors.

    Returns:
        Largest singular values, shape (N + 1, B).
    """
    size = jacobians_NBSS.shape[-1]
    product_BSS = torch.eye(size, dtype=jacobians_NBSS.dtype).expand_as(jacobians_NBSS[0])
    norms = [torch.linalg.matrix_norm(product_BSS, 2)]
    for jacobian_BSS in reversed(jacobians_NBSS):
        product_BSS = product_BSS @ jacobian_BSS
        norms.append(torch.linalg.matrix_norm(product_BSS, 2))
    return torch.stack(norms)


def conclude(table: Table) -> Finding:
    """Ask whether the norm falls below 1 and rises above it as the claim says."""
    default, below, above = (_decades(table, each) for each in (DEFAULT, BELOW, ABOVE))
    verdict = all_of(
        [decide(_negated(default), above=DECADES), decide(_negated(below)), decide(above)]
    )
    return Finding(
        verdict=verdict,
        why=(
            f"over {LAG} steps the log10 of the norm is {default} with torch's own start, {below} "
            f"with spectral radius {RADII[0]:g} and {above} with {RADII[-1]:g}"
        ),
        evidence=[*_evidence(table)],
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint(sheet, table),
                caption=(
                    "How much a change of the state, so many steps ago, can move the last state: "
                    "norm of the product of Jacobians, mean over one picture of each character "
                    "and over seeds, untrained networks. A straight line down is a gradient that "
                    "vanishes exponentially, a line up one that explodes."
                ),
                height_in=3.2,
            )
        ],
    )


def _decades(table: Table, settings: Mapping[str, Any]) -> Estimate:
    return estimate(table.values("log10_norm", **settings))


def _negated(each: Estimate) -> Estimate:
    low, high = (None if bound is None else -bound for bound in (each.low, each.high))
    return Estimate(value=-each.value, low=high, high=low, n=each.n)


def _starts(table: Table) -> list[Mapping[str, Any]]:
    return list({str(run.settings): run.settings for run in table.runs}.values())


def _evidence(table: Table) -> Sequence[Evidence]:
    return [
        _decades(table, settings).as_evidence(
            setting=f"{settings['cell']}, {settings['start']}",
            measure=f"log10 of the norm at lag {LAG}",
            unit="orders of magnitude",
        )
        for settings in _starts(table)
    ]


def _paint(sheet: Sheet, table: Table) -> None:
    panels = sheet.subplots(1, 3, sharey=True)
    for axes, cell in zip(panels, ("rnn", "lstm", "gru"), strict=True):
        own = [settings for settings in _starts(table) if settings["cell"] == cell]
        for settings, style in zip(own, line_styles(len(own)), strict=True):
            curve = table.lists("log10_norms", **settings).mean(axis=0)
            axes.plot(curve, label=settings["start"], markevery=16, **style)
        axes.axhline(0, c="#999999", lw=0.6)
        axes.set(title=cell.upper(), xlabel="lag (steps back)", xticks=range(0, LAG + 1, 16))
        axes.legend(fontsize=7)
    panels[0].set_ylabel("log10 of the norm (1 at lag 0)")


def _flat_step(cell: RecurrentCell) -> Callable[[Tensor, Tensor], Tensor]:
    """Make of a step a function of vectors: token (D,) and state (S,) to the next state (S,)."""

    def step(x_D: Tensor, state_S: Tensor) -> Tensor:
        state = state_S[None].chunk(len(state_S) // HIDDEN, dim=1)
        return torch.cat(cell.step(x_D[None], state), dim=1)[0]

    return step


STUDY = Study(
    id="gradient_flow",
    chapter=Chapter.SEQUENCES,
    title=Words(en="Gradients through time", ko="시간을 거슬러 가는 기울기"),
    claim=Words(
        en=(
            "BPTT multiplies one Jacobian per step: above 1 the product explodes, below 1 it "
            "vanishes, and the past is lost."
        ),
        ko=(
            "BPTT는 시점마다 야코비안을 곱한다. 1보다 크면 기울기가 폭발하고, 1보다 작으면 "
            "소실되어 과거의 정보를 잃는다."
        ),
    ),
    method=(
        "Untrained RNN, LSTM and GRU of 32 numbers read the squares of one picture of each "
        "character, and the product of the Jacobians of their last 64 steps is formed exactly in "
        "float64. What varies is the spectral radius of the recurrent weights (RNN) and the bias "
        "of the gate that keeps the state (LSTM, GRU); pictures and sizes are equal."
    ),
    rule=(
        "Supported if, over seeds, the 95 % interval of the log10 of the norm at lag 64 lies below "
        "-10 with torch's own start of an RNN, below 0 with spectral radius 0.9 and above 0 with "
        "spectral radius 2; refuted if one of them lies wholly on the other side; else undecided."
    ),
    plan=plan,
    conclude=conclude,
)
