"""Does what the encoder hands over decide what the decoder answers?"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure as Sheet

from pipeline.dataset.loader import eval_batches
from pipeline.networks.decoder import ClassDecoder
from pipeline.params import AnyNetwork, Train
from pipeline.studies.parts.cells import Bench, Cell, Measured
from pipeline.studies.parts.figure import MAP, draw
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Finding, Study, Verdict, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.thumbnails import as_percent, paint_thumbnail
from pipeline.studies.parts.training import (
    score_trained,
    scored_pictures,
    train_cell,
    train_once,
    training_pictures,
)
from pipeline.studies.parts.verdict import all_of, decide, decide_exact, difference, estimate
from pipeline.training.loop import trained_module

READ_OUTS = {
    "class queries": ("decoder", {}),
    "mean of tokens": ("vit", {"pool": "mean", "depth": 3}),
    "class token": ("vit", {"pool": "class_token", "depth": 3}),
}
PICTURES = 64
SHOWN = 3
NOTHING = 1e-5  # of a probability


def plan(setup: Setup) -> Sequence[Cell]:
    """Train a decoder and, for comparison, its encoder with two other read-outs."""
    cells = []
    for name, (arch, keys) in READ_OUTS.items():
        for seed in setup.seeds:
            network = setup.network(arch, **keys)
            settings = {"read_out": name}
            if arch == "decoder":
                arguments = {"network": network, "train": setup.train()}
                cell = Cell(
                    settings=settings, seed=seed, function=swap_memories, arguments=arguments
                )
            else:
                cell = train_cell(settings, seed=seed, network=network, train=setup.train())
            cells.append(cell)
    return cells


def swap_memories(bench: Bench, *, seed: int, network: AnyNetwork, train: Train) -> Measured:
    """Train a decoder, then give it for each picture what the encoder made of another one.

    Returns:
        `accuracy` and the other measures of `score_trained`; `swapped`, how far the answers to
        swapped memories are from the swapped answers (the largest difference of probabilities);
        `over_chance`, accuracy less 1 / K; and for the figure `pictures` (grey, percent) and `maps`
        (percent of the largest; shown pictures x characters x tokens).
    """
    pictures = training_pictures(bench)
    trained = train_once(bench, seed=seed, network=network, train=train, pictures=pictures)
    measured = score_trained(bench, trained, pictures=pictures)
    module = trained_module(trained, runtime=bench.runtime)
    if not isinstance(module, ClassDecoder):
        raise TypeError(f"{type(module).__name__} is no decoder of classes")
    batches = eval_batches(
        scored_pictures(bench),
        view=trained.card.view,
        batch_size=PICTURES,
        device=bench.runtime.device,
    )
    x_BCSS = next(iter(batches)).x_BCSS
    with torch.inference_mode():
        memory_BMD, _ = module.remember(x_BCSS)
        answers_BK = module.classify(memory_BMD).softmax(dim=1)
        swapped_BK = module.classify(memory_BMD.flip(0)).softmax(dim=1)
        maps_BKN = module.attention_maps(x_BCSS[:SHOWN]).mean(dim=1)
    values: dict[str, Any] = {
        **measured.values,
        "swapped": float((swapped_BK - answers_BK.flip(0)).abs().max()),
        "over_chance": measured.values["accuracy"] - 1 / len(bench.data.classes),
        "pictures": as_percent((x_BCSS[:SHOWN].mean(dim=1) + 1) / 2),
        "maps": as_percent(maps_BKN / maps_BKN.amax(dim=2, keepdim=True)),
    }
    return Measured(values=values, timing=measured.timing)


def conclude(table: Table) -> Finding:
    """The answer must follow the memory, and be right more often than by chance."""
    own = {"read_out": "class queries"}
    swapped = float(table.values("swapped", **own).max())
    over_chance = estimate(table.values("over_chance", **own))
    follows = decide_exact(holds=swapped <= NOTHING)
    verdict: Verdict = all_of([follows, decide(over_chance)])
    leads = {
        name: difference(table, "accuracy", own, {"read_out": name})
        for name in READ_OUTS
        if name != "class queries"
    }
    compared = ", ".join(f"less that of the {name} {lead}" for name, lead in leads.items())
    return Finding(
        verdict=verdict,
        why=f"with the memories of two pictures swapped the answers are swapped to {swapped:.0e} "
        f"of a probability, and they are {over_chance} above chance; the accuracy of class "
        f"queries is, {compared}, over {over_chance.n} seeds",
        evidence=list(_evidence(table)),
        figures=[
            draw(
                "figure.png",
                lambda sheet: _paint(sheet, table),
                caption="Where the query of each character looks (dark is much) in three unseen "
                "pictures, at the left of each row. Each query asks the same of every picture.",
                height_in=3.4,
            )
        ],
    )


def _evidence(table: Table) -> Iterator[Evidence]:
    own = {"read_out": "class queries"}
    yield estimate(table.values("swapped", **own)).as_evidence(
        setting="memories swapped", measure="largest difference", unit="probability"
    )
    for name in READ_OUTS:
        for measure, unit in (("accuracy", "fraction"), ("num_params", "parameters")):
            yield estimate(table.values(measure, read_out=name)).as_evidence(
                setting=name, measure=measure, unit=unit
            )
        if name != "class queries":
            lead = difference(table, "accuracy", own, {"read_out": name})
            yield lead.as_evidence(
                setting=f"class queries less {name}", measure="accuracy", unit="fraction"
            )


def _paint(sheet: Sheet, table: Table) -> None:
    run = table.first(read_out="class queries").values
    pictures, maps_PKN = run["pictures"], np.array(run["maps"])
    num_classes, num_tokens = maps_PKN.shape[1:]
    side = round(num_tokens**0.5)
    panels = sheet.subplots(len(pictures), 1 + num_classes, squeeze=False)
    for row, picture in enumerate(pictures):
        paint_thumbnail(panels[row, 0], picture)
        for k in range(num_classes):
            heat = maps_PKN[row, k].reshape(side, side)
            paint_thumbnail(panels[row, 1 + k], heat, cmap=MAP)
    for k in range(num_classes):
        name = table.classes[k] if k < len(table.classes) else str(k)
        panels[0, 1 + k].set_title(name, fontsize=7)


STUDY = Study(
    id="decoder",
    chapter=Chapter.ATTENTION,
    title=Words(en="Encoder and decoder", ko="인코더와 디코더"),
    claim=Words(
        en="The encoder hands keys and values to the decoder, and the decoder produces the answer.",
        ko="인코더가 키와 값을 디코더에 넘기고, 디코더가 답을 만든다.",
    ),
    method="A decoder with one learned query for each character is trained on the tokens of an "
    "encoder; then each picture's memory is swapped with that of another picture. Beside it, "
    "encoders of the same depth are trained with the mean of the tokens and with a class token as "
    "read-outs, for the same steps.",
    rule=f"Supported if swapped memories give the swapped answers (to {NOTHING:g} of a "
    "probability) and the decoder's accuracy on unseen pictures lies above chance with its whole "
    "95 % interval over seeds; refuted if either fails; else undecided. Which read-out is better "
    "is shown, and decides nothing.",
    plan=plan,
    conclude=conclude,
)
