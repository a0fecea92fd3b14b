"""Is a GRU smaller than an LSTM, does it generalise better, and does it perform better?"""

from collections.abc import Iterator, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet

from pipeline.networks import build_network, count_parameters
from pipeline.params import AnyNetwork
from pipeline.studies.parts.cells import Cell, grid
from pipeline.studies.parts.figure import MAIN, draw, line_styles, plot_estimates
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Finding, Study, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.training import train_cell
from pipeline.studies.parts.verdict import (
    Estimate,
    all_of,
    decide,
    decide_exact,
    difference,
    estimate,
)

LSTM, SAME_SIZE, SAME_PARAMS = "LSTM", "GRU, equal hidden size", "GRU, equal parameters"
NETWORKS = (LSTM, SAME_SIZE, SAME_PARAMS)
ENOUGH_SEEDS = 5  # the two are close: three would decide nothing


def plan(setup: Setup) -> Sequence[Cell]:
    """Train an LSTM, a GRU of as many units, and a GRU of as many parameters."""
    lstm, gru = setup.network("lstm"), setup.network("gru")
    networks = {
        LSTM: lstm,
        SAME_SIZE: gru,
        SAME_PARAMS: widened(gru, like=lstm, classes=setup.data.classes),
    }
    return [
        train_cell(settings, seed=seed, network=networks[name], train=setup.train())
        for settings, seed in grid(enough_seeds(setup.seeds), network=NETWORKS)
        for name in [settings["network"]]
    ]


def enough_seeds(seeds: Sequence[int]) -> list[int]:
    """Add the next seeds, until there are five.

    >>> enough_seeds([1, 2, 9])
    [1, 2, 9, 10, 11]
    """
    missing = max(0, ENOUGH_SEEDS - len(seeds))
    return [*seeds, *(max(seeds) + more for more in range(1, missing + 1))]


def widened(network: AnyNetwork, *, like: AnyNetwork, classes: Sequence[str]) -> AnyNetwork:
    """Give a recurrent network the hidden size with which it has as many parameters as another.

    Args:
        network: with `hidden`; a larger one has more parameters.
        like: the other.
        classes: of both.
    """
    wanted = _count(like, classes)

    def surplus(hidden: int) -> int:
        return _count(_with_hidden(network, hidden), classes) - wanted

    low, high = 4, 2048  # what params allow
    while low < high:  # the smallest that has enough
        middle = (low + high) // 2
        low, high = (low, middle) if surplus(middle) >= 0 else (middle + 1, high)
    hidden = min((max(low - 1, 4), low), key=lambda each: abs(surplus(each)))
    return _with_hidden(network, hidden)


def _with_hidden(network: AnyNetwork, hidden: int) -> AnyNetwork:
    return network.model_copy(update={"hidden": hidden})


def _count(network: AnyNetwork, classes: Sequence[str]) -> int:
    return count_parameters(build_network(network, classes=classes))


def conclude(table: Table) -> Finding:
    """Judge all three parts of the claim; of the last two, at equal size and equal parameters."""
    params = {name: int(table.first(network=name).values["num_params"]) for name in NETWORKS}
    better = {name: _difference(table, "accuracy", name) for name in (SAME_SIZE, SAME_PARAMS)}
    tighter = {name: _difference(table, "gap", name) for name in (SAME_SIZE, SAME_PARAMS)}
    return Finding(
        verdict=all_of(
            [
                decide_exact(holds=params[SAME_SIZE] < params[LSTM]),
                *(decide(each) for each in better.values()),
                *(decide(_negated(each)) for each in tighter.values()),
            ]
        ),
        why=f"with as many units a GRU has {params[SAME_SIZE]:,} parameters, an LSTM "
        f"{params[LSTM]:,}; its accuracy less the LSTM's is {better[SAME_SIZE]} (with as many "
        f"parameters {better[SAME_PARAMS]}), its gap between training and unseen pictures less "
        f"the LSTM's {tighter[SAME_SIZE]} ({tighter[SAME_PARAMS]}), "
        f"over {better[SAME_SIZE].n} seeds",
        evidence=[
            *(
                each.as_evidence(
                    setting=f"{name} less LSTM", measure=measure, unit="fraction of pictures"
                )
                for measure, found in (("accuracy", better), ("train-test gap", tighter))
                for name, each in found.items()
            ),
            *_costs(table),
        ],
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint(sheet, table),
                caption="Left: accuracy on pictures that were learned from and on unseen ones; the "
                "distance between the two is the gap. Right: by how much each GRU scores more than "
                "the LSTM of the same seed (dots), and their mean. Bars: 95 % over seeds. On a CPU "
                "a GRU may still take longer: torch runs an LSTM as one fused operation, a GRU "
                "step by step (seconds are in timing.json).",
            )
        ],
    )


