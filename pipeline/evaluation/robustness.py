"""Where it breaks: accuracy on the same test pictures, spoiled in ways that do happen.

Of the test pictures the first `limit` by sha256 are taken, which is as good as by lot. A drop is
paired: both answers are about the same picture, so its interval is narrower than those of the two
accuracies suggest.

Letters: N pictures, K classes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from pipeline.dataset.pack import Pack
from pipeline.evaluation.intervals import resample
from pipeline.evaluation.metrics import FloatArray
from pipeline.evaluation.perturbed import Masks, Perturbation, Perturbed, perturb, perturbations
from pipeline.evaluation.predictions import Predictions
from pipeline.evaluation.probabilities import BoolArray
from pipeline.evaluation.proportions import proportion_interval
from pipeline.files import read_rows, write_rows

ROBUSTNESS, PERTURBED = "robustness.csv", "perturbed.csv"
PLAIN = "none"  # the row of the pictures as they are, strength 0
GREY = ("grey", 3)  # without any colour
_DECIMALS = 6
Answer = Callable[[Perturbed], FloatArray]  # pictures -> probabilities (N, K)


@dataclass(frozen=True, slots=True, kw_only=True)
class PerturbedAnswer:
    """One answer about one spoiled picture: a row of perturbed.csv."""

    perturbation: str  # one of perturbed.PERTURBATIONS
    strength: int  # 1 to 3
    sha256: str
    label: str
    predicted: str
    confidence: float  # of the predicted character, in [0, 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """Accuracy under one perturbation: a row of robustness.csv."""

    perturbation: str  # "none" is the first row: the same pictures as they are
    strength: int  # 1 to 3, 0 of "none"
    num: int  # pictures; fewer where masks are needed
    accuracy: float  # in [0, 1]
    low: float  # 95 % interval, by duplicate group
    high: float
    drop: float  # accuracy on the same pictures as they are, minus accuracy
    drop_low: float  # its 95 % interval, paired
    drop_high: float


def predict_perturbed(
    answer: Answer, pack: Pack, *, masks: Masks, limit: int
) -> list[PerturbedAnswer]:
    """Ask about test pictures, spoiled in every way; one way at a time is held in memory.

    Args:
        answer: a network or a floor.
        pack: the test pictures.
        masks: of the pictures whose masks are known.
        limit: at most so many pictures.
    """
    return [
        row
        for perturbation in perturbations(masks)
        for row in _predict(answer, pack, perturbation, limit=limit)
    ]


def score_perturbed(
    test: Predictions,
    groups: Sequence[str],
    answers: Sequence[PerturbedAnswer],
    *,
    samples: int,
    seed: int,
) -> list[Robustness]:
    """Score each perturbation beside the pictures as they are.

    Args:
        test: answers about the test pictures as they are.
        groups: the duplicate group of each of them.
        answers: as `predict_perturbed` gives them.
        samples: bootstrap resamples.
        seed: of the bootstrap.
    """
    scorer = _Scorer(test, groups, samples=samples, seed=seed)
    seen = sorted({answer.sha256 for answer in answers})
    plain = scorer.score((PLAIN, 0), seen, scorer.is_right(seen))
    return [plain, *(scorer.score(key, *part) for key, part in right_by_perturbation(answers))]


def right_by_perturbation(
    answers: Sequence[PerturbedAnswer],
) -> Iterator[tuple[tuple[str, int], tuple[list[str], BoolArray]]]:
    """Give of each name and strength its sha256s and which answers are right, in file order."""
    for key, rows in groupby(answers, key=lambda row: (row.perturbation, row.strength)):
        own = list(rows)
        yield (
            key,
            ([row.sha256 for row in own], np.array([row.predicted == row.label for row in own])),
        )


def write_robustness(
    folder: Path, rows: Sequence[Robustness], answers: Sequence[PerturbedAnswer]
) -> dict[str, float]:
    """Write robustness.csv and perturbed.csv.

    Returns:
        What metrics.json says: accuracy on grey pictures.
    """
    write_rows(folder / ROBUSTNESS, Robustness, rows)
    write_rows(folder / PERTURBED, PerturbedAnswer, answers)
    grey = next(row for row in rows if (row.perturbation, row.strength) == GREY)
    return {
        "grey_accuracy": grey.accuracy,
        "grey_accuracy_low": grey.low,
        "grey_accuracy_high": grey.high,
    }


def read_perturbed(folder: Path) -> list[PerturbedAnswer]:
    """Read perturbed.csv.

    Raises:
        DataError: it is missing or breaks its contract.
    """
    return read_rows(folder / PERTURBED, PerturbedAnswer)


class _Scorer:
    """Compares answers about spoiled pictures with those about the same ones as they are."""

    def __init__(
        self, test: Predictions, groups: Sequence[str], *, samples: int, seed: int
    ) -> None:
        right_N = test.predicted == test.labels
        self.right_of = dict(zip(test.sha256s, right_N.tolist(), strict=True))
        self.group_of: Mapping[str, str] = dict(zip(test.sha256s, groups, strict=True))
        self.samples, self.seed = samples, seed

    def is_right(self, sha256s: Sequence[str]) -> BoolArray:
        return np.array([self.right_of[sha256] for sha256 in sha256s])

    def score(
        self, key: tuple[str, int], sha256s: Sequence[str], is_right_N: BoolArray
    ) -> Robustness:
        groups = [self.group_of[sha256] for sha256 in sha256s]
        low, high = proportion_interval(is_right_N, groups)
        lost_N = self.is_right(sha256s).astype(np.float64) - is_right_N
        resamples = resample(groups, samples=self.samples, seed=self.seed)
        drop_low, drop_high = resamples.interval(resamples.means(lost_N))
        return Robustness(
            perturbation=key[0],
            strength=key[1],
            num=len(sha256s),
            accuracy=_round(is_right_N.mean()),
            low=_round(low),
            high=_round(high),
            drop=_round(lost_N.mean()),
            drop_low=_round(drop_low),
            drop_high=_round(drop_high),
        )


def _predict(
    answer: Answer, pack: Pack, perturbation: Perturbation, *, limit: int
) -> Iterator[PerturbedAnswer]:
    chosen = sorted(range(len(pack)), key=lambda place: pack.rows[place].sha256)[:limit]
    places = [
        place
        for place in chosen
        if perturbation.sha256s is None or pack.rows[place].sha256 in perturbation.sha256s
    ]
    if not places:
        return
    probs_NK = answer(perturb(pack, places, perturbation))
    for place, probs_K in zip(places, probs_NK, strict=True):
        yield PerturbedAnswer(
            perturbation=perturbation.name,
            strength=perturbation.strength,
            sha256=pack.rows[place].sha256,
            label=pack.rows[place].character,
            predicted=pack.classes[int(probs_K.argmax())],
            confidence=_round(probs_K.max()),
        )


def _round(value: float | np.floating) -> float:
    return round(float(value), _DECIMALS)
