"""What leakage would have made you believe: copies in test and in train look like skill."""

import numpy as np
import pytest

from pipeline.evaluation.leakage import CLASSIFIERS, compare_splits
from pipeline.params import Split
from pipeline.records import GroupReason, GroupRow

CHARACTERS = ("ariel", "elsa", "merida")
FRACTIONS = Split(train=0.6, val=0.1, test=0.3)


def row(number, copy=0, *, reason=None, **facts):
    """Make the row of an original, or of a copy of it."""
    reason = reason or (GroupReason.NEAR_DUPLICATE if copy else GroupReason.KEPT)
    own = {"character": CHARACTERS[number % 3], "family": str(number)}
    return GroupRow(
        sha256=f"{number:08}{copy}" * 7,
        file=f"{number}-{copy}.jpg",
        group=str(number),
        keep=reason == GroupReason.KEPT,
        reason=reason,
        nearest_sha256="",
        distance_bits=None,
        **own | facts,
    )


def noise(count):
    """Draw pictures that say nothing about their character."""
    return np.random.default_rng(3).integers(256, size=(count, 16, 16, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def planted():
    """Ask about 90 pictures of noise, two of three with two copies each."""
    copies = [(n, copy) for n in range(90) for copy in range(3 if n % 3 else 1)]
    pictures = noise(90)
    cells = np.stack([pictures[number] for number, _ in copies])
    beliefs = compare_splits([row(*each) for each in copies], cells, FRACTIONS)
    return {(each.classifier, each.split): each for each in beliefs}


def test_copies_look_like_skill(planted):
    """Where there is nothing to learn, a naive split makes the nearest picture look able."""
    naive, grouped = (planted["nearest picture", split] for split in ("naive", "grouped"))

    assert naive.accuracy_low > grouped.accuracy_high
    assert grouped.accuracy_low < 1 / 3 < grouped.accuracy_high
    assert 1 == naive.accuracy_with_copy
    assert naive.accuracy_without < 0.6


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_no_copy_is_learned_after_a_grouped_split(planted, name):
    """The naive split asks about pictures that were learned; ours about none."""
    naive, grouped = planted[name, "naive"], planted[name, "grouped"]

    assert naive.num_with_copy > naive.num_asked / 3
    assert (0, None) == (grouped.num_with_copy, grouped.accuracy_with_copy)
    assert grouped.accuracy == grouped.accuracy_without
    assert naive.accuracy > grouped.accuracy


def test_what_people_threw_out_is_in_neither_split():
    """A rejected copy or a label conflict is no leak: nobody would have learned from it."""
    rows = [row(number) for number in range(30)]
    thrown_out = [
        row(number, 1, reason=reason)
        for number in range(30)
        for reason in (GroupReason.REJECTED, GroupReason.LABEL_CONFLICT, GroupReason.DENIED)
    ]
    cells = noise(len(rows) + len(thrown_out))
    beliefs = compare_splits([*rows, *thrown_out], cells, FRACTIONS, seeds=(1, 2))

    assert {0} == {each.num_with_copy for each in beliefs}
    assert all(each.num_asked <= 2 * len(rows) for each in beliefs)


def test_each_seed_draws_anew_what_another_seed_left_out():
    """A picture that straddled in the project's own draw takes part in the others."""
    rows = [row(n, reason=GroupReason.OTHER_SPLIT if n % 2 else None) for n in range(40)]
    beliefs = compare_splits(rows, noise(40), FRACTIONS, seeds=range(8))
    grouped = next(each for each in beliefs if each.split == "grouped")

    assert 0.2 < grouped.num_asked / (8 * 40) < 0.4


def test_a_family_is_in_one_split():
    """Near pictures and those of a page are never learned from and asked about."""
    rows = [row(n, family=str(n // 10), character=CHARACTERS[n // 10]) for n in range(30)]
    beliefs = compare_splits(rows, noise(30), FRACTIONS, seeds=range(12))

    # One family is all there is of each character: whoever is asked about was never learned.
    assert [0, 0] == [each.accuracy for each in beliefs if each.split == "grouped"]


def test_nothing_is_said_where_nothing_can_be_learned():
    """One character alone gives no row, nor do draws without training or test pictures."""
    alone = [row(number * 3) for number in range(9)]

    assert [] == compare_splits(alone, noise(9), FRACTIONS)
    assert [] == compare_splits([row(0), row(1)], noise(2), FRACTIONS, seeds=range(30))
