"""What a classifier said about each picture: predictions.csv, where every number comes from.

Letters: N pictures, K classes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.files import read_csv, write_csv
from pipeline.records import SLUG, SPLITS, PackRow, SplitRow

_FIXED = ["sha256", "split", "label", "predicted", "confidence"]
_PREFIX = "p_"  # of the columns of probabilities: p_<slug>
_DIGITS = 6  # significant digits of a probability in the file
_SUM_TOLERANCE = 1e-3  # probabilities are rounded, so their sum is about 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predictions:
    """One classifier's answers for N pictures; a row of predictions.csv each."""

    classes: tuple[str, ...]  # K slugs, the order of the columns of probs
    sha256s: tuple[str, ...]  # N
    splits: tuple[str, ...]  # N of "val" and "test"
    labels: npt.NDArray[np.int64]  # N, true class_index
    probs: npt.NDArray[np.float64]  # (N, K) in [0, 1], rounded as the file prints them

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        """The most probable class_index; the first one of a tie."""
        predicted_N: npt.NDArray[np.int64] = np.argmax(self.probs, axis=1)
        return predicted_N

    @property
    def confidence(self) -> npt.NDArray[np.float64]:
        """Probability of the predicted class."""
        confidence_N: npt.NDArray[np.float64] = self.probs.max(axis=1)
        return confidence_N

    def only(self, split: str) -> "Predictions":
        """Keep the pictures of one split."""
        keep = [index for index, each in enumerate(self.splits) if each == split]
        return self.take(keep)

    def take(self, indices: Sequence[int]) -> "Predictions":
        """Keep these pictures, in this order."""
        return Predictions(
            classes=self.classes,
            sha256s=tuple(self.sha256s[index] for index in indices),
            splits=tuple(self.splits[index] for index in indices),
            labels=self.labels[list(indices)],
            probs=self.probs[list(indices)],
        )


