"""The study of truncated back-propagation through time."""

import pytest
import torch

from pipeline.networks import build_network
from pipeline.studies.parts.cells import Bench
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table
from pipeline.studies.truncated_bptt import ALL, STUDY, gradient_norm


def planted(*, spread: float, gain: float) -> Table:
    """Make up runs in which all steps spread more, and truncation gains accuracy."""
    return Table(
        [
            Run(
                settings={"truncate_steps": k},
                seed=seed,
                values={
                    "accuracy": 0.5 + gain * (k == 12) + 0.001 * seed * (k == ALL),
                    "spread_start": 0.1,
                    "spread_end": 0.1 + spread * (k == ALL) + 0.001 * seed * (k == ALL),
                    "kept_bytes": 1000,
                },
                timing={},
            )
            for k in (4, 12, ALL)
            for seed in (-1, 0, 1)
        ]
    )


@pytest.mark.parametrize(
    ("spread", "gain", "verdict"),
    [
        (0.1, 0.0, Verdict.SUPPORTED),
        (-0.1, 0.0, Verdict.REFUTED),
        (0.1, -0.1, Verdict.REFUTED),
        (0.0, 0.0, Verdict.UNDECIDED),
    ],
)
def test_the_rule(spread: float, gain: float, verdict: Verdict) -> None:
    """All steps must be less stable, and cutting must not cost more than 5 points."""
    assert verdict == STUDY.conclude(planted(spread=spread, gain=gain)).verdict


def test_a_run_measures_gradients(bench: Bench, setup: Setup) -> None:
    """Shorter truncation is another gradient of the same first weights, and scores are there."""
    cells = {c.settings["truncate_steps"]: c for c in STUDY.plan(setup) if c.seed == 1}

    found = {k: cells[k].compute(bench).values for k in (4, ALL)}

    assert {4, 12, ALL} == cells.keys()
    assert found[4]["spread_start"] != found[ALL]["spread_start"]
    assert all(values["spread_end"] > 0 for values in found.values())
    assert found[4]["num_params"] == found[ALL]["num_params"]


def test_truncation_shortens_the_gradient(setup: Setup) -> None:
    """Cut after one step, the recurrent weights learn from the last step alone."""
    keys = {"bidirectional": False, "read_out": "last", "recurrent_init": "default"}
    x_BCSS, targets_BK = torch.randn(4, 3, 24, 24), torch.eye(3)[[0, 1, 2, 0]]
    norms = []
    for steps in (1, None):
        torch.manual_seed(1)
        network = setup.network("rnn", truncate_steps=steps, **keys)
        module = build_network(network, classes=setup.data.classes)
        norms.append(gradient_norm(module, x_BCSS, targets_BK))

    assert 0 < norms[0] != norms[1]
