"""The study of the division by sqrt(d_k)."""

import numpy as np
import pytest
import torch

from pipeline.dataset.seed import make_generator
from pipeline.networks import build_network
from pipeline.params.networks import Vit
from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table
from pipeline.studies.scale import (
    DRAWN_DIMS,
    STUDY,
    TRAINED_DIMS,
    level_attention,
    measure_softmax,
)


def test_without_the_division_wide_queries_saturate() -> None:
    """The largest weight grows with d_k and the gradient falls; with the division neither does."""
    divided = [measure_softmax(None, seed=1, query_dim=d, scale=True).values for d in (8, 128)]
    bare = [measure_softmax(None, seed=1, query_dim=d, scale=False).values for d in (8, 128)]

    assert divided[1]["largest_weight"] < 1.5 * divided[0]["largest_weight"]
    assert bare[1]["largest_weight"] > 1.5 * bare[0]["largest_weight"]
    assert bare[1]["gradient"] < 0.7 * divided[1]["gradient"]


def test_the_gradient_is_that_of_the_softmax(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Jacobian's norm equals what autograd finds for one query."""
    monkeypatch.setattr("pipeline.studies.scale.QUERIES", 1)
    found = measure_softmax(None, seed=3, query_dim=8, scale=False).values["gradient"]

    generator = make_generator(3, use="softmax 8")
    query = torch.randn(1, 8, generator=generator, dtype=torch.float64)
    key = torch.randn(36, 8, generator=generator, dtype=torch.float64)
    products = (query @ key.T)[0]
    jacobian = torch.autograd.functional.jacobian(lambda p: p.softmax(0), products)

    assert float(torch.linalg.norm(jacobian)) == pytest.approx(found, rel=1e-9)


def test_level_attention_listens_to_all_alike() -> None:
    """With queries that ask nothing each token hears the same mean of values."""
    torch.manual_seed(7)
    spec = Vit(arch="vit", image_size_px=32, width=16, heads=2, depth=1, token_px=8)
    module = build_network(spec, classes=["a", "b"]).eval()

    level_attention(module)

    weights = module.layers[0].attention.weights(torch.randn(1, 16, 16))
    assert torch.allclose(weights, torch.full_like(weights, 1 / 16))


def make_table(gain: float) -> Table:
    """Make up the runs of three seeds."""
    rng = np.random.default_rng(7)
    trained = [
        Run(
            settings={"query_dim": d, "scale": scale, "part": "trained"},
            seed=seed,
            values={
                "accuracy": 0.5 + gain * scale + rng.normal(0, 0.01),
                "level_accuracy": 0.4,
            },
            timing={},
        )
        for d in TRAINED_DIMS
        for scale in (True, False)
        for seed in (1, 2, 3)
    ]
    drawn = [
        Run(
            settings={"query_dim": d, "scale": scale, "part": "drawn"},
            seed=seed,
            values={"largest_weight": 0.2, "gradient": 0.3},
            timing={},
        )
        for d in DRAWN_DIMS
        for scale in (True, False)
        for seed in (1, 2, 3)
    ]
    return Table([*trained, *drawn])


@pytest.mark.parametrize(("gain", "verdict"), [(0.3, Verdict.SUPPORTED), (-0.3, Verdict.REFUTED)])
def test_accuracy_decides(gain: float, verdict: Verdict) -> None:
    """Not the saturation of drawn queries, which is certain anyway."""
    assert verdict == STUDY.conclude(make_table(gain)).verdict
