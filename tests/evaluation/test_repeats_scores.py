"""How far scores spread when only the seed changes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.evaluation.predictions import Predictions, read_predictions
from pipeline.evaluation.repeats import SeedScores, write_seeds
from pipeline.files import read_rows

Answers = Callable[..., Predictions]


@pytest.fixture
def by_seed(answers: Answers) -> dict[int, Predictions]:
    """Answer ten test pictures three times: 8, 6 and 7 of them right."""
    labels = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]
    return {
        seed: answers(labels, [(label + (n >= right)) % 3 for n, label in enumerate(labels)])
        for seed, right in ((9, 8), (3, 6), (5, 7))
    }


def test_mean_and_deviation_by_hand(by_seed: dict[int, Predictions], tmp_path: Path) -> None:
    """Of 0.8, 0.6 and 0.7 the mean is 0.7, and the deviation (n - 1) 0.1."""
    values = write_seeds(tmp_path, by_seed)

    keys = {"num_seeds", "accuracy_mean", "accuracy_sd", "macro_f1_mean", "macro_f1_sd"}
    assert keys == values.keys()
    assert (3, 0.7, 0.1) == (values["num_seeds"], values["accuracy_mean"], values["accuracy_sd"])


def test_each_seed_is_a_row(by_seed: dict[int, Predictions], tmp_path: Path) -> None:
    """In the order given, the first is the network itself; the others keep their predictions."""
    write_seeds(tmp_path, by_seed)

    rows = read_rows(tmp_path / "seeds.csv", SeedScores)
    assert [(9, 0.8), (3, 0.6), (5, 0.7)] == [(row.seed, row.accuracy) for row in rows]
    assert ["3.csv", "5.csv"] == sorted(path.name for path in (tmp_path / "seeds").iterdir())
    kept = read_predictions(tmp_path / "seeds" / "3.csv")
    assert by_seed[3].predicted.tolist() == kept.predicted.tolist()


def test_one_seed_has_no_spread(by_seed: dict[int, Predictions], tmp_path: Path) -> None:
    """Of a single training only the number is told, and the folder is there, empty."""
    assert {"num_seeds": 1} == write_seeds(tmp_path, {9: by_seed[9]})
    assert [] == list((tmp_path / "seeds").iterdir())


def test_seeds_of_an_earlier_report_are_gone(
    by_seed: dict[int, Predictions], tmp_path: Path
) -> None:
    """A seed that is no longer asked for leaves no file behind."""
    write_seeds(tmp_path, by_seed)

    write_seeds(tmp_path, {9: by_seed[9], 5: by_seed[5]})

    assert ["5.csv"] == [path.name for path in (tmp_path / "seeds").iterdir()]
