"""Figures of one network: confusion.svg, learning.svg, reliability.svg and mistakes.png.

The same input gives the same bytes. Figures hold slugs and Latin
text only, because a machine may have no Korean font; the page shows names in full.

Letters: K classes.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image, ImageDraw

from pipeline.dataset.pack import Pack
from pipeline.evaluation.calibration import CalibrationBin, calibrate, reliability
from pipeline.evaluation.captions import FONT_PX, fitting, font
from pipeline.evaluation.content import Pixels, originals
from pipeline.evaluation.metrics import FloatArray, IntArray
from pipeline.evaluation.mistakes import Mistake, worst_mistakes
from pipeline.evaluation.predictions import Predictions
from pipeline.evaluation.scores import confusion_of, tested
from pipeline.files import write_bytes
from pipeline.records import EpochRow

_CELL_IN = 0.55  # side of a cell of the confusion matrix, in inches
_MAX_NUMBERED = 20  # more classes than this: cells are too small for their counts
_DARK = 0.65  # cells above it get white numbers, which then stand out well enough

# Two hues that the colour-blind tell apart; marks and dashes for those who print in grey.
_TRAIN: dict[str, Any] = {"c": "#3a8fc4", "marker": "o", "ms": 3, "ls": "-"}
_VAL: dict[str, Any] = {"c": "#d55e00", "marker": "s", "ms": 3, "ls": "--"}

_RELIABILITY = (  # calibrated, label, colour, marker
    (False, "as predicted", "#d55e00", "s"),
    (True, "after the temperature", "#3a8fc4", "o"),
)
_BUBBLE = 400  # area of a mark that stands for all pictures, in square points

_COLUMNS, _MAX_MISTAKES = 4, 12
_TILE_PX, _CAPTION_PX, _GAP_PX = 112, 44, 10
_PALETTE = 128  # colours of the PNG: a third of the bytes, no visible difference at this size


def write_figures(
    folder: Path,
    predictions: Predictions,
    *,
    test_pack: Pack,
    history: Sequence[EpochRow],
    best_epoch: int,
) -> None:
    """Draw all four.

    Args:
        folder: of the report, such as reports/networks/cnn.
        predictions: of test and of val, on which the temperature is fitted.
        test_pack: the pictures.
        history: a row per epoch.
        best_epoch: whose weights were kept.
    """
    test, val = tested(predictions), predictions.only("val")
    bins = reliability(test, temperature=calibrate(val).temperature)
    worst = worst_mistakes(test, limit=_MAX_MISTAKES)
    pictures = {row.sha256: content for row, content in originals(test_pack)}
    write_bytes(folder / "confusion.svg", confusion_svg(confusion_of(test), test.classes))
    write_bytes(folder / "learning.svg", learning_svg(history, best_epoch=best_epoch))
    write_bytes(folder / "mistakes.png", mistakes_png(worst, pictures))
    write_bytes(folder / "reliability.svg", reliability_svg(bins))


def confusion_svg(confusion_KK: IntArray, classes: Sequence[str]) -> bytes:
    """Draw who is taken for whom: shade is the fraction of a row, the number counts pictures."""
    rows_K1 = np.maximum(confusion_KK.sum(axis=1, keepdims=True), 1)
    fractions_KK = confusion_KK / rows_K1
    side_in = 2.2 + _CELL_IN * len(classes)
    with drawing(width_in=side_in + 0.6, height_in=side_in) as (figure, file):
        axes = figure.add_subplot()
        mesh = axes.pcolormesh(fractions_KK, cmap="Blues", vmin=0, vmax=1, edgecolors="#dddddd")
        axes.set(aspect="equal", xlabel="predicted character", ylabel="true character")
        axes.set_xticks(np.arange(len(classes)) + 0.5, classes, rotation=45, ha="right")
        axes.set_yticks(np.arange(len(classes)) + 0.5, classes)
        axes.invert_yaxis()
        if len(classes) <= _MAX_NUMBERED:
            _number_cells(axes, confusion_KK, fractions_KK)
        figure.colorbar(mesh, ax=axes, label="fraction of the true character's pictures")
    return file.getvalue()


def learning_svg(history: Sequence[EpochRow], *, best_epoch: int) -> bytes:
    """Draw loss and val macro-F1 against epochs, with the epoch whose weights were kept.

    Training loss counts label smoothing and augmented pictures, so it may lie above that of val.
    """
    epochs = [row.epoch for row in history]
    with drawing(width_in=7.2, height_in=2.8) as (figure, file):
        loss, f1 = figure.subplots(1, 2)
        loss.plot(epochs, [row.train_loss for row in history], label="train", **_TRAIN)
        loss.plot(epochs, [row.val_loss for row in history], label="val", **_VAL)
        loss.set(xlabel="epoch", ylabel="cross-entropy (nats)")
        loss.legend(frameon=False)
        f1.plot(epochs, [row.val_macro_f1 for row in history], **_VAL)
        f1.set(xlabel="epoch", ylabel="val macro-F1 (0 to 1)", ylim=(0, 1))
        f1.axvline(best_epoch, c="#555555", lw=0.8, ls=":")
        f1.annotate("kept", (best_epoch, 0.02), xytext=(3, 0), textcoords="offset points")
        for axes in (loss, f1):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.spines[["top", "right"]].set_visible(False)
    return file.getvalue()


def reliability_svg(bins: Sequence[CalibrationBin]) -> bytes:
    """Draw how often it is right against how sure it is, before and after the temperature.

    On the diagonal it is as sure as it should be, below it too sure. Areas grow with the number of
    pictures: small circles are luck.
    """
    with drawing(width_in=3.8, height_in=3.4) as (figure, file):
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], c="#555555", lw=0.8, ls=":")
        for is_calibrated, label, colour, marker in _RELIABILITY:
            own = [each for each in bins if each.calibrated == is_calibrated and each.num]
            total = sum(each.num for each in own)
            axes.scatter(
                np.array([each.confidence for each in own], dtype=np.float64),
                np.array([each.accuracy for each in own], dtype=np.float64),
                s=[_BUBBLE * each.num / total for each in own],
                c=colour,
                marker=marker,
                alpha=0.7,
                label=label,
            )
        axes.set(xlim=(0, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        axes.set(xlabel="how sure (mean confidence)", ylabel="how often right (accuracy)")
        axes.legend(frameon=False, loc="lower right")
        axes.spines[["top", "right"]].set_visible(False)
    return file.getvalue()


def mistakes_png(mistakes: Sequence[Mistake], pictures: Mapping[str, Pixels]) -> bytes:
    """Lay out mistakes as pictures with who it is and what was said, the surest first.

    Args:
        mistakes: as `mistakes.worst_mistakes` gives them.
        pictures: sha256 -> RGB picture (H, W, 3).
    """
    num_rows = max(1, -(-len(mistakes) // _COLUMNS))
    width_px = _COLUMNS * (_TILE_PX + _GAP_PX) + _GAP_PX
    row_px = _TILE_PX + _CAPTION_PX
    sheet = Image.new("RGB", (width_px, num_rows * row_px + _GAP_PX), "white")
    if not mistakes:
        ImageDraw.Draw(sheet).text((_GAP_PX, _GAP_PX), "no mistakes", "black", font())
    for place, mistake in enumerate(mistakes):
        left = _GAP_PX + (place % _COLUMNS) * (_TILE_PX + _GAP_PX)
        top = _GAP_PX + (place // _COLUMNS) * row_px
        _paste_tile(sheet, mistake, pictures[mistake.sha256], left=left, top=top)
    file = io.BytesIO()
    sheet.quantize(_PALETTE).save(file, "PNG", optimize=True)
    return file.getvalue()


@contextmanager
def drawing(*, width_in: float, height_in: float) -> Iterator[tuple[Figure, io.BytesIO]]:
    """Give an empty figure; on leaving, write it as SVG into the file. No pyplot, no state left."""
    file = io.BytesIO()
    # Ids are drawn from a salt, not from a clock; text stays text, small and searchable.
    with mpl.rc_context({"svg.hashsalt": "disney", "svg.fonttype": "none", "font.size": 9.0}):
        figure = Figure(figsize=(width_in, height_in), layout="constrained")
        yield figure, file
        figure.savefig(file, format="svg", metadata={"Date": None})


def _number_cells(axes: Axes, confusion_KK: IntArray, fractions_KK: FloatArray) -> None:
    for (row, column), count in np.ndenumerate(confusion_KK):
        colour = "white" if fractions_KK[row, column] > _DARK else "black"
        if count:  # empty cells stay empty: the eye finds the mistakes
            axes.text(column + 0.5, row + 0.5, str(count), c=colour, ha="center", va="center")


def _paste_tile(
    sheet: Image.Image, mistake: Mistake, picture: Pixels, *, left: int, top: int
) -> None:
    tile = Image.fromarray(np.ascontiguousarray(picture))
    tile.thumbnail((_TILE_PX, _TILE_PX))
    sheet.paste(tile, (left + (_TILE_PX - tile.width) // 2, top + (_TILE_PX - tile.height)))
    draw = ImageDraw.Draw(sheet)
    lines = (f"is {mistake.label}", f"said {mistake.confidence:.2f} {mistake.predicted}")
    for number, line in enumerate(lines):
        place = (left, top + _TILE_PX + 4 + number * (FONT_PX + 3))
        draw.text(place, fitting(line, width_px=_TILE_PX), "black", font())
