"""Is there an order without a positional encoding?"""

from collections.abc import Iterator, Sequence
from typing import cast

import torch
from matplotlib.figure import Figure as Sheet
from torch import Tensor

from pipeline.dataset.loader import eval_batches
from pipeline.dataset.seed import make_generator
from pipeline.networks.vit import VisionTransformer
from pipeline.params import AnyNetwork, Train
from pipeline.studies.parts.cells import Bench, Cell, Measured, grid
from pipeline.studies.parts.figure import MAIN, draw, plot_scores
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Finding, Study, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.training import (
    scored_pictures,
    train_once,
    training_pictures,
)
from pipeline.studies.parts.verdict import Estimate, decide_exact, difference, estimate
from pipeline.training.loop import trained_module

KINDS = ("none", "learned", "sine_1d", "sine_2d")
NOTHING = 1e-5  # of a logit: what rounding may do
DIGITS = 9  # kept of a change: what double precision rounds away differs between processors


def plan(setup: Setup) -> Sequence[Cell]:
    """Train with each kind of position, and with none."""
    return [
        Cell(
            settings=settings,
            seed=seed,
            function=measure_shuffled,
            arguments={"network": setup.network("vit", **settings), "train": setup.train()},
        )
        for settings, seed in grid(setup.seeds, position=list(KINDS))
    ]


def measure_shuffled(bench: Bench, *, seed: int, network: AnyNetwork, train: Train) -> Measured:
    """Train on whole pictures; score whole ones, and the same with their patches shuffled.

    Returns:
        `accuracy`, `shuffled_accuracy`, and `change`: the largest |difference| of a logit,
        in whole units of 1e-9.
    """
    trained = train_once(
        bench, seed=seed, network=network, train=train, pictures=training_pictures(bench)
    )
    module = cast(
        "VisionTransformer", trained_module(trained, runtime=bench.runtime).cpu()
    ).double()
    scored = scored_pictures(bench)
    x_BCSS = next(iter(eval_batches(scored, view=trained.card.view, batch_size=len(scored))))[0]
    whole_BK, shuffled_BK = answers(module, x_BCSS.double(), seed=seed)
    labels_B = torch.from_numpy(scored.labels_N)
    return Measured(
        values={
            "accuracy": _accuracy(whole_BK, labels_B),
            "shuffled_accuracy": _accuracy(shuffled_BK, labels_B),
            "change": round(float((shuffled_BK - whole_BK).abs().max()), DIGITS),
        },
        timing={"train_s": trained.timing["seconds"]},
    )


@torch.inference_mode()
def answers(module: VisionTransformer, x_BCSS: Tensor, *, seed: int) -> tuple[Tensor, Tensor]:
    """Give the logits (B, K) of pictures, and those of the same patches in one other order."""
    x_BND = module.cut(x_BCSS)
    generator = make_generator(seed, use="order of patches")
    order_N = torch.randperm(x_BND.shape[1], generator=generator)
    return module.classify(x_BND), module.classify(x_BND[:, order_N])


def _accuracy(logits_BK: Tensor, labels_B: Tensor) -> float:
    return float((logits_BK.argmax(dim=1) == labels_B).double().mean())


def conclude(table: Table) -> Finding:
    """Compare the largest change without positions with the smallest one with them."""
    without = float(table.values("change", position="none").max())
    least = min(float(table.values("change", position=kind).min()) for kind in _with_positions())
    worth = difference(table, "accuracy", {"position": "learned"}, {"position": "none"})
    return Finding(
        verdict=decide_exact(holds=without <= NOTHING < least),
        why=f"when the patches are shuffled no logit changes by more than {without:.1g} without "
        f"positions, and some change by {least:.2g} or more in every network that has them; "
        f"learned positions add {worth} to the accuracy on whole pictures over {worth.n} seeds, "
        "which decides nothing",
        evidence=[
            *(
                Evidence(
                    setting=f"position {kind}",
                    measure="largest change of a logit by shuffling",
                    value=float(table.values("change", position=kind).max()),
                    low=None,
                    high=None,
                    unit="logits",
                    n=len(table.where(position=kind)),
                )
                for kind in KINDS
            ),
            worth.as_evidence(
                setting="learned less none", measure="accuracy", unit="fraction of pictures"
            ),
            *_accuracies(table),
        ],
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint(sheet, table),
                caption="Left: by how much shuffling a picture's patches moves the logits of a "
                "trained Vision Transformer, a dot for each seed; below the grey line it is "
                "rounding. Right: accuracy on whole and on shuffled pictures, which decides "
                "nothing. Bars: 95 % over seeds.",
            )
        ],
    )


def _with_positions() -> list[str]:
    return [kind for kind in KINDS if kind != "none"]


def _accuracies(table: Table) -> Iterator[Evidence]:
    for kind in KINDS:
        for measure in ("accuracy", "shuffled_accuracy"):
            yield _of(table, measure, kind).as_evidence(
                setting=f"position {kind}", measure=measure, unit="fraction of pictures"
            )


def _of(table: Table, measure: str, kind: str) -> Estimate:
    return estimate(table.values(measure, position=kind))


def _paint(sheet: Sheet, table: Table) -> None:
    changes, scores = sheet.subplots(1, 2)
    for place, kind in enumerate(KINDS):
        found_S = table.values("change", position=kind)
        changes.plot([place] * len(found_S), found_S, "o", color="0")
    changes.axhline(NOTHING, color="0.6", linewidth=0.8)
    changes.set_xticks(range(len(KINDS)), KINDS)
    changes.set_yscale("symlog", linthresh=NOTHING)  # a change may be 0
    changes.set_ylim(-NOTHING / 2, 3 * max(NOTHING, *table.values("change")))
    changes.set(
        xlim=(-0.5, len(KINDS) - 0.5),
        xlabel="position",
        ylabel="largest change of a logit",
    )
    whole, shuffled = (
        [_of(table, measure, kind) for kind in KINDS]
        for measure in ("accuracy", "shuffled_accuracy")
    )
    plot_scores(scores, KINDS, {"whole": whole, "shuffled": shuffled}, xlabel="position")


STUDY = Study(
    id="position",
    chapter=Chapter.ATTENTION,
    title=Words(en="Positional encoding", ko="위치 인코딩"),
    claim=Words(
        en="Without positional encoding there is no order.",
        ko="위치 인코딩(positional encoding)이 없으면 순서가 없다.",
    ),
    method="A Vision Transformer is trained without positions (none), with learned ones, with "
    "sines of a patch's number (sine_1d) and with sines of its row and column (sine_2d), all else "
    "equal. Then the patches of unseen pictures are shuffled, and the change of every logit is "
    "measured in double precision, as is accuracy.",
    rule=f"Supported if without positions no logit of any picture changes by more than {NOTHING} "
    "when patches are shuffled, and in every network with positions some logit does; else refuted. "
    "Whether positions raise accuracy is shown, and decides nothing.",
    plan=plan,
    conclude=conclude,
)
