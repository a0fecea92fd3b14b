"""Leakage on the page: two bars a classifier, and words that claim no more than they show."""

import pytest

from pipeline.files import write_rows
from pipeline.records import Belief
from pipeline.report.leakage import Leakage, read_leakage


def belief(split, accuracy, *, copies=0, with_copy=None, without=0.5):
    """Make the row of one classifier under one split."""
    return Belief(
        classifier="nearest picture",
        split=split,
        accuracy=accuracy,
        accuracy_low=accuracy - 0.05,
        accuracy_high=accuracy + 0.05,
        num_asked=900,
        num_with_copy=copies,
        accuracy_with_copy=with_copy,
        accuracy_without=without,
    )


@pytest.mark.parametrize(
    ("naive", "words"),
    [
        (belief("naive", 0.8, copies=90, with_copy=0.98, without=0.6), "is no skill"),
        (belief("naive", 0.62, copies=90, with_copy=0.98, without=0.6), "by less than chance"),
        (belief("naive", 0.58, copies=90, with_copy=0.98, without=0.6), "do not make it look"),
        (belief("naive", 0.6), "nothing leaked"),
    ],
)
def test_words_follow_from_the_bars(naive, words):
    """A gap is called no skill only where the intervals do not touch."""
    found = Leakage(classifier="colours", naive=naive, grouped=belief("grouped", 0.6))

    assert words in found.words


def test_words_tell_how_copies_were_answered():
    """The pictures with a copy stand beside the others."""
    naive = belief("naive", 0.8, copies=90, with_copy=0.98, without=0.6)
    words = Leakage(classifier="c", naive=naive, grouped=belief("grouped", 0.6)).words

    assert "90 had a copy that it had learned" in words
    assert "98\u00a0% of these and in 60\u00a0% of the others" in words


def test_a_split_without_its_pair_is_not_shown(copied):
    """Two bars or none; a project that never ran the stage has no file."""
    write_rows(copied.leakage, Belief, [belief("naive", 0.8)])
    assert () == read_leakage(copied)

    write_rows(copied.leakage, Belief, [belief("grouped", 0.6), belief("naive", 0.8)])
    assert [(0.8, 0.6)] == [
        (each.naive.accuracy, each.grouped.accuracy) for each in read_leakage(copied)
    ]

    copied.leakage.unlink()
    assert () == read_leakage(copied)