def make_predictions(
    parts: Mapping[str, tuple[Sequence[PackRow], npt.NDArray[np.float64]]],
    *,
    classes: Sequence[str],
) -> Predictions:
    """Gather a classifier's probabilities, rounded as the file will print them.

    Rounding comes first, so that the answers written are the answers scored.

    Args:
        parts: of each split its rows and their probabilities, shape (N, K).
        classes: K slugs, the order of the columns.

    Raises:
        DataError: a picture shows a character that the classifier does not know.
    """
    index_of = {slug: index for index, slug in enumerate(classes)}
    rows = [(split, row) for split, (rows, _) in parts.items() for row in rows]
    if unknown := sorted({row.character for _, row in rows} - set(classes)):
        raise DataError(
            f"{', '.join(unknown)}: not among the classes {', '.join(classes)}; train again"
        )
    predictions = Predictions(
        classes=tuple(classes),
        sha256s=tuple(row.sha256 for _, row in rows),
        splits=tuple(split for split, _ in rows),
        labels=np.array([index_of[row.character] for _, row in rows], dtype=np.int64),
        probs=_rounded(np.concatenate([probs_NK for _, probs_NK in parts.values()])),
    )
    order = sorted(
        range(len(rows)), key=lambda index: (predictions.splits[index], predictions.sha256s[index])
    )
    return predictions.take(order)


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write predictions.csv, sorted by split and sha256 as `make_predictions` left it."""
    header = [*_FIXED, *(f"{_PREFIX}{slug}" for slug in predictions.classes)]
    write_csv(path, header, _lines(predictions))


def read_predictions(path: Path) -> Predictions:
    """Read predictions.csv and check that each row agrees with itself.

    Raises:
        DataError: the line and what is wrong in it: an unknown split or class, a probability
            outside [0, 1], a sum other than 1, a prediction that is not the most probable class,
            a picture listed twice.
    """
    header, lines = read_csv(path)
    classes = _read_classes(path, header)
    rows = [
        _read_line(line, classes, where=f"{path}:{number}")
        for number, line in enumerate(lines, start=2)
    ]
    _refuse_repeats(path, [line[0] for line in lines])
    return Predictions(
        classes=classes,
        sha256s=tuple(line[0] for line in lines),
        splits=tuple(line[1] for line in lines),
        labels=np.array([label for label, _ in rows], dtype=np.int64),
        probs=np.array([probs_K for _, probs_K in rows]).reshape(len(rows), len(classes)),
    )


def groups_of(predictions: Predictions, split_rows: Iterable[SplitRow]) -> list[str]:
    """Look up the duplicate group of each picture in the rows of split.csv.

    Raises:
        DataError: a picture is not in split.csv, or has another split or character there.
    """
    known = {row.sha256: row for row in split_rows}
    groups = []
    for sha256, split, label in zip(
        predictions.sha256s, predictions.splits, predictions.labels, strict=True
    ):
        row = known.get(sha256)
        if row is None or (row.split, row.character) != (split, predictions.classes[label]):
            raise DataError(
                f"predictions.csv: {sha256} is no picture of {predictions.classes[label]} in "
                f"{split} by split.csv; the predictions are older than the split: run dvc repro"
            )
        groups.append(row.group)
    return groups


def _rounded(probs_NK: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    texts = [[_to_text(value) for value in row] for row in probs_NK.tolist()]
    return np.array(texts, dtype=np.float64).reshape(probs_NK.shape)


def _to_text(probability: float) -> str:
    """Print 6 significant digits: parsing and printing again gives the same text."""
    return f"{probability:.{_DIGITS}g}"


def _lines(predictions: Predictions) -> Iterable[list[str]]:
    for sha256, split, label, predicted, probs_K in zip(
        predictions.sha256s,
        predictions.splits,
        predictions.labels,
        predictions.predicted,
        predictions.probs.tolist(),
        strict=True,
    ):
        names = predictions.classes[label], predictions.classes[predicted]
        yield [sha256, split, *names, *map(_to_text, (probs_K[predicted], *probs_K))]


def _read_classes(path: Path, header: Sequence[str]) -> tuple[str, ...]:
    columns = header[len(_FIXED) :]
    classes = tuple(each.removeprefix(_PREFIX) for each in columns)
    if (
        list(header[: len(_FIXED)]) != _FIXED
        or not columns
        or not all(
            each.startswith(_PREFIX) and SLUG.match(each[len(_PREFIX) :]) for each in columns
        )
        or len(set(classes)) < len(classes)
    ):
        raise DataError(
            f"{path}:1: columns are {','.join(header)}; "
            f"expected {','.join(_FIXED)} and {_PREFIX}<slug> for each class"
        )
    return classes


def _read_line(
    line: Sequence[str], classes: Sequence[str], *, where: str
) -> tuple[int, list[float]]:
    """Parse one row: its class_index and its K probabilities."""
    _, split, label, predicted, confidence = line[: len(_FIXED)]
    if split not in SPLITS:
        raise DataError(f"{where}: split: got {split!r}, allowed: {', '.join(SPLITS)}")
    for column, slug in (("label", label), ("predicted", predicted)):
        if slug not in classes:
            raise DataError(f"{where}: {column}: got {slug!r}, allowed: {', '.join(classes)}")
    probs_K = [_probability(text, where=where) for text in line[len(_FIXED) :]]
    if abs(sum(probs_K) - 1) > _SUM_TOLERANCE:
        raise DataError(f"{where}: the probabilities sum to {sum(probs_K):g}, expected 1")
    best = classes[probs_K.index(max(probs_K))]
    if predicted != best:
        raise DataError(f"{where}: predicted is {predicted!r}, but {best!r} is most probable")
    if _probability(confidence, where=where) != max(probs_K):
        raise DataError(f"{where}: confidence is {confidence}, but p_{best} is {max(probs_K):g}")
    return classes.index(label), probs_K


def _probability(text: str, *, where: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise DataError(f"{where}: got {text!r}, expected a probability in [0, 1]") from error
    if not 0 <= value <= 1:  # also refuses NaN
        raise DataError(f"{where}: got {text}, expected a probability in [0, 1]")
    return value


def _refuse_repeats(path: Path, sha256s: Sequence[str]) -> None:
    first_line: dict[str, int] = {}
    for number, sha256 in enumerate(sha256s, start=2):
        if sha256 in first_line:
            raise DataError(f"{path}:{number}: {sha256} is on line {first_line[sha256]} already")
        first_line[sha256] = number
