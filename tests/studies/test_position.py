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

    with torch.inference_mode():
        whole, shuffled = answers(module, torch.randn(3, 3, 24, 24).double(), seed=1)

    assert (kind == "none") == (float((whole - shuffled).abs().max()) <= 1e-10)


def test_a_trained_network_without_positions_has_no_order(bench: Bench, setup: Setup) -> None:
    """Shuffled pictures score what whole ones do."""
    network = setup.network("vit", position="none")

    values = measure_shuffled(bench, seed=1, network=network, train=setup.train()).values

    assert values["change"] <= NOTHING
    assert values["accuracy"] == values["shuffled_accuracy"]


def make_table(*, none: float, learned: float) -> Table:
    """Make up the changes of two seeds."""
    changes = {"none": none, "learned": learned, "sine_2d": 3.0}
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
        (make_table(none=1e-12, learned=2.0), Verdict.SUPPORTED),
        (make_table(none=1e-3, learned=2.0), Verdict.REFUTED),
        (make_table(none=1e-12, learned=1e-9), Verdict.REFUTED),
    ],
)
def test_invariance_decides(table: Table, verdict: Verdict) -> None:
    """Both halves count: no order without positions, and order with them."""
    assert verdict == STUDY.conclude(table).verdict
