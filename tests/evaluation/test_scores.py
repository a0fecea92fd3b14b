"""What is written about a classifier can be recomputed from its predictions."""

import numpy as np
import pytest
import sklearn.metrics as sk

from pipeline.errors import DataError
from pipeline.evaluation.calibration import CalibrationBin
from pipeline.evaluation.mistakes import HardPicture
from pipeline.evaluation.predictions import make_predictions, read_predictions
from pipeline.evaluation.scores import ClassScores, write_scores
from pipeline.files import read_rows

CLASSES = ("ariel", "elsa", "merida")
FILES = [
    "calibration.csv",
    "hardest.csv",
    "metrics.json",
    "per_class.csv",
    "predictions.csv",
]


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
    """metrics.json and all tables hold nothing that predictions.csv and split.csv do not."""
    split_rows = split_rows_of(predictions)
    write(tmp_path / "a", predictions, split_rows)
    write(tmp_path / "b", read_predictions(tmp_path / "a" / "predictions.csv"), split_rows)

    assert FILES == sorted(path.name for path in (tmp_path / "a").iterdir())
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_scores_are_those_of_scikit_learn(tmp_path, predictions, split_rows_of):
    """Accuracy, F1, log-loss and average precision mean what everybody means by them."""
    values = write(tmp_path, predictions, split_rows_of(predictions))
    rows = read_rows(tmp_path / "per_class.csv", ClassScores)
    test, val = predictions.only("test"), predictions.only("val")
    truth_NK = np.eye(3)[test.labels]
    expected = {
        "accuracy": sk.accuracy_score(test.labels, test.predicted),
        "average_precision": sk.average_precision_score(truth_NK, test.probs),
        "balanced_accuracy": sk.balanced_accuracy_score(test.labels, test.predicted),
        "brier": ((test.probs - truth_NK) ** 2).sum(axis=1).mean(),
        "log_loss": -np.log(test.probs[np.arange(30), test.labels]).mean(),
        "macro_f1": sk.f1_score(test.labels, test.predicted, average="macro"),
        "top3_accuracy": 1.0,  # of three classes
        "val_accuracy": sk.accuracy_score(val.labels, val.predicted),
        "val_macro_f1": sk.f1_score(val.labels, val.predicted, average="macro"),
    }

    assert expected == pytest.approx({name: values[name] for name in expected}, abs=1e-6)
    assert sk.average_precision_score(truth_NK, test.probs, average=None).tolist() == (
        pytest.approx([row.average_precision for row in rows], abs=1e-6)
    )
    assert (30, 30, 123, "scratch") == tuple(
        values[name] for name in ("num_test", "num_groups", "num_params", "init")
    )


def test_each_picture_is_counted_before_and_after_the_temperature(
    tmp_path, predictions, split_rows_of
):
    """calibration.csv counts each test picture twice."""
    write(tmp_path, predictions, split_rows_of(predictions))
    bins = read_rows(tmp_path / "calibration.csv", CalibrationBin)

    assert [30, 30] == [
        sum(row.num for row in bins if row.calibrated == after) for after in (False, True)
    ]


def test_scores_lie_inside_their_intervals(tmp_path, predictions, split_rows_of):
    """Low <= score <= high, for the whole and for each character."""
    values = write(tmp_path, predictions, split_rows_of(predictions))
    rows = read_rows(tmp_path / "per_class.csv", ClassScores)
    bounded = [name.removesuffix("_low") for name in values if name.endswith("_low")]

    assert list(CLASSES) == [row.character for row in rows]
    assert [10, 10, 10] == [row.support for row in rows]
    assert {"accuracy", "macro_f1", "log_loss_calibrated", "coverage_at_95_precision"} <= {*bounded}
    for name in bounded:
        assert values[f"{name}_low"] <= values[name] <= values[f"{name}_high"]
    for row in rows:
        for name in ("precision", "recall", "f1", "average_precision"):
            low, value, high = (getattr(row, name + end) for end in ("_low", "", "_high"))
            assert 0 <= low <= value <= high <= 1
            assert low < high


def test_a_network_that_is_always_right_is_still_doubted(tmp_path, answers, split_rows_of):
    """Of 30 groups without a mistake nobody can say that the next is right: no [1, 1]."""
    predictions = answers([0, 1, 2] * 10, [0, 1, 2] * 10)
    values = write(tmp_path, predictions, split_rows_of(predictions))
    rows = read_rows(tmp_path / "per_class.csv", ClassScores)

    for name in ("accuracy", "balanced_accuracy", "macro_f1", "average_precision"):
        assert (1, 1) == (values[name], values[f"{name}_high"])
        assert 0.85 < values[f"{name}_low"] < 0.93
    assert all(0.6 < row.f1_low < 0.75 for row in rows)  # ten groups each
    assert all(0.6 < row.recall_low < 0.75 for row in rows)


def test_the_hardest_pictures_come_first(tmp_path, predictions, split_rows_of):
    """hardest.csv holds the test pictures whose label was least probable, in that order."""
    write(tmp_path, predictions, split_rows_of(predictions))
    rows = read_rows(tmp_path / "hardest.csv", HardPicture)

    assert 30 == len(rows)
    assert sorted(row.label_probability for row in rows) == [row.label_probability for row in rows]


def test_undefined_class_scores_are_empty_cells(tmp_path, answers, split_rows_of):
    """A character without test pictures that is never named has no scores, not zeros."""
    predictions = answers([0, 1, 0, 1], [0, 1, 1, 1])
    write(tmp_path, predictions, split_rows_of(predictions))
    merida = read_rows(tmp_path / "per_class.csv", ClassScores)[2]

    assert (0, None, None, None) == (merida.support, merida.precision, merida.recall, merida.f1)


def test_without_val_pictures_nothing_is_said_about_val(tmp_path, answers, split_rows_of):
    """Scores of a split that is not there are left out, and so is what is fitted on it."""
    predictions = answers([0, 1], [0, 1])

    values = write(tmp_path, predictions, split_rows_of(predictions))
    assert not {"val_macro_f1", "temperature"} & values.keys()
    assert not (tmp_path / "calibration.csv").exists()


def test_no_test_pictures_is_a_clear_error(tmp_path, answers, split_rows_of):
    """There is nothing to score, and nothing is written."""
    predictions = answers([0, 1], [0, 1], split="val")

    with pytest.raises(DataError, match="no test pictures"):
        write(tmp_path / "none", predictions, split_rows_of(predictions))
    assert not (tmp_path / "none").exists()
