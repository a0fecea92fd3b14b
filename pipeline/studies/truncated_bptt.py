"""What does it cost to cut back-propagation through time short?

`truncate_steps: k` cuts the sequence into blocks of k tokens; states flow on, gradients stay in
their block (pipeline/networks/parts/recurrent.py).
"""

from collections.abc import Iterator, Sequence
from itertools import count, islice
from time import process_time

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from matplotlib.figure import Figure as Sheet
from torch import Tensor, nn

from pipeline.dataset.loader import TrainBatch, train_batches
from pipeline.dataset.seed import derive_seed
from pipeline.networks import start_network
from pipeline.params import AnyNetwork, Train, View
from pipeline.studies.parts.cells import Bench, Cell, Measured, grid
from pipeline.studies.parts.figure import HATCHES, MAIN, draw, line_styles, plot_estimates
from pipeline.studies.parts.memory import kept_bytes
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Finding, Study, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.training import (
    score_trained,
    train_once,
    training_pictures,
)
from pipeline.studies.parts.verdict import all_of, decide, difference, estimate
from pipeline.training.loop import trained_module

# They divide the tokens of a picture, 36 and with the full budget 64, so that the last block, from
# which the answer is read, is whole.
STEPS = {"quick": (4, 12), "full": (4, 8, 16, 32)}
ALL = 0  # in the table: back to the first token
MARGIN = 0.05  # of accuracy: what truncation may cost
PROBES = 12  # batches whose gradients are compared


def plan(setup: Setup) -> Sequence[Cell]:
    """Train an RNN that answers from its last state, with gradients cut after so many tokens."""
    cells = []
    for settings, seed in grid(setup.seeds, truncate_steps=[*STEPS[setup.budget.name], ALL]):
        network = setup.network(
            "rnn",
            bidirectional=False,
            read_out="last",
            recurrent_init="default",
            truncate_steps=settings["truncate_steps"] or None,
        )
        arguments = {"network": network, "train": setup.train()}
        cells.append(Cell(settings=settings, seed=seed, function=measure, arguments=arguments))
    return cells


def measure(bench: Bench, *, seed: int, network: AnyNetwork, train: Train) -> Measured:
    """Train, score, and look at the gradients of single batches before training and after.

    Returns:
        What `score_trained` gives; `spread_start` and `spread_end`: standard deviation, over
        batches, of the log10 of the norm of the gradient; `kept_bytes` of one batch.
        Timing: `step_s`, forward and back, of one batch.
    """
    pictures = training_pictures(bench)
    trained = train_once(bench, seed=seed, network=network, train=train, pictures=pictures)
    measured = score_trained(bench, trained, pictures=pictures)
    torch.manual_seed(derive_seed(seed, use="init"))  # as training began
    start = start_network(network, classes=bench.data.classes, root=bench.root)
    fresh = bench.runtime.place(start.module)
    batches = [
        (batch.x_BCSS.to(bench.runtime.dtype), batch.targets_BK.to(bench.runtime.dtype))
        for batch in islice(_batches(bench, train, start.view, seed=seed), PROBES)
    ]
    start_s = process_time()
    values = {
        "spread_start": spread(fresh, batches),
        "spread_end": spread(trained_module(trained, runtime=bench.runtime), batches),
    }
    step_s = (process_time() - start_s) / (2 * len(batches))
    return Measured(
        values={**measured.values, **values, "kept_bytes": kept_bytes(fresh, batches[0][0])},
        timing={**measured.timing, "step_s": step_s},
    )


def _batches(bench: Bench, train: Train, view: View, *, seed: int) -> Iterator[TrainBatch]:
    """Give the batches of training from the first on, all of one size."""
    pictures, device = training_pictures(bench), bench.runtime.device
    for epoch in count(1):
        yield from train_batches(
            pictures, view=view, train=train, seed=seed, epoch=epoch, device=device
        )


def spread(module: nn.Module, batches: Sequence[tuple[Tensor, Tensor]]) -> float:
    """Give how much the length of the gradient differs from batch to batch, in powers of ten."""
    module.train()
    norms = [gradient_norm(module, x_BCSS, targets_BK) for x_BCSS, targets_BK in batches]
    return float(np.log10(norms).std())


def gradient_norm(module: nn.Module, x_BCSS: Tensor, targets_BK: Tensor) -> float:
    """Give the length of the gradient of one batch by the recurrent weights."""
    weights = [each for name, each in module.named_parameters() if "weight_hh" in name]
    loss = F.cross_entropy(module(x_BCSS), targets_BK)
    gradients = torch.autograd.grad(loss, weights)
    return float(torch.cat([each.flatten() for each in gradients]).norm())


