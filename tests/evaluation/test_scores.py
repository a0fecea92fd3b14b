"""What is written about a classifier can be recomputed from its predictions."""

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.evaluation import metrics
from pipeline.evaluation.intervals import bootstrap_confusions, interval
from pipeline.evaluation.predictions import groups_of, make_predictions, read_predictions
from pipeline.evaluation.scores import SCORES, ClassScores, confusion_of, write_scores
from pipeline.files import read_json, read_rows

CLASSES = ("ariel", "elsa", "merida")


@pytest.fixture
def predictions(pack_rows):
    """Answer 12 val and 30 test pictures, most of them right."""
    rng = np.random.default_rng(4)
    parts = {}
    for split, count in (("val", 12), ("test", 30)):
        rows = pack_rows((CLASSES * count)[:count], split=split)
        probs_NK = rng.dirichlet(np.ones(3), size=count)
        probs_NK[np.arange(count), [CLASSES.index(row.character) for row in rows]] += 0.5
        parts[split] = (rows, probs_NK / probs_NK.sum(axis=1, keepdims=True))
    return make_predictions(parts, classes=CLASSES)


def write(folder, predictions, split_rows, *, seed=7):
    """Write the scores as a stage does."""
    return write_scores(
        folder,
        predictions,
        split_rows=split_rows,
        samples=200,
        seed=seed,
        facts={"num_params": 123, "init": "scratch"},
    )


def test_every_number_is_recomputed_from_predictions(tmp_path, predictions, split_rows_of):
    """metrics.json and per_class.csv hold nothing that predictions.csv and split.csv do not."""
    split_rows = split_rows_of(predictions)
    write(tmp_path / "a", predictions, split_rows)
    written = read_json(tmp_path / "a" / "metrics.json")
    read = read_predictions(tmp_path / "a" / "predictions.csv")
    write(tmp_path / "b", read, split_rows)
    test, val = read.only("test"), read.only("val")
    resampled = bootstrap_confusions(test, groups_of(test, split_rows), samples=200, seed=7)
    expected = {
        "chance": 1 / 3,
        "num_groups": 30,
        "num_params": 123,
        "num_test": 30,
        "val_accuracy": metrics.accuracy(confusion_of(val)),
        "val_macro_f1": metrics.macro_f1(confusion_of(val)),
    }
    for name, score in SCORES.items():
        low, high = interval(score(resampled))
        expected |= {name: score(confusion_of(test)), f"{name}_low": low, f"{name}_high": high}

    assert written.pop("init") == "scratch"
    assert {name: float(value) for name, value in expected.items()} == pytest.approx(
        written, abs=5e-7
    )
    for name in ("metrics.json", "per_class.csv", "predictions.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_scores_lie_inside_their_intervals(tmp_path, predictions, split_rows_of):
    """Low <= score <= high, for the whole and for each character."""
    values = write(tmp_path, predictions, split_rows_of(predictions))
    rows = read_rows(tmp_path / "per_class.csv", ClassScores)

    assert list(CLASSES) == [row.character for row in rows]
    assert [10, 10, 10] == [row.support for row in rows]
    for name in SCORES:
        assert values[f"{name}_low"] <= values[name] <= values[f"{name}_high"]
    for row in rows:
        assert row.precision_low <= row.precision <= row.precision_high
        assert row.recall_low <= row.recall <= row.recall_high
        assert row.f1_low <= row.f1 <= row.f1_high


def test_undefined_class_scores_are_empty_cells(tmp_path, answers, split_rows_of):
    """A character without test pictures that is never named has no scores, not zeros."""
    predictions = answers([0, 1, 0, 1], [0, 1, 1, 1])
    write(tmp_path, predictions, split_rows_of(predictions))
    merida = read_rows(tmp_path / "per_class.csv", ClassScores)[2]

    assert (0, None, None, None) == (merida.support, merida.precision, merida.recall, merida.f1)


def test_without_val_pictures_nothing_is_said_about_val(tmp_path, answers, split_rows_of):
    """Scores of a split that is not there are left out."""
    predictions = answers([0, 1], [0, 1])

    assert "val_macro_f1" not in write(tmp_path, predictions, split_rows_of(predictions))


def test_no_test_pictures_is_a_clear_error(tmp_path, answers, split_rows_of):
    """There is nothing to score, and nothing is written."""
    predictions = answers([0, 1], [0, 1], split="val")

    with pytest.raises(DataError, match="no test pictures"):
        write(tmp_path / "none", predictions, split_rows_of(predictions))
    assert not (tmp_path / "none").exists()
