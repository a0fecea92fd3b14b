"""Plots: marks are where the numbers say."""

import numpy as np
import pytest

from pipeline.records import EpochRow
from pipeline.report.plots import HEIGHT_PX, WIDTH_PX, confusion_cells, learning_panels


def history(*losses):
    """Make a row per epoch; macro-F1 is half the epoch's number over the count."""
    return [
        EpochRow(
            epoch=number,
            lr=0.1,
            train_loss=loss,
            val_loss=loss + 0.01,
            val_accuracy=0.5,
            val_macro_f1=number / len(losses),
        )
        for number, loss in enumerate(losses, start=1)
    ]


def test_curves_fall_where_losses_fall():
    """Time goes to the right, falling losses go down, all inside the picture."""
    loss, f1 = learning_panels(history(1.5, 1.0, 0.5), best_epoch=3)
    train = loss.lines[0].dots

    assert ["train", "val"] == [line.name for line in loss.lines]
    assert train == tuple(sorted(train))
    assert train[0][1] < train[1][1] < train[2][1]
    assert f1.lines[0].dots[-1][1] == f1.y_ticks[-1][0]  # 1.0 lies on the top tick
    assert all(0 < x < WIDTH_PX and 0 < y < HEIGHT_PX for x, y in train)
    assert loss.best_x == train[-1][0]


def test_ticks_are_short_numbers():
    """The axis ends at a round number above all values; three epochs are named."""
    loss, _ = learning_panels(history(1.83, 1.2, 1.1, 1.0, 0.9), best_epoch=1)

    assert ["0", "1", "2"] == [text for _, text in loss.y_ticks]
    assert ["1", "3", "5"] == [text for _, text in loss.x_ticks]


@pytest.mark.parametrize("losses", [(1.0,), (0.0,), (25.0, 3.0)])
def test_odd_histories_are_drawn(losses):
    """One epoch, a loss of zero and a huge loss make plots too."""
    loss, _ = learning_panels(history(*losses), best_epoch=1)

    assert len(losses) == len(loss.lines[0].dots)


def test_labels_of_two_lines_do_not_overlap():
    """Lines that end together have labels that do not, in the order of the lines."""
    loss, _ = learning_panels(history(1.0, 0.5), best_epoch=2)
    train, val = loss.lines

    assert train.label_y - val.label_y >= 13


def test_panels_speak():
    """What a plot shows is said in words, for who cannot see it."""
    _, f1 = learning_panels(history(1.0, 0.5), best_epoch=2)

    assert "macro-F1 on val by epoch: val 0.50 to 1.00" == f1.summary


def test_confusion_is_shaded_by_row():
    """A cell knows its count and its share of the row; an empty row is no division by zero."""
    rows = confusion_cells(np.array([[3, 1], [0, 0]]))

    assert [(3, 0.75), (1, 0.25)] == [(cell.count, cell.fraction) for cell in rows[0]]
    assert [0, 0] == [cell.fraction for cell in rows[1]]
