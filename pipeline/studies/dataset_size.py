"""Are 200 pictures of each character enough, and which character needs more?"""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.figure import Figure as Sheet
from numpy.typing import NDArray

from pipeline.params import AnyNetwork, Train
from pipeline.studies.parts.cells import Bench, Cell, Measured, grid
from pipeline.studies.parts.figure import MAIN, draw, line_styles, plot_estimates
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Finding, Study, UndecidableError, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.training import scored_pictures, train_and_score
from pipeline.studies.parts.verdict import Estimate, decide, difference, estimate

SMALLEST = 10  # pictures of each character
WANTED = 200
MARGIN = 0.02  # what twice as many pictures must add, or they are not worth collecting
STEPS = 4  # sizes that are tried, each half of the next
WEAKEST = 3  # characters that are named


def plan(setup: Setup) -> Sequence[Cell]:
    """Train on more and more pictures, each time for the same number of steps."""
    most = _most(setup)
    sizes = [size for step in reversed(range(STEPS)) if (size := most >> step) >= SMALLEST]
    if len(sizes) < 3:  # noqa: PLR2004 - two points bend to any curve
        raise UndecidableError(
            f"the rarest character has {most} training pictures; a curve needs {4 * SMALLEST}"
        )
    return [
        Cell(
            settings=settings,
            seed=seed,
            function=train_and_recall,
            arguments={
                "network": setup.network("cnn"),
                "train": setup.train(epochs=round(setup.train().epochs * most / size)),
                "num_per_class": size,
            },
        )
        for settings, seed in grid(setup.seeds, pictures=sizes)
        for size in [settings["pictures"]]
    ]


def train_and_recall(
    bench: Bench, *, seed: int, network: AnyNetwork, train: Train, num_per_class: int
) -> Measured:
    """Train and score; `recalls` says of each character how many pictures were found, 0 to 1."""
    measured = train_and_score(
        bench, seed=seed, network=network, train=train, num_per_class=num_per_class
    )
    labels_N = scored_pictures(bench).labels_N
    is_right_N = np.array(measured.values["is_right"])
    recalls = [
        round(float(is_right_N[labels_N == label].mean()), 6) if (labels_N == label).any() else 0.0
        for label in range(len(bench.data.classes))
    ]
    return Measured(values={**measured.values, "recalls": recalls}, timing=measured.timing)


def fit_curve(sizes: Sequence[int], accuracies: NDArray[np.float64]) -> tuple[float, float]:
    """Fit accuracy = a - b / sqrt(n) by least squares; returns a and b.

    Errors of classifiers fall as a power of the number of pictures (Hestness et al. 2017,
    arXiv:1712.00409), with an exponent of -0.5 in theory; four points cannot fit one of their own.

    >>> a, b = fit_curve([4, 16], np.array([0.5, 0.7]))
    >>> round(a, 6), round(b, 6)
    (0.9, 0.8)
    """
    slope, offset = np.polyfit(1 / np.sqrt(sizes), accuracies, deg=1)
    return float(offset), float(-slope)


def gain_of_doubling(b: float, size: int) -> float:
    """Say how much accuracy twice as many pictures would add, by the curve."""
    return float(b * (size**-0.5 - (2 * size) ** -0.5))


