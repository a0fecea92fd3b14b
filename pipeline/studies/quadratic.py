"""Does attention cost n^2 where a recurrent network costs n?

The one study whose subject is time, so its result.json holds what is not the same twice: exponents
of measured time, rounded to one decimal, and the first n at which attention is the slower one.
Seconds are in timing.json. Multiply-adds and bytes are counted, and the same each time.

Letters: N tokens, D width of a token.
"""

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter, process_time

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet
from torch import Tensor, nn

from pipeline.networks.parts.attention import attend, attend_fused
from pipeline.networks.parts.cost import count_macs
from pipeline.studies.parts.cells import Bench, Cell, Measured
from pipeline.studies.parts.figure import MAIN, draw, line_styles
from pipeline.studies.parts.memory import kept_bytes
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Finding, Study, Verdict, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.verdict import all_of, decide_exact

ROWS = (4, 8, 12, 16, 24, 32, 40, 48)  # of a square of tokens: n from 16 to 2304
MORE_ROWS = (64, 80)  # beyond, with the full budget
LARGE = 576  # n from which exponents are fitted: below it what costs n hides what costs n^2
HALFWAY = 1.5  # exponent: above it is more like n^2, below more like n
WIDTH, HEADS = 64, 1
BUDGET_S, MAX_REPEATS = 0.25, 20  # of one kind at one n


class AttentionLayer(nn.Module):
    """Self-attention, with or without storing the n x n weights."""

    def __init__(self, attend: Callable[..., Tensor]) -> None:
        super().__init__()
        self.attend = attend
        self.into = nn.Linear(WIDTH, 3 * WIDTH)
        self.project = nn.Linear(WIDTH, WIDTH)

    def forward(self, x_BND: Tensor) -> Tensor:
        """Map tokens (B, N, D) to tokens (B, N, D)."""
        parts = self.into(x_BND).chunk(3, dim=2)
        query, key, value = (x.unflatten(2, (HEADS, -1)).transpose(1, 2) for x in parts)
        answer_BND: Tensor = self.project(self.attend(query, key, value).transpose(1, 2).flatten(2))
        return answer_BND


