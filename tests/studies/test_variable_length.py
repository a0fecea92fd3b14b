"""The study of sequences of different length: pictures in their own proportions."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.dataset.seed import make_generator
from pipeline.networks import build_network
from pipeline.studies import variable_length
from pipeline.studies.parts.cells import Bench
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import UndecidableError, Verdict
from pipeline.studies.parts.table import Run, Table
from pipeline.studies.variable_length import (
    STUDY,
    accuracies,
    change_by_noise,
    count_tokens,
    train_and_split,
)


def test_a_picture_has_as_many_tokens_as_patches(setup: Setup) -> None:
    """At 24 px and patches of 8: 3 x 3 of a square, 3 x 2 and 1 x 3 of others; forced always 9."""
    content_N2 = np.array([[32, 32], [32, 22], [11, 32]])
    native, squash = (setup.network("vit", resize=each) for each in ("native", "squash"))

    assert [9, 6, 3] == count_tokens(native, content_N2).tolist()
    assert [9, 9, 9] == count_tokens(squash, content_N2).tolist()


def test_square_pictures_decide_nothing(setup: Setup) -> None:
    """With fewer pictures of other shapes than it takes the study says so."""
    with pytest.raises(UndecidableError, match="15 of 15 scored pictures are not square"):
        STUDY.plan(setup)


def test_a_run_scores_both_shapes(
    bench: Bench, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All tiny pictures are twice as wide as high: the accuracy is that of long ones alone."""
    monkeypatch.setattr(variable_length, "ENOUGH", 10)
    plan = STUDY.plan(replace(setup, seeds=(1,)))

    values = train_and_split(bench, seed=1, **plan[0].arguments).values

    assert ["native", "squash", "letterbox"] == [cell.settings["resize"] for cell in plan]
    assert values["accuracy"] == values["long_accuracy"]
    assert "square_accuracy" not in values
    assert 0 == values["noise_change"]
    assert 15 == sum(values["lengths"]) == values["lengths"][3 * 2]


def test_a_kind_of_picture_that_is_not_there_has_no_score() -> None:
    """Square pictures and others are scored apart, and no picture is not a score of 0."""
    square, long = [32, 30], [32, 16]

    both = accuracies([1, 0, 1], content_N2=np.array([square, square, long]))

    assert {"square_accuracy": 0.5, "long_accuracy": 1.0} == both
    assert {"long_accuracy": 0.5} == accuracies([1, 0], content_N2=np.array([long, long]))
    assert {"square_accuracy": 0.5} == accuracies([1, 0], content_N2=np.array([square, square]))


@pytest.mark.parametrize(("is_told", "changes"), [(True, False), (False, True)])
def test_noise_outside_a_picture_changes_nothing(
    setup: Setup, *, is_told: bool, changes: bool
) -> None:
    """Unless the network is not told what is outside: then the same noise moves its logits."""
    torch.manual_seed(7)
    network = setup.network("vit", resize="native")
    module = build_network(network, classes=["a", "b"]).double().eval()
    x_BCSS = torch.zeros(2, 4, 24, 24, dtype=torch.float64)
    x_BCSS[:, :, :16] = 1.0
    if not is_told:
        module.register_forward_pre_hook(lambda _, inputs: _without_mask(inputs[0]))

    change = change_by_noise(module, x_BCSS, generator=make_generator(1, use="test"))

    assert changes == (change > 0)


def _without_mask(x_BCSS: torch.Tensor) -> torch.Tensor:
    return torch.cat([x_BCSS[:, :3], torch.ones_like(x_BCSS[:, 3:])], dim=1)


def make_table(*, squash: float, letterbox: float, has_square: bool = True) -> Table:
    """Make up two seeds; native scores 0.6."""
    rows = {"native": 0.6, "squash": squash, "letterbox": letterbox}
    runs = []
    for seed in (1, 2):
        for resize, score in rows.items():
            own = score + 0.1 * seed + 0.001 * seed * (resize == "native")
            kinds = ["accuracy", "long_accuracy", *["square_accuracy"] * has_square]
            values = dict.fromkeys(kinds, own) | {"lengths": [0, 2, 5]}
            values |= {"noise_change": 1e-9 * seed} if resize == "native" else {}
            runs.append(Run(settings={"resize": resize}, seed=seed, values=values, timing={}))
    return Table(runs)


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        (make_table(squash=0.5, letterbox=0.605), Verdict.SUPPORTED),
        (make_table(squash=0.5, letterbox=0.7), Verdict.REFUTED),
        (make_table(squash=0.5, letterbox=0.6215), Verdict.UNDECIDED),
    ],
)
def test_native_must_not_be_worse_than_either(table: Table, verdict: Verdict) -> None:
    """Up to two hundredths of accuracy is coping; a tenth less is not."""
    assert verdict == STUDY.conclude(table).verdict


@pytest.mark.parametrize("has_square", [True, False])
def test_evidence_tells_of_the_pictures_that_there_are(*, has_square: bool) -> None:
    """Where no picture is square no row says so; what noise changes at most has a row."""
    finding = STUDY.conclude(make_table(squash=0.5, letterbox=0.6, has_square=has_square))
    measures = [each.measure for each in finding.evidence]
    (noise,) = (each for each in finding.evidence if each.setting == "noise outside the picture")

    assert 3 * has_square == measures.count("square_accuracy")
    assert (2e-9, "logits", 2) == (noise.value, noise.unit, noise.n)
    assert 1 == len(finding.figures)
