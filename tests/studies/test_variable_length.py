"""The study of sequences of different length: pictures in their own proportions."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.studies import variable_length
from pipeline.studies.parts.cells import Bench
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import UndecidableError, Verdict
from pipeline.studies.parts.table import Run, Table
from pipeline.studies.variable_length import STUDY, count_tokens, train_and_split


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
    """All tiny pictures are twice as wide as high, so the accuracy is that of long ones."""
    monkeypatch.setattr(variable_length, "ENOUGH", 10)
    plan = STUDY.plan(replace(setup, seeds=(1,)))

    values = train_and_split(bench, seed=1, **plan[0].arguments).values

    assert ["native", "squash", "letterbox"] == [cell.settings["resize"] for cell in plan]
    assert values["accuracy"] == values["long_accuracy"]
    assert 15 == sum(values["lengths"]) == values["lengths"][3 * 2]


def make_table(*, squash: float, letterbox: float) -> Table:
    """Make up two seeds; native scores 0.6."""
    rows = {"native": 0.6, "squash": squash, "letterbox": letterbox}
    runs = []
    for seed in (1, 2):
        for resize, score in rows.items():
            own = score + 0.1 * seed + 0.001 * seed * (resize == "native")
            kinds = ("accuracy", "square_accuracy", "long_accuracy")
            values = dict.fromkeys(kinds, own) | {"lengths": [0, 2, 5]}
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