def _difference(table: Table, measure: str, name: str) -> Estimate:
    return difference(table, measure, {"network": name}, {"network": LSTM})


def _negated(each: Estimate) -> Estimate:
    low, high = (None if end is None else -end for end in (each.high, each.low))
    return Estimate(value=-each.value, low=low, high=high, n=each.n)


def _costs(table: Table) -> Iterator[Evidence]:
    for name in NETWORKS:
        for measure in ("accuracy", "train_accuracy", "gap"):
            found = estimate(table.values(measure, network=name))
            yield found.as_evidence(setting=name, measure=measure, unit="fraction of pictures")
        for measure, unit in (("num_params", "parameters"), ("macs", "multiply-adds a picture")):
            yield Evidence(
                setting=name,
                measure=measure,
                value=table.first(network=name).values[measure],
                low=None,
                high=None,
                unit=unit,
                n=1,
            )


def _paint(sheet: Sheet, table: Table) -> None:
    scores, gains = sheet.subplots(1, 2, width_ratios=(1.4, 1))
    labels = ["LSTM", "GRU,\nequal\nhidden size", "GRU,\nequal\nparameters"]
    learned, unseen = line_styles(2)
    for measure, label, style in (
        ("train_accuracy", "learned from", learned),
        ("accuracy", "unseen", unseen),
    ):
        found = [estimate(table.values(measure, network=name)) for name in NETWORKS]
        plot_estimates(scores, range(3), found, label=label, style=style | {"ls": ""})
    scores.set_xticks(range(3), labels)
    scores.set(ylabel="accuracy (0 to 1)", xlim=(-0.5, 2.5))
    scores.legend()
    _paint_gains(gains, table, labels[1:])


def _paint_gains(axes: Axes, table: Table, labels: Sequence[str]) -> None:
    for place, name in enumerate((SAME_SIZE, SAME_PARAMS)):
        each_S = table.differences("accuracy", {"network": name}, {"network": LSTM})
        axes.plot([place - 0.15] * len(each_S), each_S, ".", color="0.5")
        plot_estimates(axes, [place], [estimate(each_S)])
    axes.axhline(0, color="0.6", linewidth=0.8)
    axes.set_xticks(range(2), labels)
    axes.set(ylabel="accuracy less the LSTM's", xlim=(-0.5, 1.5))


STUDY = Study(
    id="gru_vs_lstm",
    chapter=Chapter.GATES,
    title=Words(en="GRU against LSTM", ko="GRU와 LSTM 비교"),
    claim=Words(
        en="A GRU has fewer parameters than an LSTM, generalises better and performs better.",
        ko="GRU는 LSTM보다 파라미터 수가 적고, 일반화가 더 잘 되며 성능이 더 좋다.",
    ),
    method=f"An LSTM, a GRU of the same hidden size and a GRU of the same number of parameters are "
    f"trained on the same batches for the same number of steps, with {ENOUGH_SEEDS} seeds or more. "
    "Accuracy on unseen pictures, its distance from that on learned ones (the gap), parameters and "
    "multiply-adds are measured.",
    rule="Supported if the GRU of equal hidden size has fewer parameters and, both at equal hidden "
    "size and at equal parameters, accuracy is higher and the gap smaller than the LSTM's, seed by "
    "seed, each with a 95 % interval on its side of 0; refuted if one of the five is on the other "
    "side; else undecided.",
    plan=plan,
    conclude=conclude,
)
