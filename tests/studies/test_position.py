"""The study of positions: without them attention reads a bag of patches."""

from typing import cast

import pytest
import torch

from pipeline.networks import build_network
from pipeline.networks.vit import VisionTransformer
from pipeline.studies.parts.cells import Bench
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table
from pipeline.studies.position import KINDS, NOTHING, STUDY, answers, measure_shuffled


@pytest.mark.parametrize("pool", ["attention", "mean", "class_token"])
@pytest.mark.parametrize("kind", KINDS)
def test_only_positions_give_an_order(setup: Setup, kind: str, pool: str) -> None:
    """Without them logits are the same in any order, exactly; with them they are not."""
    torch.manual_seed(7)
    network = setup.network("vit", position=kind, pool=pool)
    module = cast("VisionTransformer", build_network(network, classes=["a", "b"]).double().eval())

    whole, shuffled = answers(module, torch.randn(3, 3, 24, 24).double(), seed=1)

    assert (kind == "none") == (float((whole - shuffled).abs().max()) <= 1e-10)


def test_a_trained_network_without_positions_has_no_order(bench: Bench, setup: Setup) -> None:
    """Shuffled pictures score what whole ones do, and what rounding did is not told."""
    network = setup.network("vit", position="none")

    values = measure_shuffled(bench, seed=1, network=network, train=setup.train()).values

    assert 0 == values["change"]
    assert values["accuracy"] == values["shuffled_accuracy"]


def make_table(*, none: float, learned: float) -> Table:
    """Make up the changes of two seeds."""
    changes = {"none": none, "learned": learned, "sine_1d": 2.5, "sine_2d": 3.0}
    return Table(
        [
            Run(
                settings={"position": kind},
                seed=seed,
                values={"change": change, "accuracy": 0.5, "shuffled_accuracy": 0.4},
                timing={},
            )
            for kind, change in changes.items()
            for seed in (1, 2)
        ]
    )


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        (make_table(none=0.0, learned=2.0), Verdict.SUPPORTED),
        (make_table(none=NOTHING, learned=2.0), Verdict.SUPPORTED),
        (make_table(none=1e-3, learned=2.0), Verdict.REFUTED),
        (make_table(none=0.0, learned=1e-9), Verdict.REFUTED),
    ],
)
def test_invariance_decides(table: Table, verdict: Verdict) -> None:
    """Both halves count: no order without positions, and order with them."""
    assert verdict == STUDY.conclude(table).verdict


def test_every_kind_is_trained_and_told(setup: Setup) -> None:
    """None, learned, and both kinds of sines, by the names that params.yaml has for them."""
    kinds = ["none", "learned", "sine_1d", "sine_2d"]
    finding = STUDY.conclude(make_table(none=0.0, learned=2.0))
    changes = [each for each in finding.evidence if each.unit == "logits"]

    assert kinds == list(dict.fromkeys(cell.settings["position"] for cell in STUDY.plan(setup)))
    assert [f"position {kind}" for kind in kinds] == [each.setting for each in changes]
