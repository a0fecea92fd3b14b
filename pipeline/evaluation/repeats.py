"""How far the scores of one network spread when only the seed of its training changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

from pipeline.evaluation import metrics
from pipeline.evaluation.predictions import Predictions, write_predictions
from pipeline.evaluation.scores import confusion_of, tested
from pipeline.files import empty_folder, write_rows

SEEDS = "seeds.csv"
_DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedScores:
    """The test scores of one training: a row of seeds.csv."""

    seed: int
    accuracy: float
    macro_f1: float


def write_seeds(folder: Path, by_seed: Mapping[int, Predictions]) -> dict[str, float | int]:
    """Write seeds.csv, and the predictions of all trainings but the first as seeds/<seed>.csv.

    Args:
        folder: of the report; its predictions.csv holds those of the first.
        by_seed: predictions of val and test, each of a network that another seed trained.

    Returns:
        What metrics.json says of them: their number and, from two on, mean and standard deviation
        (of a single training, n - 1) of each score.
    """
    rows = [_score(seed, predictions) for seed, predictions in by_seed.items()]
    write_rows(folder / SEEDS, SeedScores, rows)
    empty_folder(folder / "seeds")  # an output, also if there are none
    for seed, predictions in list(by_seed.items())[1:]:
        write_predictions(folder / "seeds" / f"{seed}.csv", predictions)
    values: dict[str, float | int] = {"num_seeds": len(rows)}
    if len(rows) > 1:
        values |= _spread("accuracy", [row.accuracy for row in rows])
        values |= _spread("macro_f1", [row.macro_f1 for row in rows])
    return values


def _score(seed: int, predictions: Predictions) -> SeedScores:
    confusion_KK = confusion_of(tested(predictions))
    return SeedScores(
        seed=seed,
        accuracy=round(float(metrics.accuracy(confusion_KK)), _DECIMALS),
        macro_f1=round(float(metrics.macro_f1(confusion_KK)), _DECIMALS),
    )


def _spread(name: str, scores: list[float]) -> dict[str, float]:
    return {
        f"{name}_mean": round(mean(scores), _DECIMALS),
        f"{name}_sd": round(stdev(scores), _DECIMALS),
    }
