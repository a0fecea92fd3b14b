"""Where the marks of the page's plots go; templates/plots.html draws them as inline SVG.

Coordinates are pixels of the SVG: x to the right, y down.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.evaluation.metrics import IntArray
from pipeline.records import EpochRow

WIDTH_PX, HEIGHT_PX = 300, 190
_LEFT, _TOP, _RIGHT, _BOTTOM = 38, 26, 262, 156  # of the frame; labels of lines stand at the right
_LABEL_GAP_PX = 13  # two labels at the right keep this distance


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series of a panel."""

    name: str  # written at its end
    kind: str  # css class: "train" or "val"
    dots: tuple[tuple[float, float], ...]  # x, y of each value
    label_y: float

    @property
    def path(self) -> str:
        """Join the dots, as the attribute `points` of a polyline wants them."""
        return " ".join(f"{x:g},{y:g}" for x, y in self.dots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One small plot against epochs."""

    title: str  # what the y axis is, with its unit
    lines: tuple[Line, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    best_x: float  # of the epoch whose weights were kept
    summary: str  # the same in words, for who cannot see it


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a confusion matrix."""

    count: int  # pictures
    fraction: float  # of its row


def learning_panels(history: Sequence[EpochRow], *, best_epoch: int) -> tuple[Panel, Panel]:
    """Plot loss (train and val) and val macro-F1 against epochs."""
    train, val = [row.train_loss for row in history], [row.val_loss for row in history]
    f1 = [row.val_macro_f1 for row in history]
    epochs = [row.epoch for row in history]
    top = _round_up(max(*train, *val))
    return (
        _panel(
            "cross-entropy, nats",
            {"train": train, "val": val},
            epochs=epochs,
            top=top,
            best_epoch=best_epoch,
        ),
        _panel("macro-F1 on val", {"val": f1}, epochs=epochs, top=1.0, best_epoch=best_epoch),
    )


def confusion_cells(confusion_KK: IntArray) -> list[list[Cell]]:
    """Shade each row of a confusion matrix by the fraction of its pictures."""
    return [
        [Cell(count=count, fraction=count / max(1, sum(row))) for count in row]
        for row in confusion_KK.tolist()
    ]


def frequent_confusions(confusion_KK: IntArray, *, limit: int) -> list[tuple[int, int, int]]:
    """Find who is most often taken for whom: true class, predicted class, pictures.

    >>> frequent_confusions(np.array([[9, 2], [1, 5]]), limit=5)
    [(0, 1, 2), (1, 0, 1)]
    """
    wrong_KK = confusion_KK * (1 - np.eye(len(confusion_KK), dtype=np.int64))
    order = np.argsort(-wrong_KK, axis=None, kind="stable")[:limit]
    places = (np.unravel_index(place, wrong_KK.shape) for place in order)
    found = [(int(row), int(column), int(wrong_KK[row, column])) for row, column in places]
    return [each for each in found if each[2]]


def _panel(
    title: str,
    series: dict[str, list[float]],
    *,
    epochs: Sequence[int],
    top: float,
    best_epoch: int,
) -> Panel:
    x_of = {epoch: _x(epoch, epochs) for epoch in epochs}
    dots = {
        name: tuple(
            (x_of[epoch], _y(value, top)) for epoch, value in zip(epochs, values, strict=True)
        )
        for name, values in series.items()
    }
    ends = [each[-1][1] for each in dots.values()]
    return Panel(
        title=title,
        lines=tuple(
            Line(name=name, kind=name, dots=each, label_y=label_y)
            for (name, each), label_y in zip(dots.items(), _apart(ends), strict=True)
        ),
        x_ticks=tuple((x_of[epoch], str(epoch)) for epoch in _few(epochs)),
        y_ticks=tuple((_y(part * top, top), f"{part * top:g}") for part in (0, 0.5, 1)),
        best_x=x_of[best_epoch],
        summary=f"{title} by epoch: "
        + "; ".join(
            f"{name} {values[0]:.2f} to {values[-1]:.2f}" for name, values in series.items()
        ),
    )


def _x(epoch: int, epochs: Sequence[int]) -> float:
    span = max(1, epochs[-1] - epochs[0])
    return round(_LEFT + (_RIGHT - _LEFT) * (epoch - epochs[0]) / span, 1)


def _y(value: float, top: float) -> float:
    return round(_BOTTOM - (_BOTTOM - _TOP) * value / top, 1)


def _few(epochs: Sequence[int]) -> list[int]:
    """Choose the first, a middle and the last epoch to be written at the axis."""
    return sorted({epochs[0], epochs[len(epochs) // 2], epochs[-1]})


def _apart(ends: Sequence[float]) -> list[float]:
    """Move the labels of two lines that end close together away from each other."""
    if len(ends) == 1 or abs(ends[0] - ends[1]) >= _LABEL_GAP_PX:
        return list(ends)
    middle = sum(ends) / 2
    above, below = middle - _LABEL_GAP_PX / 2, middle + _LABEL_GAP_PX / 2
    return [above, below] if ends[0] <= ends[1] else [below, above]


def _round_up(value: float) -> float:
    """Give the next of 1, 2, 4, 5, 10, 20, ... so that halves of it are short numbers.

    >>> _round_up(1.83), _round_up(0.31), _round_up(23)
    (2.0, 0.4, 40.0)
    """
    power = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1.0
    return next((step * power for step in (1, 2, 4, 5) if step * power >= value), 10 * power)
