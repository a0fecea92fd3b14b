"""Are many heads better than one?"""

from collections.abc import Sequence

from matplotlib.figure import Figure as Sheet

from pipeline.studies.parts.cells import Cell, grid
from pipeline.studies.parts.figure import MAIN, draw, plot_estimates
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Finding, Study, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.training import train_cell
from pipeline.studies.parts.verdict import decide, difference, estimate

HEADS = (1, 2, 4, 8)


def plan(setup: Setup) -> Sequence[Cell]:
    """Train the same Vision Transformer with each number of heads."""
    return [
        train_cell(
            settings | {"many": settings["heads"] > 1},
            seed=seed,
            network=setup.network("vit", **settings),
            train=setup.train(),
        )
        for settings, seed in grid(setup.seeds, heads=HEADS)
    ]


def conclude(table: Table) -> Finding:
    """Compare the mean of two, four and eight heads with one."""
    gain = difference(table, "accuracy", {"many": True}, {"many": False})
    return Finding(
        verdict=decide(gain),
        why=f"the mean accuracy of 2, 4 and 8 heads less that of one is {gain}, over {gain.n} "
        "seeds",
        evidence=[
            gain.as_evidence(setting="2, 4, 8 less 1", measure="accuracy", unit="fraction"),
            *(
                estimate(table.values("accuracy", heads=heads)).as_evidence(
                    setting=f"heads {heads}", measure="accuracy", unit="fraction"
                )
                for heads in HEADS
            ),
        ],
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint(sheet, table),
                caption="Accuracy of a Vision Transformer with 1, 2, 4 and 8 heads of one total "
                "width, on pictures that it did not learn from. Bars: 95 % over seeds.",
            )
        ],
    )


def _paint(sheet: Sheet, table: Table) -> None:
    axes = sheet.subplots()
    scores = [estimate(table.values("accuracy", heads=heads)) for heads in HEADS]
    plot_estimates(axes, HEADS, scores)
    axes.set_xscale("log", base=2)
    axes.set_xticks(HEADS, [str(heads) for heads in HEADS])
    axes.set(xlabel="heads (their widths together stay the same)", ylabel="accuracy (0 to 1)")


STUDY = Study(
    id="heads",
    chapter=Chapter.ATTENTION,
    title=Words(en="Many heads", ko="멀티 헤드"),
    claim=Words(
        en="Multi-head attention: several heads, projected back, are better than one.",
        ko="멀티 헤드 어텐션: 여러 헤드의 결과를 다시 투영하면 헤드 하나보다 낫다.",
    ),
    method="A Vision Transformer is trained with 1, 2, 4 and 8 heads; width, parameters, "
    "multiply-adds, pictures and steps are the same, only the width of a head shrinks. Accuracy "
    "is measured on pictures that none of them learned from.",
    rule="Supported if the mean accuracy of 2, 4 and 8 heads less that of one head, seed by seed, "
    "has a 95 % interval above 0; refuted if below 0; else undecided.",
    plan=plan,
    conclude=conclude,
)
