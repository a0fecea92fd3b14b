"""Is the Transformer better than the recurrent network, and from how many pictures on?"""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure as Sheet

from pipeline.studies.gru_vs_lstm import widened
from pipeline.studies.parts.cells import Cell, grid
from pipeline.studies.parts.figure import MAIN, draw, line_styles, plot_estimates
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Finding, Study, UndecidableError, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.training import first_of_each, train_cell
from pipeline.studies.parts.verdict import decide, difference, estimate

SHARES = ("a quarter", "half", "all")  # of the pictures of the character that has most
SMALLEST = 5  # pictures of a character, in a quarter
NAMES = {"vit": "Transformer", "gru": "GRU"}


def plan(setup: Setup) -> Sequence[Cell]:
    """Train both on a quarter, half and all of the pictures, for the same number of steps."""
    most = int(np.bincount(setup.data.train.labels_N).max())
    num_all = setup.data.num_train
    sizes = dict(zip(SHARES, (most // 4, most // 2, None), strict=True))
    counts = {share: len(first_of_each(setup.data.train, size)) for share, size in sizes.items()}
    if counts["a quarter"] < SMALLEST * len(setup.data.classes):
        raise UndecidableError(
            f"there are {num_all} training pictures of {len(setup.data.classes)} characters; a "
            f"quarter should still show {SMALLEST} of each"
        )
    vit = setup.network("vit")
    gru = widened(setup.network("gru"), like=vit, classes=setup.data.classes)
    return [
        train_cell(
            settings | {"pictures": counts[share]},
            seed=seed,
            network={"vit": vit, "gru": gru}[settings["arch"]],
            train=setup.train(epochs=round(setup.budget.train["epochs"] * num_all / counts[share])),
            num_per_class=sizes[share],
        )
        for settings, seed in grid(setup.seeds, arch=list(NAMES), share=SHARES)
        for share in [settings["share"]]
    ]


def conclude(table: Table) -> Finding:
    """Compare the two, the mean over the three sizes of the dataset."""
    gain = difference(table, "accuracy", {"arch": "vit"}, {"arch": "gru"})
    by_share = {
        share: difference(
            table, "accuracy", {"arch": "vit", "share": share}, {"arch": "gru", "share": share}
        )
        for share in SHARES
    }
    return Finding(
        verdict=decide(gain),
        why=f"with as many parameters the Transformer's accuracy less the GRU's is {gain} over "
        f"{gain.n} seeds; with all pictures {by_share['all']}, with a quarter of them "
        f"{by_share['a quarter']}",
        evidence=[
            gain.as_evidence(
                setting="Transformer less GRU", measure="accuracy", unit="fraction of pictures"
            ),
            *(
                each.as_evidence(
                    setting=f"Transformer less GRU, {share} of the pictures",
                    measure="accuracy",
                    unit="fraction of pictures",
                )
                for share, each in by_share.items()
            ),
            *_of_each(table),
        ],
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint(sheet, table),
                caption="Accuracy on unseen pictures of a Transformer and a GRU that have as many "
                "parameters, read the same tokens and learn for as many steps, against the number "
                "of pictures that they learn from. Bars: 95 % over seeds.",
            )
        ],
    )


def _of_each(table: Table) -> list[Evidence]:
    """Give parameters and multiply-adds of both, which no seed changes."""
    return [
        Evidence(
            setting=name,
            measure=measure,
            value=table.first(arch=arch).values[measure],
            low=None,
            high=None,
            unit=unit,
            n=1,
        )
        for arch, name in NAMES.items()
        for measure, unit in (("num_params", "parameters"), ("macs", "multiply-adds a picture"))
    ]


def _paint(sheet: Sheet, table: Table) -> None:
    axes = sheet.subplots()
    sizes = [int(table.first(share=share).settings["pictures"]) for share in SHARES]
    for style, (arch, name) in zip(line_styles(2), NAMES.items(), strict=True):
        scores = [estimate(table.values("accuracy", arch=arch, share=share)) for share in SHARES]
        plot_estimates(axes, sizes, scores, label=name, style=style)
    axes.set_xscale("log")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set(xlabel="training pictures", ylabel="accuracy (0 to 1)")
    axes.legend()


STUDY = Study(
    id="transformer_vs_rnn",
    chapter=Chapter.ATTENTION,
    title=Words(en="Transformer against RNN", ko="트랜스포머와 RNN 비교"),
    claim=Words(
        en="The Transformer is better than recurrent networks, the GRU among them.",
        ko="트랜스포머는 GRU를 비롯한 순환 신경망(RNN)보다 성능이 더 좋다.",
    ),
    method="A Transformer and a GRU with the same tokens, the same number of parameters (the GRU's "
    "hidden size is chosen for it), the same batches and the same number of steps learn from a "
    "quarter, half and all of the pictures. Accuracy is measured on unseen pictures.",
    rule="Supported if the Transformer's accuracy less the GRU's, the mean over the three sizes, "
    "seed by seed, has a 95 % interval above 0; refuted if below 0; else undecided.",
    plan=plan,
    conclude=conclude,
)
