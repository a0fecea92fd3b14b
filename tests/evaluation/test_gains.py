"""Gains over the colour floor: paired, in colour and in grey, and said in words."""

from pathlib import Path

import pytest

from pipeline.errors import DataError
from pipeline.evaluation.gains import Gain, gain_over
from pipeline.evaluation.predictions import write_predictions
from pipeline.evaluation.robustness import PerturbedAnswer
from pipeline.files import write_rows

LABELS = [0] * 40


@pytest.fixture
def write_folder(tmp_path, answers):
    """Write the two files that gains are computed from: how many of 40 are right in each."""

    def write(name: str, *, in_colour: int, in_grey: int) -> Path:
        folder = tmp_path / name
        test = answers(LABELS, [0] * in_colour + [1] * (40 - in_colour))
        write_predictions(folder / "predictions.csv", test)
        rows = [
            PerturbedAnswer(
                perturbation=perturbation,
                strength=strength,
                sha256=sha256,
                label="ariel",
                predicted="ariel" if place < in_grey else "elsa",
                confidence=0.8,
            )
            for perturbation, strength in (("grey", 2), ("grey", 3), ("flip", 1))
            for place, sha256 in enumerate(test.sha256s)
        ]
        write_rows(folder / "perturbed.csv", PerturbedAnswer, rows)
        return folder

    return write


@pytest.fixture
def gains(write_folder, answers, split_rows_of):
    """Compare a network with a floor that is right 24 times in colour and 10 times in grey."""

    def compare(**right: int) -> list[Gain]:
        return gain_over(
            write_folder("ours", **right),
            write_folder("floor", in_colour=24, in_grey=10),
            split_rows=split_rows_of(answers(LABELS, LABELS)),
            samples=300,
            seed=7,
        )

    return compare


def test_both_gains_are_differences_on_the_same_pictures(gains):
    """36 against 24 of 40 in colour, 12 against 10 in grey."""
    colour, grey = gains(in_colour=36, in_grey=12)

    assert ("colour", 40, 0.9, 0.6) == (colour.pictures, colour.num, colour.ours, colour.theirs)
    assert ("grey", 40, 0.3, 0.25) == (grey.pictures, grey.num, grey.ours, grey.theirs)
    assert (0.3, 0.05) == pytest.approx((colour.gain, grey.gain))
    assert 0.1 < colour.low < 0.3 < colour.high < 0.5
    assert colour.is_better
    assert not grey.is_better
    assert not grey.is_worse


def test_other_pictures_cannot_be_compared(write_folder, answers, split_rows_of):
    """A picture that the split no longer holds is told, not skipped."""
    ours = write_folder("ours", in_colour=3, in_grey=3)
    few = split_rows_of(answers([0], [0]))

    with pytest.raises(DataError, match="other pictures"):
        gain_over(ours, ours, split_rows=few, samples=100, seed=7)
