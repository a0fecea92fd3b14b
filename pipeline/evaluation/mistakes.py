"""The mistakes a classifier was surest of: a wrong label, a hard picture, or a lesson."""

from dataclasses import dataclass

from pipeline.evaluation.predictions import Predictions


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One picture that was taken for another character."""

    sha256: str
    label: str  # who it is, by the dataset
    predicted: str
    confidence: float  # probability of the predicted character, in [0, 1]
    label_probability: float  # what was left for the right one


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
