"""What is written about a classifier: metrics.json, per_class.csv and all that goes with them.

A trained network and a floor are written alike, so the report compares them alike.

Letters: N pictures, K classes, B resamples.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import DataError
from pipeline.evaluation import metrics
from pipeline.evaluation.calibration import (
    CALIBRATION_CSV,
    CalibrationBin,
    calibrate,
    reliability,
)
from pipeline.evaluation.intervals import Interval, Resamples, resample
from pipeline.evaluation.metrics import FloatArray, IntArray
from pipeline.evaluation.mistakes import HARDEST, HardPicture, hardest
from pipeline.evaluation.predictions import Predictions, groups_of, write_predictions
from pipeline.evaluation.probabilities import BoolArray, average_precision
from pipeline.evaluation.proportions import bounded_interval, proportion_interval
from pipeline.evaluation.summary import (
    macro_average_precision,
    rounded,
    summarise,
    summarise_calibrated,
    summarise_probs,
)
from pipeline.evaluation.temperature import Calibration
from pipeline.files import write_json, write_rows
from pipeline.records import SplitRow

METRICS = "metrics.json"
PREDICTIONS = "predictions.csv"
PER_CLASS = "per_class.csv"

Fact = str | int | float
Triple = tuple[float | None, float | None, float | None]  # value, low, high


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScores:
    """One character on the test pictures: a row of per_class.csv. Undefined (0/0) is empty."""

    character: str
    support: int  # its test pictures
    precision: float | None  # of the pictures called so, how many are
    precision_low: float | None  # 95 % interval, by duplicate group
    precision_high: float | None
    recall: float | None  # of its pictures, how many are found
    recall_low: float | None
    recall_high: float | None
    f1: float | None  # harmonic mean of the two
    f1_low: float | None
    f1_high: float | None
    average_precision: float | None  # precision over its pictures, ranked by its probability
    average_precision_low: float | None
    average_precision_high: float | None


def write_scores(
    folder: Path,
    predictions: Predictions,
    *,
    split_rows: Sequence[SplitRow],
    samples: int,
    seed: int,
    facts: Mapping[str, Fact],
    calibration: Calibration | None = None,
) -> dict[str, Fact]:
    """Write predictions.csv and all that follows from it.

    Args:
        folder: of the report, such as reports/networks/cnn.
        predictions: of val and test.
        split_rows: split.csv, for the duplicate groups.
        samples: bootstrap resamples.
        seed: of the bootstrap.
        facts: about the classifier itself, added to metrics.json.
        calibration: that it answers with; None: fitted on val here.

    Returns:
        metrics.json as written.
    """
    test, val = tested(predictions), predictions.only("val")
    groups = groups_of(test, split_rows)
    resamples = resample(groups, samples=samples, seed=seed)
    precisions_K, precisions_BK = _average_precisions(test, resamples)
    values: dict[str, Fact] = {
        **summarise(test, groups, resamples, confusion_KK=confusion_of(test)),
        **summarise_probs(test.probs, test.labels, resamples),
        **macro_average_precision(precisions_K, precisions_BK, resamples),
        "chance": rounded(1 / len(test.classes)),
        "num_groups": len(set(groups)),
        "num_test": len(test.sha256s),
        **_validation(folder, val, test=test, resamples=resamples, calibration=calibration),
        **facts,
    }
    write_predictions(folder / PREDICTIONS, predictions)
    rows = score_classes(test, groups, resamples, precisions=(precisions_K, precisions_BK))
    write_rows(folder / PER_CLASS, ClassScores, rows)
    write_rows(folder / HARDEST, HardPicture, hardest(test))
    write_json(folder / METRICS, values)
    return values


def in_words(values: Mapping[str, Fact]) -> str:
    """Say metrics.json in a line, for a log."""
    return (
        f"accuracy {values['accuracy']:.3f} [{values['accuracy_low']:.3f}, "
        f"{values['accuracy_high']:.3f}], macro-F1 {values['macro_f1']:.3f} on "
        f"{values['num_test']} test pictures in {values['num_groups']} groups; "
        f"chance is {values['chance']:.3f}"
    )


def tested(predictions: Predictions) -> Predictions:
    """Keep the test pictures, the ones that scores are about.

    Raises:
        DataError: there are none.
    """
    test = predictions.only("test")
    if not test.sha256s:
        raise DataError("no test pictures to score; collect more images or raise split.test")
    return test


def confusion_of(predictions: Predictions) -> IntArray:
    """Count true against predicted classes, shape (K, K)."""
    return metrics.confusion_matrix(
        predictions.labels, predictions.predicted, num_classes=len(predictions.classes)
    )


def score_classes(
    test: Predictions,
    groups: Sequence[str],
    resamples: Resamples,
    *,
    precisions: tuple[FloatArray, FloatArray],
) -> list[ClassScores]:
    """Score each class on its own, with 95 % intervals, in the order of the classes.

    Recall and precision are fractions of pictures; F1 and average precision are not, and where
    they are perfect they borrow the interval of as many groups as the class has.

    Args:
        test: of the test pictures.
        groups: the duplicate group of each.
        resamples: of these groups.
        precisions: average precision of each class (K), and of each resample (B, K).
    """
    names_N = np.array(groups)
    f1_K, f1_BK = metrics.f1(confusion_of(test)), metrics.f1(resamples.confusions(test))
    precisions_K, precisions_BK = precisions
    rows = []
    for index, slug in enumerate(test.classes):
        is_its_N, is_called_N = test.labels == index, test.predicted == index
        num_groups = len(set(names_N[is_its_N]))
        rows.append(
            ClassScores(
                character=slug,
                support=int(is_its_N.sum()),
                **_columns("precision", _fraction(is_its_N, names_N, among_N=is_called_N)),
                **_columns("recall", _fraction(is_called_N, names_N, among_N=is_its_N)),
                **_columns("f1", _bounded(f1_K[index], f1_BK[:, index], num_groups)),
                **_columns(
                    "average_precision",
                    _bounded(precisions_K[index], precisions_BK[:, index], num_groups),
                ),
            )
        )
    return rows


def _average_precisions(test: Predictions, resamples: Resamples) -> tuple[FloatArray, FloatArray]:
    """Give the average precision of each class, of the pictures (K) and of the resamples (B, K)."""
    all_once, weights_BN = np.ones((1, len(test.labels))), resamples.weights_BN
    classes = range(len(test.classes))
    once, resampled = (
        [average_precision(test.probs[:, k], test.labels == k, weights) for k in classes]
        for weights in (all_once, weights_BN)
    )
    return np.concatenate(once), np.stack(resampled, axis=1)


def _fraction(
    is_counted_N: BoolArray,
    groups_N: np.ndarray[tuple[int], np.dtype[np.str_]],
    *,
    among_N: BoolArray,
) -> Triple:
    if not among_N.any():
        return None, None, None
    counted = is_counted_N[among_N]
    return _rounded(counted.mean(), proportion_interval(counted, groups_N[among_N].tolist()))


def _bounded(value: float, resampled_B: FloatArray, num_groups: int) -> Triple:
    if np.isnan(value):
        return None, None, None
    return _rounded(value, bounded_interval(resampled_B, num_groups=num_groups))


def _rounded(value: float, bounds: Interval) -> Triple:
    return rounded(value), rounded(bounds[0]), rounded(bounds[1])


def _columns(name: str, triple: Triple) -> dict[str, float | None]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), triple, strict=True))


def _validation(
    folder: Path,
    val: Predictions,
    *,
    test: Predictions,
    resamples: Resamples,
    calibration: Calibration | None,
) -> dict[str, float]:
    """Score val, on which the best epoch was chosen, and on test what is fitted on it.

    Scores of val are no estimate for new pictures: they say which network to choose.
    """
    if not val.sha256s:
        return {}
    used = calibration or calibrate(val)
    bins = reliability(test, temperature=used.temperature)
    write_rows(folder / CALIBRATION_CSV, CalibrationBin, bins)
    confusion_KK = confusion_of(val)
    return {
        "val_accuracy": rounded(metrics.accuracy(confusion_KK)),
        "val_macro_f1": rounded(metrics.macro_f1(confusion_KK)),
        **summarise_calibrated(test, used, resamples),
    }
