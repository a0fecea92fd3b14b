"""McNemar's exact test and Holm's correction, against figures from the literature and by hand."""

import pytest

from pipeline.errors import DataError
from pipeline.evaluation.mcnemar import compare_all, holm, mcnemar_p


@pytest.mark.parametrize(
    ("only_first", "only_second", "expected"),
    [
        (0, 0, 1.0),
        (5, 5, 1.0),
        (1, 9, 22 / 1024),  # 2 * (1 + 10) / 2**10
        (9, 1, 22 / 1024),
        (0, 5, 0.0625),
        (121, 59, 4.434e-06),  # as statsmodels documents it, exact
    ],
)
def test_p_values_are_those_of_the_binomial(only_first, only_second, expected):
    """Twice the smaller tail of fair tosses, at most 1, in both directions."""
    assert expected == pytest.approx(mcnemar_p(only_first, only_second), rel=0.02)


def test_holm_by_hand():
    """Smallest times m, next times m - 1, and never smaller than the one before; capped at 1."""
    assert [0.03, 0.06, 0.06, 0.02] == pytest.approx(holm([0.01, 0.04, 0.03, 0.005]))
    assert [1.0, 1.0] == holm([0.9, 0.6])
    assert [] == holm([])


def test_each_pair_is_tested_once(answers):
    """Three networks are three pairs; only the pictures they differ on count."""
    labels = [0] * 20
    by_slug = {
        "good": answers(labels, [0] * 20),
        "same": answers(labels, [0] * 20),
        "bad": answers(labels, [0] * 10 + [1] * 10),
    }
    pairs = compare_all(by_slug)

    assert [("good", "same", 0, 0), ("good", "bad", 10, 0), ("same", "bad", 10, 0)] == [
        (pair.first, pair.second, pair.only_first_right, pair.only_second_right) for pair in pairs
    ]
    assert [1.0, 0.001953, 0.001953] == [pair.p for pair in pairs]
    assert [1.0, 0.005859, 0.005859] == [pair.p_holm for pair in pairs]
    assert [False, True, True] == [pair.differ for pair in pairs]


def test_the_order_of_rows_does_not_matter(answers):
    """Pictures are matched by sha256, not by place."""
    ours = answers([0, 1, 2, 0], [0, 1, 0, 1])
    (pair,) = compare_all({"one": ours, "other": ours.take([2, 0, 3, 1])})

    assert (0, 0, 4) == (pair.only_first_right, pair.only_second_right, pair.num)


def test_other_pictures_cannot_be_paired(answers):
    """Networks of two runs have other test pictures: refused."""
    with pytest.raises(DataError, match="other pictures"):
        compare_all({"one": answers([0, 1], [0, 1]), "other": answers([0], [0])})