def conclude(table: Table) -> Finding:
    """Follow the curve from 200 pictures to 400."""
    sizes = _sizes(table)
    slopes = [b for _, b in _curves(table)]
    more = estimate([gain_of_doubling(b, WANTED) for b in slopes])
    too_little = estimate([MARGIN - gain_of_doubling(b, WANTED) for b in slopes])
    last = difference(table, "accuracy", {"pictures": sizes[-1]}, {"pictures": sizes[-2]})
    weakest = _weakest(table)
    return Finding(
        verdict=decide(too_little),
        why=f"by the fitted curve the accuracy with {2 * WANTED} pictures of each character less "
        f"that with {WANTED} is {more} (measured, {sizes[-1]} less {sizes[-2]}: {last}); "
        f"{weakest[0].setting} needs more first",
        evidence=[
            more.as_evidence(
                setting=f"{2 * WANTED} less {WANTED}, extrapolated",
                measure="accuracy",
                unit="fraction",
            ),
            last.as_evidence(
                setting=f"{sizes[-1]} less {sizes[-2]}", measure="accuracy", unit="fraction"
            ),
            *(
                estimate(table.values("accuracy", pictures=size)).as_evidence(
                    setting=f"{size} pictures", measure="accuracy", unit="fraction"
                )
                for size in sizes
            ),
            *weakest,
        ],
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint(sheet, table),
                caption="Accuracy against the number of training pictures of each character, with "
                f"the curve a - b / sqrt(n) drawn on to {2 * WANTED}. Bars: 95 % over seeds.",
            )
        ],
    )


def _most(setup: Setup) -> int:
    labels_N = setup.data.train.labels_N
    return int(np.bincount(labels_N, minlength=len(setup.data.classes)).min())


def _sizes(table: Table) -> list[int]:
    return sorted({int(run.settings["pictures"]) for run in table.runs})


def _curves(table: Table) -> Iterator[tuple[float, float]]:
    """Fit the curve of each seed."""
    sizes = _sizes(table)
    scores_SN = np.stack([table.values("accuracy", pictures=size) for size in sizes], axis=1)
    yield from (fit_curve(sizes, scores_N) for scores_N in scores_SN)


def _weakest(table: Table) -> list[Evidence]:
    """Name the characters of which the fewest pictures are found, the worst first."""
    recalls_SK = table.lists("recalls", pictures=_sizes(table)[-1])
    order = np.argsort(recalls_SK.mean(axis=0), kind="stable")[:WEAKEST]
    return [
        estimate(recalls_SK[:, k]).as_evidence(
            setting=table.classes[k], measure="recall", unit="fraction"
        )
        for k in order
    ]


def _paint(sheet: Sheet, table: Table) -> None:
    axes = sheet.subplots()
    sizes = _sizes(table)
    measured, drawn = line_styles(2)
    scores: list[Estimate] = [estimate(table.values("accuracy", pictures=n)) for n in sizes]
    plot_estimates(axes, sizes, scores, label="measured", style=measured | {"ls": ""})
    offset, b = np.mean(list(_curves(table)), axis=0)
    x = np.geomspace(sizes[0], 2 * WANTED, 50)
    axes.plot(x, offset - b / np.sqrt(x), label="a - b / sqrt(n)", **(drawn | {"marker": ""}))
    axes.axvline(WANTED, color="0.6", linewidth=0.8)
    axes.set_xscale("log")
    ticks = [*sizes, WANTED, 2 * WANTED]
    axes.set_xticks(ticks, [str(each) for each in ticks])
    axes.minorticks_off()
    axes.set(xlabel="training pictures of each character", ylabel="accuracy (0 to 1)")
    axes.legend()


STUDY = Study(
    id="dataset_size",
    chapter=Chapter.DATA,
    title=Words(en="Size of the dataset", ko="데이터셋의 크기"),
    claim=Words(
        en="About 200 pictures of each character are enough.",
        ko="캐릭터마다 이미지 200장 정도면 충분하다.",
    ),
    method="One small CNN is trained on an eighth, a quarter, half and all of the pictures of each "
    "character, with the same network, test pictures and number of steps, and the curve "
    "a - b / sqrt(n) is fitted seed by seed. It is followed to 200 and 400 pictures, and each "
    "character's recall tells which one needs more.",
    rule=f"Supported if twice as many pictures as {WANTED} would add less than {MARGIN:.0%} to the "
    "accuracy by the fitted curve (95 % interval over seeds wholly below), refuted if they would "
    "add more (wholly above); else undecided.",
    plan=plan,
    conclude=conclude,
)
