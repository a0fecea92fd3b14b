"""Scores of the benchmark of copies: arithmetic that its tables rest on."""

import numpy as np
import pytest

from benchmarks.dedup_scores import (
    Found,
    Truth,
    choose_threshold,
    count_lost,
    kept_of_clusters,
    score,
)

# Two bases of three images each, and a collage of both that no score counts.
EDITS = ["", "border", "crop", "", "border", "mirrored", "collage"]
TRUTH = Truth(
    base_N=np.array([0, 0, 0, 1, 1, 1, 0]),
    other_base_N=np.array([-1, -1, -1, -1, -1, -1, 1]),
    edits=EDITS,
    pixels_N=np.array([9, 12, 5, 9, 9, 9, 30]),
    is_counted_N=np.array([True] * 6 + [False]),
)


def found(*pairs):
    """Make the answer of a method: pairs with their distances."""
    rows = np.array(pairs, float).reshape(-1, 3)
    return Found(pairs_P2=rows[:, :2].astype(np.int64), distances_P=rows[:, 2])


def test_precision_and_recall_are_over_all_pairs_of_a_base():
    """Of six pairs to be found two are, and one of three that were found is wrong."""
    scored = score(found((0, 1, 0), (3, 5, 0), (2, 4, 0)).pairs_P2, TRUTH)

    assert 6 == TRUTH.num_pairs
    assert (pytest.approx(2 / 3), pytest.approx(2 / 6)) == (scored.precision, scored.recall)


def test_recall_of_an_edit_is_of_base_and_copy():
    """Two copies that are found alike do not help an edit whose base is not found with them."""
    scored = score(found((0, 1, 0), (1, 2, 0)).pairs_P2, TRUTH)

    assert {"border": 0.5, "collage": 0, "crop": 0, "mirrored": 0} == scored.recall_of


def test_unseen_edits_count_apart():
    """A pair with a collage is right with either of its bases and touches neither score."""
    pairs = found((0, 1, 0), (0, 6, 0), (3, 6, 0)).pairs_P2
    scored = score(pairs, TRUTH)

    assert (1, 0) == (scored.precision, scored.num_wrong_unseen)
    assert pytest.approx(1 / 6) == scored.recall
    assert 1 == scored.recall_of["collage"]


def test_a_wrong_pair_with_an_unseen_edit_is_counted():
    """Who calls a spoiled picture a copy of another base is told so."""
    lone = Truth(
        base_N=np.array([0, 1, 0]),
        other_base_N=np.array([-1, -1, -1]),
        edits=["", "", "sticker"],
        pixels_N=np.array([1, 1, 1]),
        is_counted_N=np.array([True, True, False]),
    )
    # Nothing to find among bases without counted copies: recall would be 0 of 0.
    assert [False] == lone.is_right(np.array([[1, 2]])).tolist()
    assert [False] == lone.is_counted(np.array([[1, 2]])).tolist()


def test_clusters_keep_their_largest_image():
    """What pairs link, even through others, keeps one image; the collage is nobody's keeper."""
    kept = kept_of_clusters(found((0, 1, 0), (1, 3, 0)).pairs_P2, TRUTH)

    assert [1, 2, 4, 5] == kept.tolist()
    assert 0 == count_lost(kept, TRUTH)


def test_an_original_is_lost_if_no_image_of_it_is_kept():
    """A chain over all images of two bases keeps one of them and loses the other."""
    chain = found((0, 1, 0), (1, 2, 0), (2, 3, 0), (3, 4, 0), (4, 5, 0))
    scored = score(chain.pairs_P2, TRUTH)

    assert 1 == scored.lost
    assert 0 == score(chain.pairs_P2, TRUTH, lost=0).lost


@pytest.mark.parametrize(
    ("pairs", "threshold"),
    [
        ([(0, 1, 2), (1, 2, 4), (0, 3, 6)], 4),  # the widest before the wrong pair
        ([(0, 1, 2), (0, 3, 4), (1, 2, 4)], 2),  # all pairs of one distance are in or out
        ([(0, 3, 1), (0, 1, 2)], 1),  # never precise enough: the strictest
        ([(0, 1, 2), (0, 3, 3), (3, 4, 5), (0, 6, 9)], 2),  # pairs with a collage do not widen it
        ([], 0),
    ],
)
def test_the_threshold_is_the_widest_that_is_precise_enough(pairs, threshold):
    """A method is given the distance at which it finds most without many mistakes."""
    assert threshold == choose_threshold(found(*pairs), TRUTH)


def test_precision_may_recover_at_a_wider_threshold():
    """One early mistake among many right pairs does not end the search."""
    base_N = np.repeat(np.arange(2), 30)
    truth = Truth(
        base_N=base_N,
        other_base_N=np.full(60, -1),
        edits=[""] * 60,
        pixels_N=np.ones(60, int),
        is_counted_N=np.ones(60, bool),
    )
    right = [(i, j, 3) for i in range(30) for j in range(i + 1, 30)]

    assert 3 == choose_threshold(found((0, 30, 1), *right), truth)
