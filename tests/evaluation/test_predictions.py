"""predictions.csv: what is written is what is scored, and a wrong row is named."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.evaluation.predictions import (
    Predictions,
    groups_of,
    make_predictions,
    read_predictions,
    write_predictions,
)
from pipeline.files import read_csv, write_csv

CLASSES = ("ariel", "elsa", "merida")
HEADER = "sha256,split,label,predicted,confidence,p_ariel,p_elsa,p_merida"


def assert_same(expected: Predictions, actual: Predictions) -> None:
    """Compare two, arrays included."""
    assert (expected.classes, expected.sha256s, expected.splits) == (
        actual.classes,
        actual.sha256s,
        actual.splits,
    )
    assert expected.labels.tolist() == actual.labels.tolist()
    assert expected.probs.tolist() == actual.probs.tolist()


def test_columns_are_the_contract(tmp_path, answers):
    """The header is the one of data/README.md, a column of probabilities for each class."""
    write_predictions(tmp_path / "p.csv", answers([0, 1], [0, 2]))
    header, rows = read_csv(tmp_path / "p.csv")

    assert HEADER == ",".join(header)
    assert ["test", "elsa", "merida", "0.8", "0.1", "0.1", "0.8"] == rows[1][1:]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(logits=st.lists(st.tuples(*[st.floats(-30, 30)] * 3), min_size=1, max_size=6))
def test_roundtrip(tmp_path, pack_rows, logits):
    """Probabilities read back are the ones that were scored; written again, the same bytes."""
    exp_NK = np.exp(np.array(logits) - np.max(logits, axis=1, keepdims=True))
    probs_NK = exp_NK / exp_NK.sum(axis=1, keepdims=True)
    rows = pack_rows(["ariel"] * len(logits), split="test")
    written = make_predictions({"test": (rows, probs_NK)}, classes=CLASSES)
    write_predictions(tmp_path / "p.csv", written)
    read = read_predictions(tmp_path / "p.csv")
    write_predictions(tmp_path / "again.csv", read)

    assert_same(written, read)
    assert (tmp_path / "p.csv").read_bytes() == (tmp_path / "again.csv").read_bytes()


def test_rows_are_sorted_by_split_and_sha256(pack_rows):
    """The order of packs and rows does not show in the file."""
    val, test = pack_rows(["ariel"], split="val"), pack_rows(["elsa", "merida"], split="test")
    probs_NK = np.eye(3)
    predictions = make_predictions(
        {"val": (val, probs_NK[:1]), "test": (test[::-1], probs_NK[[2, 1]])}, classes=CLASSES
    )

    assert ("test", "test", "val") == predictions.splits
    assert [1, 2, 0] == predictions.labels.tolist() == predictions.predicted.tolist()


def test_a_tie_is_the_first_class_in_file_and_score(tmp_path, pack_rows):
    """Two classes that print alike are a tie, whatever digits were cut off."""
    probs_NK = np.array([[0.3999999, 0.4000001, 0.2]])
    predictions = make_predictions({"test": (pack_rows(["elsa"]), probs_NK)}, classes=CLASSES)
    write_predictions(tmp_path / "p.csv", predictions)

    assert [0] == predictions.predicted.tolist()
    assert [0.4] == read_predictions(tmp_path / "p.csv").confidence.tolist()


GOOD = ["0" * 64, "test", "ariel", "elsa", "0.7", "0.2", "0.7", "0.1"]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (1, "dev", r":2: split: got 'dev', allowed: train, val, test"),
        (2, "olaf", r":2: label: got 'olaf', allowed: ariel, elsa, merida"),
        (3, "olaf", r":2: predicted: got 'olaf'"),
        (3, "ariel", r":2: predicted is 'ariel', but 'elsa' is most probable"),
        (4, "0.6", r":2: confidence is 0.6, but p_elsa is 0.7"),
        (5, "1.2", r":2: got 1.2, expected a probability"),
        (5, "nan", r":2: got nan, expected a probability"),
        (5, "much", r":2: got 'much', expected a probability"),
        (5, "0.1", r":2: the probabilities sum to 0.9, expected 1"),
    ],
)
def test_a_row_that_contradicts_itself_is_named(tmp_path, column, value, message):
    """Each rule names file, line, what was found and what is allowed."""
    row = [value if index == column else text for index, text in enumerate(GOOD)]
    write_csv(tmp_path / "p.csv", HEADER.split(","), [row])

    with pytest.raises(DataError, match=message):
        read_predictions(tmp_path / "p.csv")


def test_a_picture_listed_twice_is_named(tmp_path):
    """A repeated sha256 would count twice."""
    write_csv(tmp_path / "p.csv", HEADER.split(","), [GOOD, GOOD])

    with pytest.raises(DataError, match=r":3: 0+ is on line 2 already"):
        read_predictions(tmp_path / "p.csv")


@pytest.mark.parametrize(
    "header",
    ["sha256,split", "sha256,split,label,predicted,confidence", HEADER + ",q_olaf", HEADER + ",p_"],
)
def test_wrong_columns_are_named(tmp_path, header):
    """The error shows the columns found and the ones expected."""
    write_csv(tmp_path / "p.csv", header.split(","), [])

    with pytest.raises(DataError, match=r":1: columns are sha256.*expected sha256,split,label"):
        read_predictions(tmp_path / "p.csv")


def test_groups_come_from_split_csv(answers, split_rows_of):
    """Groups are looked up by sha256, in the order of the predictions."""
    predictions = answers([0, 1], [0, 1])
    first, second = predictions.sha256s
    rows = split_rows_of(predictions, group_of={first: "a", second: "b"})

    assert ["a", "b"] == groups_of(predictions, reversed(rows))


def test_predictions_of_another_split_are_refused(answers, split_rows_of):
    """A picture that split.csv does not know there means the predictions are old."""
    predictions = answers([0, 1], [0, 1])

    with pytest.raises(DataError, match="older than the split"):
        groups_of(predictions, split_rows_of(answers([0, 2], [0, 1])))
    with pytest.raises(DataError, match="older than the split"):
        groups_of(predictions, [])


def test_a_character_the_classifier_does_not_know_is_named(pack_rows):
    """A network trained before a character was added cannot be scored on it."""
    rows = pack_rows(["olaf"])

    with pytest.raises(DataError, match="olaf: not among the classes ariel, elsa, merida"):
        make_predictions({"test": (rows, np.eye(3)[:1])}, classes=CLASSES)
