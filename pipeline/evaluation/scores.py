"""What is written about a classifier: metrics.json, per_class.csv and predictions.csv.

A trained network and a floor are written alike, so the report compares them alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import DataError
from pipeline.evaluation import metrics
from pipeline.evaluation.intervals import bootstrap_confusions, interval
from pipeline.evaluation.metrics import FloatArray, IntArray
from pipeline.evaluation.predictions import Predictions, groups_of, write_predictions
from pipeline.files import write_json, write_rows
from pipeline.records import SplitRow

METRICS = "metrics.json"
PREDICTIONS = "predictions.csv"
PER_CLASS = "per_class.csv"
SCORES = {
    "accuracy": metrics.accuracy,
    "balanced_accuracy": metrics.balanced_accuracy,
    "macro_f1": metrics.macro_f1,
}
_CLASS_SCORES = {"precision": metrics.precision, "recall": metrics.recall, "f1": metrics.f1}
_DECIMALS = 6

Fact = str | int | float


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


def write_scores(
    folder: Path,
    predictions: Predictions,
    *,
    split_rows: Sequence[SplitRow],
    samples: int,
    seed: int,
    facts: Mapping[str, Fact],
) -> dict[str, Fact]:
    """Write predictions.csv and all that follows from it.

    Args:
        folder: of the report, such as reports/networks/cnn.
        predictions: of val and test.
        split_rows: split.csv, for the duplicate groups.
        samples: bootstrap resamples.
        seed: of the bootstrap.
        facts: about the classifier itself, added to metrics.json.

    Returns:
        metrics.json as written.
    """
    test = tested(predictions)
    groups = groups_of(test, split_rows)
    resampled_BKK = bootstrap_confusions(test, groups, samples=samples, seed=seed)
    confusion_KK = confusion_of(test)
    values: dict[str, Fact] = {
        **summarise(confusion_KK, resampled_BKK),
        **_validation(predictions.only("val")),
        "chance": _round(1 / len(test.classes)),
        "num_groups": len(set(groups)),
        "num_test": len(test.sha256s),
        **facts,
    }
    write_predictions(folder / PREDICTIONS, predictions)
    rows = score_classes(confusion_KK, resampled_BKK, classes=test.classes)
    write_rows(folder / PER_CLASS, ClassScores, rows)
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


def summarise(confusion_KK: IntArray, resampled_BKK: FloatArray) -> dict[str, float]:
    """Give each overall score and its 95 % interval: accuracy, accuracy_low, accuracy_high, ..."""
    summary: dict[str, float] = {}
    for name, score in SCORES.items():
        low, high = interval(score(resampled_BKK))
        summary |= {
            name: _round(score(confusion_KK)),
            f"{name}_low": _round(low),
            f"{name}_high": _round(high),
        }
    return summary


def score_classes(
    confusion_KK: IntArray, resampled_BKK: FloatArray, *, classes: Sequence[str]
) -> list[ClassScores]:
    """Score each class on its own, with 95 % intervals, in the order of `classes`."""
    columns: dict[str, list[float | None]] = {}
    for name, score in _CLASS_SCORES.items():
        values_K, resampled_BK = score(confusion_KK), score(resampled_BKK)
        triples = [
            _with_interval(value, resampled_BK[:, index]) for index, value in enumerate(values_K)
        ]
        for suffix, column in zip(("", "_low", "_high"), zip(*triples, strict=True), strict=True):
            columns[name + suffix] = list(column)
    support_K = confusion_KK.sum(axis=1)
    return [
        ClassScores(
            character=slug,
            support=int(support_K[index]),
            **{name: column[index] for name, column in columns.items()},
        )
        for index, slug in enumerate(classes)
    ]


def _with_interval(
    value: float, resampled_B: FloatArray
) -> tuple[float | None, float | None, float | None]:
    if np.isnan(value):
        return None, None, None
    low, high = interval(resampled_B)
    return _round(value), _round(low), _round(high)


def _validation(val: Predictions) -> dict[str, float]:
    """Score the val pictures, on which the best epoch was chosen: no estimate for new pictures."""
    if not val.sha256s:
        return {}
    confusion_KK = confusion_of(val)
    return {
        "val_accuracy": _round(metrics.accuracy(confusion_KK)),
        "val_macro_f1": _round(metrics.macro_f1(confusion_KK)),
    }


def _round(value: float | FloatArray) -> float:
    return round(float(value), _DECIMALS)
