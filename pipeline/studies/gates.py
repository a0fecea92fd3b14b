"""What gates are for: an LSTM's three and a cell state, a GRU's two and none.

Two experiments. Recall: one of many symbols is marked, and the network is asked for it at every
step that follows, so that it must take in one step and keep out all others. Pictures: what the
gates of trained networks do while they read, and what a gate is worth that may no longer move.
"""

from collections.abc import Iterator, Mapping, Sequence
from time import process_time
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet
from torch import Tensor, nn

from pipeline.dataset.loader import eval_batches
from pipeline.dataset.seed import derive_seed, make_generator
from pipeline.networks.gru import GruCell
from pipeline.networks.lstm import LstmCell
from pipeline.networks.parts.recurrent import RecurrentClassifier, init_recurrent, unroll
from pipeline.params import AnyNetwork, Train
from pipeline.studies.parts.cells import Bench, Cell, Measured, grid
from pipeline.studies.parts.figure import (
    HATCHES,
    MAIN,
    draw,
    line_styles,
    plot_bars,
    plot_estimates,
)
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Figure, Finding, Study, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.thumbnails import as_percent, grey_thumbnails, paint_thumbnail
from pipeline.studies.parts.training import (
    first_of_each,
    scored_pictures,
    train_once,
    training_pictures,
)
from pipeline.studies.parts.verdict import Estimate, all_of, decide, difference, estimate
from pipeline.training.loop import trained_module