class LstmLayer(nn.Module):
    """One LSTM, one way."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(WIDTH, WIDTH, batch_first=True)

    def forward(self, x_BND: Tensor) -> Tensor:
        """Map tokens (B, N, D) to states (B, N, D)."""
        states_BND: Tensor = self.lstm(x_BND)[0]
        return states_BND


LAYERS: Mapping[str, Callable[[], nn.Module]] = {
    "attention": lambda: AttentionLayer(attend),
    "fused attention": lambda: AttentionLayer(attend_fused),
    "LSTM": LstmLayer,
}


def plan(setup: Setup) -> Sequence[Cell]:
    """Measure each layer at each n, once: the best of several repeats is kept."""
    rows = ROWS + MORE_ROWS if setup.budget.name == "full" else ROWS
    return [
        Cell(
            settings={"layer": layer, "n": side * side},
            seed=0,
            function=measure,
            arguments={"layer": layer, "num_tokens": side * side},
        )
        for layer in LAYERS
        for side in rows
    ]


def measure(bench: Bench, *, seed: int, layer: str, num_tokens: int) -> Measured:
    """Run a layer forward and back over one sequence.

    Args:
        bench: the device.
        seed: of weights and tokens.
        layer: a key of `LAYERS`.
        num_tokens: n.

    Returns:
        `macs` of the way forward, `kept_bytes`: what the way back needs and is kept till then.
        Timing: `seconds`, forward and back, the least of several repeats.
    """
    torch.manual_seed(seed)
    module = LAYERS[layer]().to(bench.runtime.device)
    x_1ND = torch.randn(1, num_tokens, WIDTH, device=bench.runtime.device)
    return Measured(
        values={
            "macs": count_macs(module, x_1ND.cpu()),
            "kept_bytes": kept_bytes(module, x_1ND),
        },
        timing={"seconds": best_seconds(module, x_1ND)},
    )


def best_seconds(module: nn.Module, x_1ND: Tensor) -> float:
    """Time a layer forward and back; other work on the machine only ever adds to it.

    On a CPU it is the time of this process, with one thread; waiting for a core does not count.
    """
    clock = perf_counter if x_1ND.is_cuda else process_time
    taken: list[float] = []
    while not taken or (sum(taken) < BUDGET_S and len(taken) < MAX_REPEATS):
        start_s = clock()
        torch.autograd.backward(module(x_1ND).sum())
        if x_1ND.is_cuda:
            torch.cuda.synchronize()
        taken.append(clock() - start_s)
    return min(taken)


def exponent(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """Fit cost = a n^b by least squares of the logarithms, over n >= `LARGE`; gives b.

    >>> round(exponent([100, 600, 1200], [1, 2, 8]), 3)
    2.0
    """
    is_large = np.array(sizes) >= LARGE
    x, y = np.log(np.array(sizes)[is_large]), np.log(np.array(costs)[is_large])
    return float(np.polyfit(x, y, deg=1)[0])


def first_slower(sizes: Sequence[int], ours: Sequence[float], theirs: Sequence[float]) -> int:
    """Find the smallest n from which on ours takes longer at every n; 0: there is none.

    >>> first_slower([16, 64, 144], [3, 1, 4], [2, 2, 2])
    144
    """
    slower = 0
    for n, mine, other in reversed(list(zip(sizes, ours, theirs, strict=True))):
        if mine <= other:
            break
        slower = n
    return slower


def conclude(table: Table) -> Finding:
    """Compare exponents; find the crossing."""
    times = {layer: exponent(_sizes(table), _seconds(table, layer)) for layer in LAYERS}
    crossing = first_slower(_sizes(table), _seconds(table, "attention"), _seconds(table, "LSTM"))
    crosses = f"slower than an LSTM from n = {crossing} on" if crossing else "faster at every n"
    return Finding(
        verdict=_verdict(times),
        why=(
            f"from n = {LARGE} on, time grows as n^{times['attention']:.1f} for attention "
            f"(n^{times['fused attention']:.1f} fused) and n^{times['LSTM']:.1f} for an LSTM; "
            f"attention is {crosses}"
        ),
        evidence=[*_evidence(table, times), _exact("attention, LSTM", "crossing", crossing, "n")],
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint(sheet, table),
                caption=(
                    "What one layer of 64 numbers costs against the number of tokens n: time "
                    "forward and back (left), and what is kept in memory for the way back "
                    "(right). Fused attention saves the memory, not the time."
                ),
            )
        ],
    )


def _verdict(times: Mapping[str, float]) -> Verdict:
    return all_of(
        [
            decide_exact(holds=times["attention"] > HALFWAY),
            decide_exact(holds=times["LSTM"] < HALFWAY),
        ]
    )


def _sizes(table: Table) -> list[int]:
    return [int(run.settings["n"]) for run in table.where(layer="LSTM").runs]


def _seconds(table: Table, layer: str) -> list[float]:
    return [run.timing["seconds"] for run in table.where(layer=layer).runs]


def _evidence(table: Table, times: Mapping[str, float]) -> Sequence[Evidence]:
    found = []
    for layer in LAYERS:
        found.append(_exact(layer, "exponent of time", round(times[layer], 1), "power of n"))
        for measure_, name in (("macs", "multiply-adds"), ("kept_bytes", "memory kept")):
            power = exponent(_sizes(table), list(table.values(measure_, layer=layer)))
            found.append(_exact(layer, f"exponent of {name}", round(power, 3), "power of n"))
    return found


def _exact(setting: str, measure_: str, value: float, unit: str) -> Evidence:
    return Evidence(
        setting=setting, measure=measure_, value=value, low=None, high=None, unit=unit, n=1
    )


def _paint(sheet: Sheet, table: Table) -> None:
    left, right = sheet.subplots(1, 2)
    for layer, style in zip(LAYERS, line_styles(len(LAYERS)), strict=True):
        milliseconds = [1e3 * each for each in _seconds(table, layer)]
        megabytes = table.values("kept_bytes", layer=layer) / 1e6
        left.plot(_sizes(table), milliseconds, label=layer, **style)
        right.plot(_sizes(table), megabytes, label=layer, **style)
    _label(left, "time of one sequence (ms)")
    _label(right, "memory kept for the gradient (MB)")
    left.legend()


def _label(axes: Axes, what: str) -> None:
    axes.set(xscale="log", yscale="log", xlabel="tokens n", ylabel=what)
    axes.axvline(LARGE, c="#999999", lw=0.6, ls=":")


STUDY = Study(
    id="quadratic",
    chapter=Chapter.ATTENTION,
    title=Words(en="The cost of attention", ko="어텐션의 비용"),
    claim=Words(
        en="Attention costs n^2, an RNN costs n, so a large n may not fit.",
        ko="어텐션의 비용은 n²이고 RNN은 n이므로, n이 크면 감당하지 못할 수 있다.",
    ),
    method=(
        "One layer of self-attention (one head), plain and fused, and one LSTM of the same width "
        "read one sequence of 16 to 2304 tokens (to 6400 with the full budget), forward and back. "
        "Width and sequence are equal; measured are time, multiply-adds, and the memory kept for "
        "the way back."
    ),
    rule=(
        f"Powers of n are fitted from n = {LARGE} on. Supported if time grows faster than "
        f"n^{HALFWAY:g} for plain attention and slower than n^{HALFWAY:g} for the LSTM; else "
        "refuted. (Expected: 1.7 to 2.1, and 0.9 to 1.3.)"
    ),
    plan=plan,
    conclude=conclude,
)
