"""Has a network learned more than a palette? Its gain over the colour floor, with and without hue.

Both answer about the same pictures, so the gain is paired. On grey pictures the floor has nothing
left but light and dark: a network that gains in colour and not in grey has learned colours better,
not shapes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import DataError
from pipeline.evaluation.intervals import resample
from pipeline.evaluation.metrics import FloatArray
from pipeline.evaluation.predictions import read_predictions
from pipeline.evaluation.robustness import GREY, read_perturbed, right_by_perturbation
from pipeline.evaluation.scores import PREDICTIONS, tested
from pipeline.records import SplitRow

COLOUR_PICTURES, GREY_PICTURES = "colour", "grey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """How much more often a network is right than the colour floor, on the same pictures."""

    pictures: str  # "colour" or "grey"
    num: int
    ours: float  # accuracy of the network, in [0, 1]
    theirs: float  # of the floor
    gain: float  # ours - theirs, in [-1, 1]
    low: float  # 95 % interval, paired, by duplicate group
    high: float

    @property
    def is_better(self) -> bool:
        """Tell whether the whole interval lies above zero."""
        return self.low > 0

    @property
    def is_worse(self) -> bool:
        """Tell whether the whole interval lies below zero."""
        return self.high < 0


def gain_over(
    ours: Path, theirs: Path, *, split_rows: Sequence[SplitRow], samples: int, seed: int
) -> list[Gain]:
    """Compare two report folders, on test pictures in colour and, where both have them, in grey.

    Args:
        ours: such as reports/networks/cnn.
        theirs: such as reports/floors/colour.
        split_rows: split.csv, for the duplicate groups.
        samples: bootstrap resamples.
        seed: of the bootstrap.

    Raises:
        DataError: a file breaks its contract, or the two were scored on other pictures.
    """
    group_of = {row.sha256: row.group for row in split_rows}
    return [
        _gain(name, answers(ours), answers(theirs), group_of=group_of, samples=samples, seed=seed)
        for name, answers in ((COLOUR_PICTURES, _in_colour), (GREY_PICTURES, _in_grey))
    ]


def _in_colour(folder: Path) -> dict[str, bool]:
    test = tested(read_predictions(folder / PREDICTIONS))
    return dict(zip(test.sha256s, (test.predicted == test.labels).tolist(), strict=True))


def _in_grey(folder: Path) -> dict[str, bool]:
    parts = dict(right_by_perturbation(read_perturbed(folder)))
    sha256s, is_right_N = parts[GREY]
    return dict(zip(sha256s, is_right_N.tolist(), strict=True))


def _gain(
    name: str,
    ours: dict[str, bool],
    theirs: dict[str, bool],
    *,
    group_of: dict[str, str],
    samples: int,
    seed: int,
) -> Gain:
    if ours.keys() != theirs.keys() or not ours.keys() <= group_of.keys():
        raise DataError("network and floor were scored on other pictures; run dvc repro")
    sha256s = sorted(ours)
    ours_N, theirs_N = (_as_numbers(each, sha256s) for each in (ours, theirs))
    resamples = resample([group_of[each] for each in sha256s], samples=samples, seed=seed)
    low, high = resamples.interval(resamples.means(ours_N - theirs_N))
    return Gain(
        pictures=name,
        num=len(sha256s),
        ours=float(ours_N.mean()),
        theirs=float(theirs_N.mean()),
        gain=float((ours_N - theirs_N).mean()),
        low=low,
        high=high,
    )


def _as_numbers(is_right: dict[str, bool], sha256s: Sequence[str]) -> FloatArray:
    return np.array([is_right[sha256] for sha256 in sha256s], dtype=np.float64)
