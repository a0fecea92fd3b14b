"""From a network's logits to an answer: calibrated, the likeliest first, or "none of these"."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DIGITS = 6  # significant digits of a probability, as in predictions.csv


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Who is in one picture."""

    character: str | None  # slug; None: nobody is likely enough
    probability: float  # of the likeliest character, in [0, 1]
    top: tuple[tuple[str, float], ...]  # slugs and probabilities, the likeliest first
    reason: str = ""  # why there is no character


def make_answers(
    logits_BK: NDArray[np.float64],
    *,
    classes: Sequence[str],
    temperature: float = 1.0,
    top: int = 3,
    reject_below: float = 0.0,
) -> list[Answer]:
    """Turn logits into answers.

    Args:
        logits_BK: any numbers whose softmax are probabilities.
        classes: K slugs.
        temperature: divides the logits (Guo et al. 2017, arXiv:1706.04599); 1 changes nothing.
        top: how many characters an answer lists, at most K.
        reject_below: the least probability of a character that is named.

    >>> make_answers(np.log([[0.2, 0.8]]), classes=["elsa", "anna"], reject_below=0.9)[0].reason
    'probability 0.8 is below 0.9'
    """
    probs_BK = softmax(logits_BK / temperature)
    # Stable: of equals the first class wins, as in argmax.
    order_BK = np.argsort(-probs_BK, axis=1, kind="stable")[:, :top]
    answers = []
    for probs_K, order_K in zip(probs_BK, order_BK, strict=True):
        listed = tuple((classes[index], _rounded(probs_K[index])) for index in order_K.tolist())
        answers.append(_answer(listed, reject_below=reject_below))
    return answers


def softmax(logits_BK: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn logits into probabilities; the largest is taken off first, so none overflows."""
    powers_BK = np.exp(logits_BK - logits_BK.max(axis=1, keepdims=True))
    probs_BK: NDArray[np.float64] = powers_BK / powers_BK.sum(axis=1, keepdims=True)
    return probs_BK


def _answer(listed: tuple[tuple[str, float], ...], *, reject_below: float) -> Answer:
    character, probability = listed[0]
    if probability < reject_below:
        reason = f"probability {probability:g} is below {reject_below:g}"
        return Answer(character=None, probability=probability, top=listed, reason=reason)
    return Answer(character=character, probability=probability, top=listed)


def _rounded(probability: float) -> float:
    return float(f"{probability:.{_DIGITS}g}")
