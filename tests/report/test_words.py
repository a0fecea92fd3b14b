"""Findings in words say what the intervals allow."""

import numpy as np
import pytest

from pipeline.evaluation.gains import Gain
from pipeline.evaluation.predictions import Predictions
from pipeline.params import Decoder, Timm, Vit
from pipeline.report import words
from pipeline.report.results import Difference, Result

NOBODY = Predictions(
    classes=("ariel", "elsa"),
    sha256s=(),
    splits=(),
    labels=np.zeros(0, dtype=np.int64),
    probs=np.zeros((0, 2)),
)


def result(slug="cnn", **metrics):
    """Make a result with these numbers."""
    values = {"accuracy": 0.8, "accuracy_low": 0.7, "accuracy_high": 0.9, "chance": 0.5}
    return Result(slug=slug, metrics=values | {"num_test": 40} | metrics, test=NOBODY, per_class=())


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.02, 0.2, "has learned more than colours: its accuracy is 10"),
        (-0.2, -0.02, "is worse than a histogram of colours: its accuracy is 10"),
        (-0.1, 0.2, "is not separable from its colours: its accuracy differs by 10"),
        (0.0, 0.2, "is not separable from its colours"),
    ],
)
def test_verdict_follows_the_interval(low, high, expected):
    """Better needs the whole interval above zero, worse the whole below."""
    value = -0.1 if high < 0 else 0.1
    verdict = words.against_colours(result(), Difference(value=value, low=low, high=high))

    assert verdict.startswith(expected)
    assert "guessing" not in verdict


def test_verdict_admits_guessing():
    """A network whose interval reaches down to chance is said to."""
    verdict = words.against_colours(
        result(accuracy_low=0.45), Difference(value=0.0, low=-0.1, high=0.1)
    )

    assert "may be no better than guessing" in verdict


def test_headline_has_all_three_numbers():
    """The network, chance and colours stand side by side."""
    text = words.headline(result(), result("colour", accuracy=0.61)).replace(words.SPACE, " ")

    assert "cnn names the right character in 80 % of 40 test pictures" in text
    assert "(95 % interval 70 % to 90 %)" in text
    assert "Guessing would be right in 50 %, colours alone, without any network, in 61 %" in text


def test_networks_are_ranked_only_where_they_can_be_told_apart():
    """Better, equal and worse ones are each named."""
    others = {
        "a": Difference(value=0.2, low=0.1, high=0.3),
        "b": Difference(value=0.0, low=-0.1, high=0.1),
        "c": Difference(value=-0.2, low=-0.3, high=-0.1),
        "d": Difference(value=0.1, low=0.01, high=0.3),
    }

    assert (
        "cnn is better than a and d; cnn and b cannot be told apart on these pictures; "
        "on test c is better than cnn, which val preferred."
    ) == words.against_best(result(), others)


def test_networks_are_described_by_what_makes_them():
    """Settings that matter to a reader are shown, plumbing is not."""
    assert "vit, heads 2, position sine_2d, taught by a cnn, 64 px" == words.describe(
        Vit(
            arch="vit",
            heads=2,
            position="sine_2d",
            image_size_px=64,
            distill={"teacher": {"arch": "cnn"}},
        )
    )
    assert "decoder, encoder gru, 96 px" == words.describe(
        Decoder(arch="decoder", encoder={"arch": "gru"})
    )
    assert "timm, model resnet10t, 96 px" == words.describe(Timm(arch="timm", model="resnet10t"))


def test_start_is_said():
    """Scratch or weights makes all the difference."""
    assert "from scratch" == words.started("scratch")
    assert "from weights" == words.started("weights:0a1b")


def test_nothing_rounds_to_minus_zero():
    """A difference below half a point is 0 without a sign."""
    assert ["0", "0", "+1"] == [words.points(value) for value in (-0.004, 0.004, 0.006)]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.02, 0.2, "it is 11 points above the floor, too (95 % interval +2 to +20)."),
        (-0.2, -0.02, "it is 11 points below the floor (95 % interval \u221220 to \u22122)."),
        (-0.1, 0.2, "it is not separable from the floor (95 % interval \u221210 to +20)."),
    ],
)
def test_grey_follows_the_interval(low, high, expected):
    """What is left without colour is said by the same rule."""
    gain = 0.11 if high > 0 else -0.11
    grey = Gain(pictures="grey", num=9, ours=0.5, theirs=0.4, gain=gain, low=low, high=high)

    assert f"On grey pictures {expected}" == words.on_grey(grey).replace(words.SPACE, " ")


def test_temperature_is_told_either_way():
    """Who gains and who does not are both named; before it was measured nothing is said."""
    networks = [
        result("cnn", ece=0.1, ece_calibrated=0.05),
        result("vit", ece=0.1, ece_calibrated=0.1),
        result("gru"),
    ]

    assert (
        "lowers the calibration error of cnn and does not lower that of vit on the test pictures."
        in words.temperature(networks)
    )
    assert "does not lower the calibration error of vit on the" in words.temperature(networks[1:])
    assert "" == words.temperature(networks[2:])
