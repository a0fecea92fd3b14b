"""One style for the figures of all studies: legible in grey, units on axes, the same bytes twice.

What tells lines apart is never colour alone: each has a marker and dashes of its own, bars have
hatches, maps are grey. Figures hold Latin text only, because a machine may have no Korean font.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle, islice
from typing import Any, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet

from pipeline.studies.parts.study import Figure
from pipeline.studies.parts.verdict import Estimate

MAIN = "figure.svg"  # the file of a study's first figure
MAP = "Greys"  # colour map of fields and attention
HATCHES = ("", "///", "...", "xx", "\\\\\\", "++")
# Hues that the colour-blind tell apart (Okabe and Ito 2008), of falling darkness.
_LINES: tuple[dict[str, Any], ...] = (
    {"c": "#000000", "marker": "o", "ls": "-"},
    {"c": "#0072b2", "marker": "s", "ls": "--"},
    {"c": "#d55e00", "marker": "^", "ls": "-."},
    {"c": "#009e73", "marker": "D", "ls": ":"},
    {"c": "#cc79a7", "marker": "v", "ls": (0, (5, 1))},
    {"c": "#e69f00", "marker": "x", "ls": (0, (1, 1))},
    {"c": "#56b4e9", "marker": "P", "ls": (0, (3, 1, 1, 1, 1, 1))},
)
_STYLE: dict[str, Any] = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9.0,
    "image.cmap": MAP,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "svg.fonttype": "none",  # text stays text: small, and can be searched
    "svg.hashsalt": "disney",  # ids come from it, not from a clock
}


def draw(
    file: str,
    paint: Callable[[Sheet], None],
    *,
    caption: str,
    width_in: float = 6.4,
    height_in: float = 3.0,
) -> Figure:
    """Draw a figure; no state of matplotlib is left behind.

    Args:
        file: name beside result.json, ending in .svg, or .png where there are pictures.
        paint: fills an empty sheet.
        caption: says what is seen, so that nobody has to read the text.
        width_in: of the sheet, in inches.
        height_in: likewise.
    """
    buffer = io.BytesIO()
    kind = file.rpartition(".")[2]
    with mpl.rc_context(cast("Any", _STYLE)):
        sheet = Sheet(figsize=(width_in, height_in), layout="constrained", dpi=110)
        paint(sheet)
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        sheet.savefig(buffer, format=kind, metadata=metadata)
    return Figure(file=file, caption=caption, data=buffer.getvalue())


def line_styles(num: int) -> list[dict[str, Any]]:
    """Give so many styles of lines for `Axes.plot` and `Axes.errorbar`."""
    return list(islice(cycle(_LINES), num))


def plot_estimates(
    axes: Axes,
    x: Sequence[float],
    estimates: Sequence[Estimate],
    *,
    label: str | None = None,
    style: dict[str, Any] | None = None,
) -> None:
    """Draw means over seeds as a line, their 95 % intervals as bars."""
    means = [each.value for each in estimates]
    style = style or line_styles(1)[0]
    axes.errorbar(
        x, means, yerr=_reaches(estimates), label=label, capsize=2, elinewidth=0.8, **style
    )


def plot_bars(
    axes: Axes,
    x: Sequence[float],
    estimates: Sequence[Estimate],
    *,
    label: str,
    hatch: str,
    width: float = 0.8,
) -> None:
    """Draw means over seeds as bars that a hatch tells apart, with their 95 % intervals."""
    axes.bar(
        x,
        [each.value for each in estimates],
        width=width,
        yerr=_reaches(estimates),
        label=label,
        hatch=hatch,
        color="0.85",
        edgecolor="0",
        capsize=2,
    )


def plot_scores(
    axes: Axes,
    names: Sequence[str],
    scores: Mapping[str, Sequence[Estimate]],
    *,
    xlabel: str,
) -> None:
    """Draw accuracies side by side: for each name a bar of every kind, two kinds at most."""
    for number, (label, found) in enumerate(scores.items()):
        places = [place + 0.4 * number - 0.2 for place in range(len(names))]
        plot_bars(axes, places, found, label=label, hatch=HATCHES[number], width=0.4)
    axes.set_xticks(range(len(names)), names)
    axes.set(xlabel=xlabel, ylabel="accuracy (0 to 1)", ylim=(0, 1.15))
    axes.legend(loc="upper center", ncols=2)


def _reaches(estimates: Sequence[Estimate]) -> list[list[float]]:
    """Say how far intervals reach below and above their means; 0 where there is none."""
    below = [each.value - (each.value if each.low is None else each.low) for each in estimates]
    above = [(each.value if each.high is None else each.high) - each.value for each in estimates]
    return [below, above]


def empty_figure(text: str) -> Figure:
    """Draw the place of a figure that could not be drawn, with the reason."""

    def paint(sheet: Sheet) -> None:
        sheet.text(0.5, 0.5, text, ha="center", va="center", wrap=True)

    return draw(MAIN, paint, caption=f"Not run: {text}", height_in=1.0)
