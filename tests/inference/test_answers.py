"""From logits to answers."""

import numpy as np
import pytest

from pipeline.inference.answers import make_answers, softmax

CLASSES = ("ariel", "elsa", "merida")
LOGITS_BK = np.log(np.array([[0.2, 0.7, 0.1]]))


def test_the_likeliest_first() -> None:
    """Probabilities are the softmax of the logits, rounded to six digits."""
    (answer,) = make_answers(LOGITS_BK, classes=CLASSES)

    assert ("elsa", 0.7, "") == (answer.character, answer.probability, answer.reason)
    assert (("elsa", 0.7), ("ariel", 0.2), ("merida", 0.1)) == answer.top


@pytest.mark.parametrize(("top", "num"), [(1, 1), (2, 2), (3, 3), (9, 3)])
def test_top_is_how_many_are_listed(top: int, num: int) -> None:
    """No more than there are characters."""
    (answer,) = make_answers(LOGITS_BK, classes=CLASSES, top=top)

    assert num == len(answer.top)


def test_temperature_softens() -> None:
    """A temperature of 2 takes the square root of the odds; the order stays."""
    (answer,) = make_answers(LOGITS_BK, classes=CLASSES, temperature=2.0)

    odds = np.sqrt([0.7, 0.2, 0.1])
    assert [f"{each:.6g}" for each in odds / odds.sum()] == [f"{p:g}" for _, p in answer.top]


@pytest.mark.parametrize(("reject_below", "character"), [(0.7, "elsa"), (0.71, None)])
def test_none_of_these_is_an_answer(reject_below: float, character: str | None) -> None:
    """Nobody is named who is less probable; what was likeliest still stands there, with why."""
    (answer,) = make_answers(LOGITS_BK, classes=CLASSES, reject_below=reject_below)

    assert (character, 0.7, "elsa") == (answer.character, answer.probability, answer.top[0][0])
    assert ("" if character else "probability 0.7 is below 0.71") == answer.reason


def test_of_equals_the_first_class_wins() -> None:
    """As in predictions.csv."""
    (answer,) = make_answers(np.zeros((1, 3)), classes=CLASSES)

    assert CLASSES == tuple(slug for slug, _ in answer.top)


def test_large_logits_do_not_overflow() -> None:
    """Only differences count."""
    np.testing.assert_allclose(
        softmax(np.array([[1000.0, 1001.0]])), softmax(np.array([[0.0, 1.0]]))
    )
