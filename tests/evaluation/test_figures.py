"""Figures: the same bytes for the same numbers, small, and with words on their axes."""

import io

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from pipeline.evaluation.calibration import CalibrationBin
from pipeline.evaluation.figures import (
    confusion_svg,
    learning_svg,
    mistakes_png,
    reliability_svg,
)
from pipeline.evaluation.mistakes import Mistake
from pipeline.records import EpochRow

CLASSES = ("ariel", "elsa", "merida")
CONFUSION = np.array([[3, 1, 0], [0, 2, 2], [0, 0, 0]])
HISTORY = [
    EpochRow(epoch=1, lr=0.1, train_loss=1.1, val_loss=1.2, val_accuracy=0.4, val_macro_f1=0.3),
    EpochRow(epoch=2, lr=0.0, train_loss=0.9, val_loss=1.0, val_accuracy=0.5, val_macro_f1=0.5),
]


def mistake(number, *, predicted="elsa"):
    """Make one mistake."""
    return Mistake(
        sha256=str(number),
        label="ariel",
        predicted=predicted,
        confidence=0.9,
        label_probability=0.1,
    )


def pictures(count):
    """Draw noise for each mistake."""
    rng = np.random.default_rng(1)
    return {str(n): rng.integers(256, size=(40, 60, 3), dtype=np.uint8) for n in range(count)}


BINS = [
    CalibrationBin(calibrated=after, low=0.8, high=0.9, num=num, confidence=0.84, accuracy=0.6)
    for after in (False, True)
    for num in (3, 40)
]
DRAWINGS = {
    "confusion": lambda: confusion_svg(CONFUSION, CLASSES),
    "learning": lambda: learning_svg(HISTORY, best_epoch=2),
    "reliability": lambda: reliability_svg(BINS),
    "mistakes": lambda: mistakes_png([mistake(n) for n in range(6)], pictures(6)),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_same_input_same_bytes(name):
    """No clock and no random id shows in a figure."""
    assert DRAWINGS[name]() == DRAWINGS[name]()


def test_settings_do_not_leak():
    """Drawing leaves matplotlib's settings as they were."""
    before = dict(mpl.rcParams)
    confusion_svg(CONFUSION, CLASSES)

    assert before == dict(mpl.rcParams)


def test_confusion_says_what_its_axes_are():
    """Words and slugs are text in the SVG, not outlines."""
    text = confusion_svg(CONFUSION, CLASSES).decode()

    for words in (*CLASSES, "predicted character", "true character"):
        assert words in text


def test_many_classes_stay_small():
    """Forty characters give a figure of less than half a megabyte."""
    classes = [f"character_{number}" for number in range(40)]

    assert len(confusion_svg(np.eye(40, dtype=int), classes)) < 500_000


def test_learning_marks_the_kept_epoch():
    """Axes carry units, and the epoch whose weights were kept is marked."""
    text = learning_svg(HISTORY, best_epoch=2).decode()

    for words in ("epoch", "cross-entropy (nats)", "val macro-F1", "kept"):
        assert words in text


@pytest.mark.parametrize(("count", "num_rows"), [(0, 1), (1, 1), (4, 1), (5, 2)])
def test_mistakes_fill_rows_of_four(count, num_rows):
    """The sheet grows by rows; without mistakes it says so."""
    sheet = Image.open(
        io.BytesIO(mistakes_png([mistake(n) for n in range(count)], pictures(count)))
    )

    assert num_rows == sheet.height // 156


def test_long_slugs_do_not_run_into_the_next_picture():
    """A caption is cut to the width of its picture."""
    short, long = (mistake(0, predicted=slug) for slug in ("s" * 40, "s" * 64))

    assert mistakes_png([short], pictures(1)) == mistakes_png([long], pictures(1))


def test_reliability_says_what_its_marks_are():
    """Axes and both series are named; empty bins are no marks."""
    empty = CalibrationBin(calibrated=True, low=0, high=0.1, num=0, confidence=None, accuracy=None)
    text = reliability_svg([*BINS, empty]).decode()

    for words in ("mean confidence", "accuracy", "as predicted", "after the temperature"):
        assert words in text
    assert text == reliability_svg(BINS).decode()
