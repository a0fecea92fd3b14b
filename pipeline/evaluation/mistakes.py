"""The pictures a classifier fails on: its surest mistakes, and those it found hardest.

A wrong label, a hard picture, or a lesson.
"""

from dataclasses import dataclass

from pipeline.evaluation.predictions import Predictions
from pipeline.evaluation.probabilities import log_losses

HARDEST = "hardest.csv"
NUM_HARDEST = 50
_DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One picture that was taken for another character."""

    sha256: str
    label: str  # who it is, by the dataset
    predicted: str
    confidence: float  # probability of the predicted character, in [0, 1]
    label_probability: float  # what was left for the right one


@dataclass(frozen=True, slots=True, kw_only=True)
class HardPicture:
    """One picture that cost much, be the answer right or wrong: a row of hardest.csv."""

    sha256: str
    character: str  # who it is, by the dataset
    predicted: str
    label_probability: float  # of that character, in [0, 1]
    confidence: float  # probability of the predicted one
    loss: float  # -ln(label_probability), in nats


def worst_mistakes(predictions: Predictions, *, limit: int) -> list[Mistake]:
    """Give at most `limit` mistakes, the most confident first, equals by sha256."""
    wrong = [
        Mistake(
            sha256=sha256,
            label=predictions.classes[label],
            predicted=predictions.classes[predicted],
            confidence=float(probs_K[predicted]),
            label_probability=float(probs_K[label]),
        )
        for sha256, label, predicted, probs_K in zip(
            predictions.sha256s,
            predictions.labels,
            predictions.predicted,
            predictions.probs,
            strict=True,
        )
        if label != predicted
    ]
    return sorted(wrong, key=lambda each: (-each.confidence, each.sha256))[:limit]


def hardest(predictions: Predictions, *, limit: int = NUM_HARDEST) -> list[HardPicture]:
    """Give at most `limit` pictures, the least probable label first, equals by sha256."""
    losses_N = log_losses(predictions.probs, predictions.labels)
    order = sorted(
        range(len(losses_N)), key=lambda place: (-losses_N[place], predictions.sha256s[place])
    )
    return [_hard(predictions, place, loss=float(losses_N[place])) for place in order[:limit]]


def _hard(predictions: Predictions, place: int, *, loss: float) -> HardPicture:
    label, predicted = predictions.labels[place], predictions.predicted[place]
    return HardPicture(
        sha256=predictions.sha256s[place],
        character=predictions.classes[label],
        predicted=predictions.classes[predicted],
        label_probability=float(predictions.probs[place, label]),
        confidence=float(predictions.probs[place, predicted]),
        loss=round(loss, _DECIMALS),
    )