def conclude(table: Table) -> Finding:
    """Is the whole way less stable than the shortest, and does cutting it cost accuracy?"""
    steps = [
        int(value) for value in dict.fromkeys(r.settings["truncate_steps"] for r in table.runs)
    ]
    shortest, longest = (find([k for k in steps if k != ALL]) for find in (min, max))
    unstable = difference(
        table, "spread_end", {"truncate_steps": ALL}, {"truncate_steps": shortest}
    )
    kept = difference(table, "accuracy", {"truncate_steps": longest}, {"truncate_steps": ALL})
    return Finding(
        verdict=all_of([decide(unstable), decide(kept, above=-MARGIN)]),
        why=(
            f"over {kept.n} seeds the gradient through all steps spreads {unstable} powers of ten "
            f"more than through {shortest}, and cutting after {longest} changes the accuracy by "
            f"{kept}"
        ),
        evidence=[
            unstable.as_evidence(
                setting=f"all steps less {shortest}", measure="spread_end", unit="powers of ten"
            ),
            kept.as_evidence(
                setting=f"{longest} steps less all", measure="accuracy", unit="fraction"
            ),
            *_evidence(table, steps),
        ],
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint(sheet, table, steps),
                caption=(
                    "An RNN that answers from its last state, its gradients cut after so many "
                    "steps back: accuracy on unseen pictures (left), how much the length of the "
                    "gradient differs between batches, before and after training (middle), and "
                    "memory kept for the gradient of one batch (right). Bars are 95 % intervals "
                    "over seeds."
                ),
            )
        ],
    )


def _evidence(table: Table, steps: Sequence[int]) -> Iterator[Evidence]:
    units = {"accuracy": "fraction", "spread_start": "powers of ten", "spread_end": "powers of ten"}
    for k in steps:
        for name, unit in units.items():
            each = estimate(table.values(name, truncate_steps=k))
            yield each.as_evidence(setting=_name(k), measure=name, unit=unit)


def _name(k: int) -> str:
    return "all steps" if k == ALL else f"{k} steps"


def _paint(sheet: Sheet, table: Table, steps: Sequence[int]) -> None:
    accuracy, spreads, memory = sheet.subplots(1, 3)
    places = range(len(steps))
    for axes, names in (
        (accuracy, ["accuracy"]),
        (spreads, ["spread_start", "spread_end"]),
    ):
        for name, style in zip(names, line_styles(len(names)), strict=True):
            found = [estimate(table.values(name, truncate_steps=k)) for k in steps]
            plot_estimates(axes, places, found, label=name.removeprefix("spread_"), style=style)
    megabytes = [table.first(truncate_steps=k).values["kept_bytes"] / 1e6 for k in steps]
    memory.bar(places, megabytes, color="#bbbbbb", edgecolor="black", hatch=HATCHES[1])
    accuracy.set_ylabel("accuracy (0 to 1)")
    spreads.set_ylabel("spread of log10 gradient norm")
    spreads.legend()
    memory.set_ylabel("memory kept for one batch (MB)")
    for axes in (accuracy, spreads, memory):
        axes.set_xticks(places, ["all" if k == ALL else str(k) for k in steps])
        axes.set_xlabel("steps back")


STUDY = Study(
    id="truncated_bptt",
    chapter=Chapter.SEQUENCES,
    title=Words(en="Truncated BPTT", ko="절단된 BPTT"),
    claim=Words(
        en="Applying BPTT to all steps is unstable, so it is truncated.",
        ko="모든 시점에 BPTT를 적용하면 불안정하므로, 일부 시점까지만 거슬러 가도록 절단한다.",
    ),
    method=(
        "An RNN that answers from its last state is trained with gradients that flow back through "
        "4, 12 or all 36 tokens (full: 4, 8, 16, 32 or all 64); batches, epochs and first weights "
        "are equal. Measured are accuracy, how much the length of the gradient differs between "
        "batches, and the memory kept."
    ),
    rule=(
        "Supported if, paired by seed, the 95 % interval of the spread of the log10 of the "
        "gradient's norm between batches, after training, through all steps less through 4, lies "
        "above 0, and that of the accuracy of the longest truncation less that of all steps above "
        "-0.05; refuted if one of them lies wholly on the other side; else undecided."
    ),
    plan=plan,
    conclude=conclude,
)
