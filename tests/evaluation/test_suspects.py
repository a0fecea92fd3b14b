"""Suspected labels: what confident learning finds, and how much of the studio's noise."""

import numpy as np
import pytest

from pipeline.evaluation.predictions import make_predictions
from pipeline.evaluation.suspects import confident_classes, find_suspects

CLASSES = ("ariel", "elsa", "merida")
NOISE = 0.05  # of the labels, as in the studio


def noisy(pack_rows, *, num=1000, sharpness=4.0):
    """Answer about pictures of which 5 % bear a wrong name; give the answers and who does."""
    rng = np.random.default_rng(8)
    truth_N = rng.integers(3, size=num)
    is_wrong_N = rng.random(num) < NOISE
    labels_N = np.where(is_wrong_N, (truth_N + rng.integers(1, 3, size=num)) % 3, truth_N)
    logits_NK = rng.normal(size=(num, 3)) + sharpness * np.eye(3)[truth_N]
    probs_NK = np.exp(logits_NK) / np.exp(logits_NK).sum(axis=1, keepdims=True)
    rows = pack_rows([CLASSES[label] for label in labels_N], split="train")
    predictions = make_predictions({"train": (rows, probs_NK)}, classes=CLASSES)
    return predictions, {
        row.sha256 for row, is_wrong in zip(rows, is_wrong_N, strict=True) if is_wrong
    }


def test_planted_noise_comes_first(pack_rows):
    """Of the fifty most doubted labels two in three are wrong; most of the wrong are found."""
    predictions, wrong = noisy(pack_rows)
    suspects = find_suspects(predictions)

    assert sum(each.sha256 in wrong for each in suspects[:50]) >= 35
    assert sum(each.sha256 in wrong for each in suspects) >= 0.7 * len(wrong)
    assert len(suspects) < 2 * len(wrong)


def test_doubt_is_sorted_and_names_another_character(pack_rows):
    """The most doubted comes first, and nobody is suggested to be who they are."""
    suspects = find_suspects(noisy(pack_rows)[0])
    doubts = [each.doubt for each in suspects]

    assert sorted(doubts, reverse=True) == doubts
    assert all(0 <= each.doubt <= 1 for each in suspects)
    assert all(each.character != each.suggested for each in suspects)


def test_a_shy_class_has_a_low_threshold():
    """Where elsa is never more than .45 likely, .45 for elsa on merida's picture is suspect."""
    probs_NK = np.array([[0.2, 0.45, 0.35], [0.2, 0.45, 0.35], [0.0, 0.1, 0.9], [0.1, 0.45, 0.45]])

    assert [1, 1, 2, 1] == confident_classes(probs_NK, np.array([1, 1, 2, 2])).tolist()


@pytest.mark.parametrize("labels", [[0, 0], [0, 1]])
def test_nothing_is_suspected_without_a_confident_other(labels, answers):
    """A classifier that always agrees suspects nobody; an absent class is never suggested."""
    assert [] == find_suspects(answers(labels, labels))


def test_no_pictures_no_suspects(answers):
    """Predictions of nothing are no error: a network without folds has such a file."""
    assert [] == find_suspects(answers([0], [0]).only("train"))
