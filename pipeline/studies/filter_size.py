"""Does the size of a CNN's filter matter, and how far does a place of its last map see?

Letters: S side of a picture in px, T side of the canvas that a field is measured on, B pictures.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from pipeline.dataset.loader import eval_batches
from pipeline.dataset.selection import select
from pipeline.networks.parts.cost import receptive_field_px, stride_px
from pipeline.params import AnyNetwork, Train
from pipeline.studies.parts.cells import Bench, Cell, Measured, grid
from pipeline.studies.parts.figure import MAIN, draw, line_styles, plot_estimates
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Finding, Study, Words
from pipeline.studies.parts.table import Scalar, Table
from pipeline.studies.parts.training import (
    first_of_each,
    macs_of,
    score_trained,
    scored_pictures,
    train_once,
    training_pictures,
)
from pipeline.studies.parts.verdict import decide_differs, difference, estimate
from pipeline.training.loop import trained_module

NARROW, WIDE = 3, 11
MARGIN = 0.02  # of accuracy: a smaller difference does not matter
# Filter sizes of each budget; a dense 11 x 11 is nearly half of a quick budget alone.
SIZES: Mapping[str, Mapping[str, Sequence[int]]] = {
    "quick": {"depthwise": (3, 7, 11), "dense": (3, 7)},
    "full": {"depthwise": (3, 5, 7, 9, 11), "dense": (3, 5, 7, 9, 11)},
}
EPOCHS, COMPUTE = "equal epochs", "equal compute"
MIRRORS = 9  # a field is wider than a picture, so it is measured on a square of so many
FIELD_CELLS = 48  # of a drawn field, each way
FRACTION = 0.95  # of the gradient that an effective field holds


def plan(setup: Setup) -> Sequence[Cell]:
    """Train every size for as many epochs, and depthwise ones for as many multiply-adds."""
    sizes = SIZES[setup.budget.name]
    return [
        *(cell for name, own in sizes.items() for cell in _cells(setup, EPOCHS, name, own)),
        *_cells(setup, COMPUTE, "depthwise", [k for k in sizes["depthwise"] if k != NARROW]),
    ]


def _cells(setup: Setup, equal: str, convolution: str, sizes: Sequence[int]) -> Iterator[Cell]:
    narrow = setup.network("cnn", convolution=convolution, kernel_size=NARROW)
    for settings, seed in grid(
        setup.seeds, equal=[equal], convolution=[convolution], kernel_size=sizes
    ):
        network = setup.network("cnn", convolution=convolution, kernel_size=settings["kernel_size"])
        train = setup.train()
        if equal == COMPUTE:
            macs, of_narrow = (macs_of(n, classes=setup.data.classes) for n in (network, narrow))
            train = setup.train(epochs=max(1, round(train.epochs * of_narrow / macs)))
        arguments = {"network": network, "train": train}
        yield Cell(settings=settings, seed=seed, function=measure, arguments=arguments)


def measure(bench: Bench, *, seed: int, network: AnyNetwork, train: Train) -> Measured:
    """Train a CNN, score it, and look how far the middle of its last map sees.

    Returns:
        What `score_trained` gives; `epochs`; `can_see_px` and `sees_px`, sides of the theoretical
        and the effective receptive field; `canvas_px`, of the square that it was measured on, and
        `middle_px`, its middle; `field`, the effective field as a map of `FIELD_CELLS` squared.
    """
    pictures = training_pictures(bench)
    trained = train_once(bench, seed=seed, network=network, train=train, pictures=pictures)
    measured = score_trained(bench, trained, pictures=pictures)
    chain = cast("Any", trained_module(trained, runtime=bench.runtime)).chain()
    pack = scored_pictures(bench)
    few = select([pack], [first_of_each(pack, 1)])
    batch = next(eval_batches(few, view=trained.card.view, batch_size=len(few)))
    x_BCSS = batch.x_BCSS.to(bench.runtime.device, bench.runtime.dtype)
    field_TT = middle_gradient(chain, mirrored(x_BCSS))
    return Measured(
        values={
            **measured.values,
            "epochs": train.epochs,
            "can_see_px": receptive_field_px(chain),
            "sees_px": side_px(field_TT, step_px=stride_px(chain)),
            "canvas_px": len(field_TT),
            "middle_px": middle_of(len(field_TT), step_px=stride_px(chain)),
            "field": _shrunk(field_TT),
        },
        timing=measured.timing,
    )


def mirrored(x_BCSS: Tensor) -> Tensor:
    """Continue pictures by their mirror images, (B, C, T, T), T = `MIRRORS` S."""
    row = [x_BCSS, x_BCSS.flip(3)] * MIRRORS
    x_BCST = torch.cat(row[:MIRRORS], dim=3)
    column = [x_BCST, x_BCST.flip(2)] * MIRRORS
    return torch.cat(column[:MIRRORS], dim=2)


def middle_gradient(chain: nn.Module, x_BCTT: Tensor) -> Tensor:
    """Measure how much each px moves the middle of the last map, (T, T), mean over pictures."""
    maps_BCHW = chain(x_BCTT.requires_grad_())
    middle = maps_BCHW.shape[-1] // 2
    (gradient_BCTT,) = torch.autograd.grad(maps_BCHW[:, :, middle, middle].sum(), x_BCTT)
    return gradient_BCTT.abs().sum(dim=1).mean(dim=0).cpu()


def middle_of(size_px: int, *, step_px: int) -> int:
    """Find the px that the middle place of the last map looks at."""
    return -(-size_px // step_px) // 2 * step_px


def side_px(field_TT: Tensor, *, step_px: int) -> int:
    """Give the side of the smallest square around the middle that holds most of the gradient.

    Args:
        field_TT: gradient of each px.
        step_px: how far apart in the picture two neighbours of the last map are.
    """
    size_px = len(field_TT)
    middle_px = middle_of(size_px, step_px=step_px)
    places_px = (torch.arange(size_px) - middle_px).abs()
    distances_TT = torch.maximum(places_px[:, None], places_px)
    by_distance = torch.zeros(size_px).index_add(0, distances_TT.flatten(), field_TT.flatten())
    inside = by_distance.cumsum(0) / by_distance.sum()
    return 2 * int((inside < FRACTION).sum()) + 1


def _shrunk(field_TT: Tensor) -> list[list[float]]:
    cells = F.adaptive_avg_pool2d(field_TT[None, None], FIELD_CELLS)[0, 0]
    rounded: list[list[float]] = (cells / cells.max()).double().mul(1e3).round().div(1e3).tolist()
    return rounded


def conclude(table: Table) -> Finding:
    """Compare the widest filter with the narrowest, on equal terms of both kinds."""
    wide, narrow = (
        dict[str, Scalar]({"equal": EPOCHS, "convolution": "depthwise", "kernel_size": size})
        for size in (WIDE, NARROW)
    )
    main = difference(table, "accuracy", wide, narrow)
    cheap = difference(table, "accuracy", wide | {"equal": COMPUTE}, narrow)
    name = f"{WIDE} x {WIDE} less {NARROW} x {NARROW}, depthwise"
    return Finding(
        verdict=decide_differs(main, margin=MARGIN),
        why=(
            f"the accuracy of {WIDE} x {WIDE} less that of {NARROW} x {NARROW} is {main} for equal "
            f"epochs and {cheap} for equal compute, over {main.n} seeds"
        ),
        evidence=[
            main.as_evidence(setting=f"{name}, {EPOCHS}", measure="accuracy", unit="fraction"),
            cheap.as_evidence(setting=f"{name}, {COMPUTE}", measure="accuracy", unit="fraction"),
            *_evidence(table),
        ],
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint_cost(sheet.subplots(), table),
                caption=(
                    "Accuracy on unseen pictures against the cost of training, for filters of "
                    "k x k; bars are 95 % intervals over seeds. Dense filters look at all channels "
                    "at once, depthwise ones at each alone."
                ),
            ),
            draw(
                "fields.svg",
                lambda sheet: _paint_fields(sheet, table),
                caption=(
                    "How far one place of the last map sees, after training, on real pictures "
                    "(continued by their mirror images): the darker, the more a pixel moves it. "
                    "The dashed square holds 95 % of it; none sees as far as it could."
                ),
                height_in=2.9,
            ),
        ],
    )


def _settings(table: Table) -> list[dict[str, Any]]:
    return list({str(run.settings): dict(run.settings) for run in table.runs}.values())


def _evidence(table: Table) -> Iterator[Evidence]:
    for settings in _settings(table):
        size, name = settings["kernel_size"], f"{settings['convolution']}, {settings['equal']}"
        setting = f"{size} x {size}, {name}"
        for measure_, unit in (("accuracy", "fraction"), ("sees_px", "px")):
            each = estimate(table.values(measure_, **settings))
            yield each.as_evidence(setting=setting, measure=measure_, unit=unit)


def _paint_cost(axes: Axes, table: Table) -> None:
    kinds = dict.fromkeys((s["convolution"], s["equal"]) for s in _settings(table))
    for style, (convolution, equal) in zip(line_styles(len(kinds)), kinds, strict=True):
        own = [
            s for s in _settings(table) if (s["convolution"], s["equal"]) == (convolution, equal)
        ]
        firsts = [table.first(**settings).values for settings in own]
        costs = [values["macs"] * values["epochs"] / 1e6 for values in firsts]
        scores = [estimate(table.values("accuracy", **settings)) for settings in own]
        plot_estimates(axes, costs, scores, label=f"{convolution}, {equal}", style=style)
        for settings, cost, score in zip(own, costs, scores, strict=True):
            place = (cost, score.value)
            axes.annotate(
                f"k={settings['kernel_size']}", place, xytext=(4, 4), textcoords="offset points"
            )
    cost = "million multiply-adds for each training picture, over all epochs"
    axes.set(xscale="log", xlabel=cost, ylabel="accuracy (0 to 1)")
    axes.legend()


def _paint_fields(sheet: Sheet, table: Table) -> None:
    shown = [s for s in _settings(table) if (s["convolution"], s["equal"]) == ("depthwise", EPOCHS)]
    for axes, settings in zip(sheet.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        size = settings["kernel_size"]
        run = table.first(**settings)
        axes.imshow(run.values["field"], vmin=0, vmax=0.5, interpolation="nearest")
        sees, can_see = run.values["sees_px"], run.values["can_see_px"]
        # A cell is as many px wide as the canvas, `MIRRORS` pictures, has of them.
        cells_per_px = FIELD_CELLS / run.values["canvas_px"]
        side = sees * cells_per_px
        corner = (run.values["middle_px"] * cells_per_px - side / 2 - 0.5,) * 2
        axes.add_patch(Rectangle(corner, side, side, fill=False, ls="--", lw=0.8))
        axes.set(title=f"k = {size}", xticks=[], yticks=[])
        axes.set_xlabel(f"sees {sees} px,\ncould {can_see} px")


STUDY = Study(
    id="filter_size",
    chapter=Chapter.FILTERS,
    title=Words(en="Filter size", ko="필터 크기"),
    claim=Words(en="The size of a CNN's filter matters.", ko="CNN은 필터의 크기가 중요하다."),
    method=(
        "The same CNN is trained with filters of 3 x 3 to 11 x 11, depthwise and dense, on the "
        "same batches for the same epochs, and once more for as many multiply-adds (in whole "
        "epochs) as 3 x 3 needs. Measured are accuracy on unseen pictures and how far the middle "
        "of the last map can see and does see."
    ),
    rule=(
        "Depthwise, for equal epochs: supported if the 95 % interval of the difference in accuracy "
        "between 11 x 11 and 3 x 3, paired by seed, leaves out 0; refuted if it holds 0 and lies "
        "within +-0.02; else undecided."
    ),
    plan=plan,
    conclude=conclude,
)