GATES = {"lstm": ("input", "forget", "output"), "gru": ("reset", "update")}
FUSED: dict[str, type[nn.RNN | nn.LSTM | nn.GRU]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
SYMBOLS, STEPS, HIDDEN = 4, 32, 48  # of the recall task
FIRST_STEPS = 8  # the marked symbol is one of so many
FAR = 16  # steps; "long ago"
LAGS = STEPS - FIRST_STEPS + 1
BATCHES, BATCH, RATE = 300, 32, 0.02
ASKED = 1000  # sequences that are scored
SHOWN, SHOWN_PX = 3, 36  # pictures of the figure


def plan(setup: Setup) -> Sequence[Cell]:
    """Let the three cells recall; look at the gates of an LSTM and a GRU that read pictures."""
    recalling = [
        Cell(settings=settings, seed=seed, function=measure_recall, arguments={"arch": arch})
        for settings, seed in grid(setup.seeds, part=["recall"], arch=["rnn", "lstm", "gru"])
        for arch in [settings["arch"]]
    ]
    reading = [
        Cell(
            settings=settings,
            seed=seed,
            function=measure_gates,
            arguments={"network": setup.network(settings["arch"]), "train": setup.train()},
        )
        for settings, seed in grid(setup.seeds, part=["pictures"], arch=["lstm", "gru"])
    ]
    return [*recalling, *reading]


def measure_recall(bench: Bench, *, seed: int, arch: str) -> Measured:  # noqa: ARG001 - no picture
    """Train a recurrent layer to remember the marked symbol; ask it at every lag.

    Returns:
        `recalled`: by steps since the mark, the fraction of answers that are right; `far`: its mean
        over lags of `FAR` steps and more.
    """
    start_s = process_time()
    torch.manual_seed(derive_seed(seed, use="init"))
    layer = init_recurrent(
        FUSED[arch](SYMBOLS + 1, HIDDEN, batch_first=True),
        recurrent_init="orthogonal",
        memory_bias=None if arch == "rnn" else 1.0,
    )
    head = nn.Linear(HIDDEN, SYMBOLS)
    _learn_to_recall(layer, head, seed=seed)
    recalled = _recall_by_lag(layer, head, seed=seed)
    return Measured(
        values={"recalled": recalled, "far": float(np.mean(recalled[FAR:]))},
        timing={"train_s": process_time() - start_s},
    )


def draw_sequences(num: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Draw sequences of symbols, one of which is marked.

    Returns:
        Inputs (num, N, symbols + 1), the last number being the mark; the marked symbol of each
        sequence (num,); and how many steps ago it was (num, N), negative before the mark.
    """
    symbols = torch.randint(SYMBOLS, (num, STEPS), generator=generator)
    place = torch.randint(FIRST_STEPS, (num,), generator=generator)
    mark = F.one_hot(place, STEPS)[:, :, None]
    x_BND = torch.cat([F.one_hot(symbols, SYMBOLS), mark], dim=2).float()
    marked = symbols[torch.arange(num), place]
    return x_BND, marked, torch.arange(STEPS) - place[:, None]


def _learn_to_recall(layer: nn.RNNBase, head: nn.Linear, *, seed: int) -> None:
    parameters = [*layer.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, BATCHES)
    generator = make_generator(seed, use="recall, training")
    for _ in range(BATCHES):
        x_BND, marked_B, lag_BN = draw_sequences(BATCH, generator=generator)
        logits, labels = head(layer(x_BND)[0]), marked_B[:, None].expand_as(lag_BN)
        loss = F.cross_entropy(logits[lag_BN >= 0], labels[lag_BN >= 0])
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()


@torch.inference_mode()
def _recall_by_lag(layer: nn.RNNBase, head: nn.Linear, *, seed: int) -> list[float]:
    generator = make_generator(seed, use="recall, scoring")
    x_BND, marked_B, lag_BN = draw_sequences(ASKED, generator=generator)
    is_right_BN = head(layer(x_BND)[0]).argmax(dim=2) == marked_B[:, None]
    return [round(is_right_BN[lag_BN == lag].double().mean().item(), 6) for lag in range(LAGS)]


@torch.inference_mode()
def measure_gates(bench: Bench, *, seed: int, network: AnyNetwork, train: Train) -> Measured:
    """Train on pictures; watch the gates, then hold each of them at its mean.

    Returns:
        `accuracy`; `held_<gate>` with that gate held; `mean_<gate>`; `writes_on_detail`, the
        correlation of what a step writes with the contrast of its patch; and, for the figure,
        `pictures` (grey) and `maps` (percent; gates x pictures x tokens, the mean over units).
    """
    with torch.inference_mode(mode=False):
        trained = train_once(
            bench, seed=seed, network=network, train=train, pictures=training_pictures(bench)
        )
    module = cast("RecurrentClassifier", trained_module(trained, runtime=bench.runtime).cpu())
    scored = scored_pictures(bench)
    x_BCSS = next(iter(eval_batches(scored, view=trained.card.view, batch_size=len(scored))))[0]
    x_BND = module.order(module.stem(x_BCSS))
    labels_B = torch.from_numpy(scored.labels_N)
    gates = [watch(cell, x_BND) for cell in _cells(module)]
    means = [{name: each.mean(dim=(0, 1)) for name, each in way.items()} for way in gates]
    names = GATES[network.arch]
    values: dict[str, Any] = {"accuracy": _accuracy(module, x_BND, labels_B, held=[{}, {}])}
    for name in names:
        held = [{name: way[name]} for way in means]
        values[f"held_{name}"] = _accuracy(module, x_BND, labels_B, held=held)
        values[f"mean_{name}"] = torch.stack([way[name].mean() for way in means]).mean().item()
    values["writes_on_detail"] = _correlation(
        written(gates[0]), _contrasts(x_BCSS, num_tokens=x_BND.shape[1])
    )
    shown = first_of_each(scored, 1)[:SHOWN]
    values["pictures"] = grey_thumbnails(x_BCSS[shown], side_px=SHOWN_PX)
    values["maps"] = [as_percent(gates[0][name][shown].mean(dim=2)) for name in names]
    return Measured(values=values, timing={"train_s": trained.timing["seconds"]})


class _Held:
    """A cell some of whose gates no longer move."""

    held: Mapping[str, Tensor]

    def gates(self, x_BD: Tensor, hidden_BH: Tensor) -> Any:
        """Open and close the gates, but for those that are held."""
        gates = super().gates(x_BD, hidden_BH)  # type: ignore[misc]
        return gates._replace(
            **{name: mean_H.expand(len(x_BD), -1) for name, mean_H in self.held.items()}
        )


class HeldLstmCell(_Held, LstmCell):
    """A step of an LSTM with held gates."""


class HeldGruCell(_Held, GruCell):
    """A step of a GRU with held gates."""


HeldCell = HeldLstmCell | HeldGruCell


def hold(fused: nn.Module, held: Mapping[str, Tensor]) -> HeldCell:
    """Read a fused layer step by step, some gates held at these means (H,)."""
    cell = HeldLstmCell(fused) if isinstance(fused, nn.LSTM) else HeldGruCell(cast("nn.GRU", fused))
    cell.held = held
    return cell


def watch(cell: HeldCell, x_BND: Tensor) -> dict[str, Tensor]:
    """Note what the gates do at every step, each (B, N, H), by name."""
    state, seen = cell.start(len(x_BND)), []
    for x_BD in x_BND.unbind(dim=1):
        seen.append(cell.gates(x_BD, state[0]))
        state = cell.step(x_BD, state)
    return {
        name: torch.stack([getattr(gates, name) for gates in seen], dim=1)
        for name in seen[0]._fields
    }


def written(gates: Mapping[str, Tensor]) -> Tensor:
    """Say how much each step writes into the state, (B, N): the mean of |gate x candidate|."""
    openness = gates["input"] if "input" in gates else 1 - gates["update"]
    return (openness * gates["candidate"]).abs().mean(dim=2)


def _cells(module: RecurrentClassifier) -> list[HeldCell]:
    return [hold(way, {}) for way in _ways(module)]


def _ways(module: RecurrentClassifier) -> nn.ModuleList:
    return cast("nn.ModuleList", module.layers[0].ways)


def _accuracy(
    module: RecurrentClassifier,
    x_BND: Tensor,
    labels_B: Tensor,
    *,
    held: Sequence[Mapping[str, Tensor]],
) -> float:
    """Score with gates held, of each way its own."""
    there, *back = [hold(way, each) for way, each in zip(_ways(module), held, strict=False)]
    states = [unroll(there, x_BND)[0]]
    states += [unroll(cell, x_BND.flip(1))[0].flip(1) for cell in back]
    logits_BK = module.head(module.read_out(torch.cat(states, dim=2)))
    return float((logits_BK.argmax(dim=1) == labels_B).double().mean())


def _contrasts(x_BCSS: Tensor, *, num_tokens: int) -> Tensor:
    """Give the standard deviation of the grey values of each patch, (B, N)."""
    size = x_BCSS.shape[-1] // round(num_tokens**0.5)
    patches_BPN = F.unfold(x_BCSS.mean(dim=1, keepdim=True), size, stride=size)
    return patches_BPN.std(dim=1)


def _correlation(x: Tensor, y: Tensor) -> float:
    return float(torch.corrcoef(torch.stack([x.flatten(), y.flatten()]))[0, 1])


def conclude(table: Table) -> Finding:
    """Compare what is recalled from long ago; tell what the gates of readers of pictures do."""
    gains = {
        arch: difference(
            table, "far", {"part": "recall", "arch": arch}, {"part": "recall", "arch": "rnn"}
        )
        for arch in GATES
    }
    return Finding(
        verdict=all_of([decide(gain) for gain in gains.values()]),
        why=f"asked for a symbol of {FAR} to {LAGS - 1} steps ago, the share of an LSTM's answers "
        f"that are right less a plain RNN's is {gains['lstm']}, a GRU's {gains['gru']}, over "
        f"{gains['gru'].n} seeds (a guess is right {1 / SYMBOLS:.2f} of the time)",
        evidence=[
            *(
                gain.as_evidence(setting=f"{arch} less rnn", measure="recalled", unit="fraction")
                for arch, gain in gains.items()
            ),
            *_evidence(table),
        ],
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint(sheet, table),
                caption="Left: a marked symbol is recalled by a recurrent layer of "
                f"{HIDDEN} units; the grey line is a guess. Right: accuracy on unseen pictures "
                "when one gate is held at its mean, so that it can no longer answer to what is "
                "read. Bars: 95 % over seeds.",
            ),
            _film(table),
        ],
    )


def _evidence(table: Table) -> Iterator[Evidence]:
    for arch in FUSED:
        yield _of(table, "far", part="recall", arch=arch).as_evidence(
            setting=f"{arch}, recall", measure="recalled", unit="fraction"
        )
    for arch, names in GATES.items():
        free = {"part": "pictures", "arch": arch}
        for name in names:
            lost = table.values("accuracy", **free) - table.values(f"held_{name}", **free)
            yield estimate(lost).as_evidence(
                setting=f"{arch}, {name} gate held", measure="lost accuracy", unit="fraction"
            )
            yield _of(table, f"mean_{name}", **free).as_evidence(
                setting=f"{arch}, {name} gate", measure="mean opening", unit="fraction"
            )
        yield _of(table, "writes_on_detail", **free).as_evidence(
            setting=f"{arch}, write and contrast of patch", measure="correlation", unit="r"
        )


def _of(table: Table, measure: str, **settings: str) -> Estimate:
    return estimate(table.values(measure, **settings))


def _paint(sheet: Sheet, table: Table) -> None:
    recall, holding = sheet.subplots(1, 2, width_ratios=(1, 1.2))
    for style, arch in zip(line_styles(3), FUSED, strict=True):
        recalled_SL = table.lists("recalled", part="recall", arch=arch)
        lags = list(range(0, LAGS, 3))
        scores = [estimate(recalled_SL[:, lag]) for lag in lags]
        plot_estimates(recall, lags, scores, label=arch.upper(), style=style)
    recall.axhline(1 / SYMBOLS, color="0.6", linewidth=0.8)
    recall.set(xlabel="steps since the mark", ylabel="recalled (fraction)", ylim=(0, 1.05))
    recall.legend(loc="center right")
    _paint_held(holding, table)


def _paint_held(axes: Axes, table: Table) -> None:
    """Draw bars: all gates free, then each held, for LSTM and GRU."""
    ticks: list[str] = []
    for hatch, (arch, names) in zip(HATCHES[1:], GATES.items(), strict=False):
        measures = ["accuracy", *(f"held_{name}" for name in names)]
        scores = [_of(table, each, part="pictures", arch=arch) for each in measures]
        places = range(len(ticks), len(ticks) + len(scores))
        plot_bars(axes, places, scores, label=arch.upper(), hatch=hatch)
        ticks += ["free", *names]
    axes.set_xticks(range(len(ticks)), ticks, rotation=30)
    axes.set(xlabel="gate that is held", ylabel="accuracy (0 to 1)", ylim=(0, 1.05))
    axes.legend(loc="upper center", ncols=2)


def _film(table: Table) -> Figure:
    return draw(
        "gates.png",
        lambda sheet: _paint_film(sheet, table),
        caption="Gates along three unseen pictures, read patch by patch from the upper left; the "
        "mean over all units of the way forward, one seed, dark: open. The numbers are the "
        "openings that are drawn white and black. What is dark under input, or light under "
        "update, is written; what is light under forget is forgotten.",
        height_in=3.6,
    )


def _paint_film(sheet: Sheet, table: Table) -> None:
    runs = {arch: table.first(part="pictures", arch=arch).values for arch in GATES}
    maps = {
        f"{arch.upper()} {name}": np.array(runs[arch]["maps"][place])
        for arch, names in GATES.items()
        for place, name in enumerate(names)
    }
    pictures = runs["lstm"]["pictures"]
    panels = sheet.subplots(len(pictures), 1 + len(maps), squeeze=False)
    for row, picture in enumerate(pictures):
        paint_thumbnail(panels[row, 0], picture)
    for column, (title, map_BN) in enumerate(maps.items(), start=1):
        low, high = map_BN.min(), map_BN.max()
        panels[0, column].set_title(f"{title}\n{low / 100:.2f} to {high / 100:.2f}", fontsize=8)
        side = round(map_BN.shape[1] ** 0.5)
        for row, map_N in enumerate(map_BN):
            panels[row, column].imshow(map_N.reshape(side, side), vmin=low, vmax=high)
            panels[row, column].set(xticks=[], yticks=[])


STUDY = Study(
    id="gates",
    chapter=Chapter.GATES,
    title=Words(en="Gates", ko="게이트"),
    claim=Words(
        en="With forget, input and output gates and a cell state an LSTM keeps what a plain RNN "
        "loses; a GRU does it with two gates and no cell state.",
        ko="LSTM은 망각·입력·출력 게이트와 셀 상태로 RNN이 잃는 과거를 기억하고, "
        "GRU는 셀 상태 없이 게이트 두 개로 같은 일을 한다.",
    ),
    method="RNN, LSTM and GRU of equal width and equal training read random symbols, one of which "
    f"is marked, and are asked for it up to {LAGS - 1} steps later. Beside it, an LSTM and a GRU "
    "learn the pictures; their gates are watched, and each in turn is held at its mean.",
    rule=f"Supported if both LSTM and GRU recall more than the RNN, seed by seed, from {FAR} steps "
    "ago and more, with 95 % intervals above 0; refuted if one of them is below 0; else undecided. "
    "What the gates do on pictures is shown, and decides nothing.",
    plan=plan,
    conclude=conclude,
)
