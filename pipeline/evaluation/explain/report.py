"""explain.png and belief.svg of an evaluated network. Letters: T steps, K classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path

import numpy as np
import torch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from PIL import Image

from pipeline.dataset.pack import Pack, Pixels
from pipeline.dataset.transforms import eval_view
from pipeline.evaluation.content import content_of
from pipeline.evaluation.explain.belief import belief, reads_in_order
from pipeline.evaluation.explain.heat import IN_WORDS, choose_look
from pipeline.evaluation.explain.overlay import overlay
from pipeline.evaluation.explain.pictures import heat_of_pictures
from pipeline.evaluation.explain.sheet import Column, explain_png
from pipeline.evaluation.figures import drawing
from pipeline.evaluation.mistakes import worst_mistakes
from pipeline.evaluation.predictions import Predictions
from pipeline.files import write_bytes
from pipeline.networks import Model

EXPLAIN, BELIEF = "explain.png", "belief.svg"
NUM_EACH = 4  # pictures that were right, and that were wrong
NUM_BELIEFS = 4  # of them all, whose belief is drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One picture and what was said about it."""

    place: int  # in the pack
    label: int  # class_index of who it is
    predicted: int
    probs_K: NDArray[np.float64]


def write_explanations(folder: Path, model: Model, pack: Pack, predictions: Predictions) -> None:
    """Draw where a network looked, and what it believed while it read.

    Args:
        folder: of the report, such as reports/networks/cnn.
        model: the network; it is moved to the CPU, for the same bytes everywhere.
        pack: the test pictures.
        predictions: the network's own; those of other splits are left out.
    """
    model.module.to("cpu", dtype=torch.float32)
    right, wrong = choose_cases(pack, predictions.only("test"))
    cases = [*right, *wrong]
    write_bytes(folder / EXPLAIN, _sheet(model, pack, cases))
    halves = (right[: NUM_BELIEFS // 2], wrong[: NUM_BELIEFS // 2])
    shown = [*halves[0], *halves[1]] or cases[:NUM_BELIEFS]
    write_bytes(folder / BELIEF, _belief_svg(model, pack, shown))


def choose_cases(pack: Pack, predictions: Predictions) -> tuple[list[Case], list[Case]]:
    """Choose pictures that were right, of the classes in turn, and the surest mistakes.

    Args:
        pack: the pictures.
        predictions: of pictures of the pack.
    """
    place_of = {row.sha256: place for place, row in enumerate(pack.rows) if row.variant == 0}
    number_of = {sha256: number for number, sha256 in enumerate(predictions.sha256s)}

    def case(number: int) -> Case:
        return Case(
            place=place_of[predictions.sha256s[number]],
            label=int(predictions.labels[number]),
            predicted=int(predictions.predicted[number]),
            probs_K=predictions.probs[number],
        )

    is_right_N = predictions.predicted == predictions.labels
    by_class = [
        np.flatnonzero(is_right_N & (predictions.labels == index)).tolist()
        for index in range(len(predictions.classes))
    ]
    in_turn = (each for row in zip_longest(*by_class) for each in row if each is not None)
    mistakes = worst_mistakes(predictions, limit=NUM_EACH)
    return (
        [case(number) for number in islice(in_turn, NUM_EACH)],
        [case(number_of[mistake.sha256]) for mistake in mistakes],
    )


def _sheet(model: Model, pack: Pack, cases: Sequence[Case]) -> bytes:
    """Draw each picture, what was seen for the answer and, where wrong, for who it is."""
    asked = [(case, case.predicted) for case in cases]
    asked += [(case, case.label) for case in cases if case.label != case.predicted]
    places = np.array([case.place for case, _ in asked], dtype=np.int64)
    heats = heat_of_pictures(
        model,
        pack.read(places),
        content_B2=pack.content_N2[places],
        classes=[index for _, index in asked],
    )
    tiles = {
        case.place: [(_picture(pack, case), f"is {pack.classes[case.label]}")] for case in cases
    }
    for (case, index), heat_HW in zip(asked, heats, strict=True):
        verb = "said" if index == case.predicted else "for"
        caption = f"{verb} {case.probs_K[index]:.2f} {pack.classes[index]}"
        tiles[case.place].append((overlay(_picture(pack, case), heat_HW), caption))
    columns = [Column(tiles=tuple(each)) for each in tiles.values()]
    return explain_png(columns, title=f"Light: {IN_WORDS[choose_look(model)]}")


def _belief_svg(model: Model, pack: Pack, cases: Sequence[Case]) -> bytes:
    """Draw the probability of each class over the steps of reading, a plot a picture."""
    places = np.array([case.place for case in cases], dtype=np.int64)
    x_BCSS = eval_view(
        torch.from_numpy(pack.read(places)),
        content_B2=torch.from_numpy(pack.content_N2[places]),
        view=model.card.view,
    )
    probs_BTK = belief(model, x_BCSS).numpy()
    unit = "tokens read" if reads_in_order(model) else "sixths shown, from the top"
    with drawing(width_in=2.4 * len(cases), height_in=2.4) as (figure, file):
        plots = figure.subplots(1, len(cases), sharey=True, squeeze=False)[0]
        for axes, case, probs_TK in zip(plots, cases, probs_BTK, strict=True):
            steps = range(1, len(probs_TK) + 1)
            for index in range(len(pack.classes)):
                if index not in {case.label, case.predicted}:
                    axes.plot(steps, probs_TK[:, index], c="#bbbbbb", lw=0.7)
            if case.label != case.predicted:
                axes.plot(steps, probs_TK[:, case.predicted], c="#d55e00", ls="--", lw=1.6)
            axes.plot(steps, probs_TK[:, case.label], c="#3a8fc4", lw=1.6)
            axes.set(xlabel=unit, ylim=(0, 1), title=_title(pack.classes, case))
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.spines[["top", "right"]].set_visible(False)
        plots[0].set_ylabel("probability")
    return file.getvalue()


def _title(classes: Sequence[str], case: Case) -> str:
    is_right = case.label == case.predicted
    return classes[case.label] + ("" if is_right else f"\n(dashed: {classes[case.predicted]})")


def _picture(pack: Pack, case: Case) -> Image.Image:
    images_1SSC: Pixels = pack.read(np.array([case.place]))
    return Image.fromarray(np.ascontiguousarray(content_of(images_1SSC[0], pack.rows[case.place])))
