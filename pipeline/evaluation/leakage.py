"""What leakage would have made you believe: one classifier, two ways to split the same pictures.

`grouped`  copies are left out and a family is in one split, as stage `split` does it
`naive`    every collected picture is drawn by itself, and so its copies are learned and asked

Both are drawn anew with several seeds, and both are asked by classifiers that need no network and
see 16 x 16 cells of each picture: `nearest picture` answers with the character of the most similar
picture that it learned, which is all that a copy needs to be "recognised"; `colours` is the colour
floor's recipe on these cells. Pictures that people or conflicts have thrown out are in neither.

Letters: N pictures, S = 16 cells a side, F features.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.dataset.split import draw_split, leave_out_straddlers
from pipeline.evaluation.floors import fit_logistic, histogram
from pipeline.evaluation.metrics import FloatArray
from pipeline.evaluation.proportions import proportion_interval
from pipeline.params import Split
from pipeline.records import Belief, GroupReason, GroupRow

SEEDS = (1, 2, 3, 4, 5)
_STRENGTH = 10.0  # scikit-learn's C, which the colour floor chooses most often
_DIGITS = 4
_IN_NEITHER = {
    GroupReason.DENIED,
    GroupReason.REJECTED,
    GroupReason.CONFLICTING_REVIEWS,
    GroupReason.UNDECODABLE,
    GroupReason.QUALITY,
    GroupReason.LABEL_CONFLICT,  # the other copy has another name, so the answer is a coin's
}
Cells = NDArray[np.uint8]
Names = NDArray[np.str_]
Classifier = Callable[[Cells, Names, Cells], Names]  # learned, their characters, asked -> answers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Asked:
    """The test pictures of one seed, and how they were answered."""

    is_right_N: NDArray[np.bool_]
    has_copy_N: NDArray[np.bool_]
    families: list[str]


def nearest_picture(learned_NSSC: Cells, names_N: Names, asked_NSSC: Cells) -> Names:
    """Answer with the character of the learned picture whose cells differ least."""
    learned_NF, asked_NF = (
        cells.reshape(len(cells), -1).astype(np.float64) for cells in (learned_NSSC, asked_NSSC)
    )
    # |a - b|^2 = |a|^2 - 2ab + |b|^2; the asked picture's own square changes no order.
    distances = (learned_NF**2).sum(axis=1) - 2 * asked_NF @ learned_NF.T
    nearest: Names = names_N[distances.argmin(axis=1)]
    return nearest


def colours(learned_NSSC: Cells, names_N: Names, asked_NSSC: Cells) -> Names:
    """Answer by logistic regression on colour histograms."""
    model = fit_logistic(_histograms(learned_NSSC), names_N, strength=_STRENGTH)
    answers: Names = model.predict(_histograms(asked_NSSC))
    return answers


CLASSIFIERS: dict[str, Classifier] = {"nearest picture": nearest_picture, "colours": colours}


def compare_splits(
    rows: Sequence[GroupRow], cells_NSSC: Cells, fractions: Split, *, seeds: Sequence[int] = SEEDS
) -> list[Belief]:
    """Ask each classifier under both splits.

    Args:
        rows: groups.csv, of pictures that can be read.
        cells_NSSC: mean colours of each, in the order of the rows, shape (N, S, S, 3).
        fractions: of the splits; "val" is left aside.
        seeds: one draw of both splits each.

    Returns:
        A row per classifier and split; none of a split that has no test pictures, or where fewer
        than two characters have training pictures.
    """
    draws = {"grouped": _grouped, "naive": _naive}
    drawn = {
        split: [draw(rows, fractions, seed) for seed in seeds] for split, draw in draws.items()
    }
    beliefs = []
    for classifier, answer in CLASSIFIERS.items():
        for split, of_seeds in drawn.items():
            asked = [part for splits in of_seeds for part in _ask(rows, cells_NSSC, splits, answer)]
            if asked:
                beliefs.append(_belief(classifier, split, asked))
    return beliefs


def _grouped(rows: Sequence[GroupRow], fractions: Split, seed: int) -> list[str]:
    """Draw the split as the pipeline does; "" is left out."""
    whole = [
        replace(
            row,
            keep=row.keep or row.reason == GroupReason.OTHER_SPLIT,  # of the project's own draw
            family=row.family or row.group,
        )
        for row in rows
    ]
    return [
        draw_split(row.sha256, fractions, seed=seed) if row.keep else ""
        for row in leave_out_straddlers(whole, fractions, seed=seed)
    ]


def _naive(rows: Sequence[GroupRow], fractions: Split, seed: int) -> list[str]:
    """Draw every file by itself: two files of the same bytes draw twice."""
    return [
        "" if row.reason in _IN_NEITHER else draw_split(row.file, fractions, seed=seed)
        for row in rows
    ]


def _ask(
    rows: Sequence[GroupRow], cells_NSSC: Cells, splits: Sequence[str], answer: Classifier
) -> Iterator[_Asked]:
    """Learn "train" and ask about "test", if there is something to learn and to ask."""
    names_N, splits_N = np.array([row.character for row in rows]), np.array(splits)
    is_learned_N, is_asked_N = splits_N == "train", splits_N == "test"
    if not is_asked_N.any() or len(set(names_N[is_learned_N].tolist())) <= 1:
        return
    answers = answer(cells_NSSC[is_learned_N], names_N[is_learned_N], cells_NSSC[is_asked_N])
    learned = {rows[place].group for place in np.flatnonzero(is_learned_N).tolist()}
    asked = [rows[place] for place in np.flatnonzero(is_asked_N).tolist()]
    yield _Asked(
        is_right_N=answers == names_N[is_asked_N],
        has_copy_N=np.array([row.group in learned for row in asked]),
        families=[row.family or row.group for row in asked],
    )


def _belief(classifier: str, split: str, asked: Sequence[_Asked]) -> Belief:
    right_N = np.concatenate([each.is_right_N for each in asked])
    copy_N = np.concatenate([each.has_copy_N for each in asked])
    low, high = proportion_interval(right_N, [name for each in asked for name in each.families])
    return Belief(
        classifier=classifier,
        split=split,
        accuracy=round(float(right_N.mean()), _DIGITS),
        accuracy_low=round(low, _DIGITS),
        accuracy_high=round(high, _DIGITS),
        num_asked=len(right_N),
        num_with_copy=int(copy_N.sum()),
        accuracy_with_copy=_fraction(right_N[copy_N]),
        accuracy_without=_fraction(right_N[~copy_N]),
    )


def _fraction(is_right_N: NDArray[np.bool_]) -> float | None:
    return round(float(is_right_N.mean()), _DIGITS) if len(is_right_N) else None


def _histograms(cells_NSSC: Cells) -> FloatArray:
    """Take square roots, as the colour floor does."""
    return np.sqrt(np.stack([histogram(cells) for cells in cells_NSSC]))
