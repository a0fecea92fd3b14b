"""The study of gradients through time."""

import pytest
import torch

from pipeline.networks.parts.recurrent import unroll
from pipeline.studies.gradient_flow import (
    HIDDEN,
    LAG,
    STUDY,
    jacobians,
    make_cell,
    measure,
    product_norms,
)
from pipeline.studies.parts.cells import Bench
from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_the_product_of_jacobians_is_the_gradient(kind: str) -> None:
    """A vector through the product is what autograd gives back at the first state, to 1e-9."""
    torch.manual_seed(3)
    cell = make_cell(kind, width=5)
    x_BND = torch.randn(2, 12, 5, dtype=torch.float64)
    state = tuple(torch.zeros(2, HIDDEN, dtype=torch.float64) for _ in cell.start(2))
    first = torch.cat(state, dim=1).requires_grad_()
    last = first.chunk(len(state), dim=1)
    for x_BD in x_BND.unbind(dim=1):
        last = cell.step(x_BD, last)
    vector_BS = torch.randn_like(first)

    (expected_BS,) = torch.autograd.grad((torch.cat(last, dim=1) * vector_BS).sum(), first)

    product_BSS = torch.eye(first.shape[1], dtype=torch.float64).expand(2, -1, -1)
    for jacobian_BSS in reversed(jacobians(cell, x_BND)):
        product_BSS = product_BSS @ jacobian_BSS
    found_BS = (vector_BS[:, None] @ product_BSS)[:, 0]
    torch.testing.assert_close(found_BS, expected_BS, rtol=1e-9, atol=1e-9)


def test_the_states_are_those_of_the_network() -> None:
    """The steps that are differentiated are those of `unroll`, which training is tested against."""
    torch.manual_seed(3)
    cell = make_cell("rnn", width=5)
    x_BND = torch.randn(2, 4, 5, dtype=torch.float64)
    states_BNH, _ = unroll(cell, x_BND)

    found_NBSS = jacobians(cell, x_BND)

    # Of tanh by hand: d h' / d h = diag(1 - h'^2) W_h^T
    slope_BH1 = (1 - states_BNH[:, -1] ** 2)[..., None]
    torch.testing.assert_close(found_NBSS[-1], slope_BH1 * cell.W_h.T)


def test_norms_multiply() -> None:
    """Factors of 1/2 and 3 give 1, 3, 3/2 from the last step back."""
    eye_11SS = torch.eye(4, dtype=torch.float64)[None, None]

    norms = product_norms(torch.cat([0.5 * eye_11SS, 3 * eye_11SS]))

    assert [1.0, 3.0, 1.5] == norms[:, 0].tolist()


def test_torchs_own_start_loses_the_past(bench: Bench) -> None:
    """A tanh RNN falls by more than 10 orders of magnitude in 64 steps; a bias keeps an LSTM."""
    rnn, lstm = (
        measure(bench, seed=1, **each).values
        for each in ({"cell": "rnn"}, {"cell": "lstm", "bias": 3.0})
    )

    assert LAG + 1 == len(rnn["log10_norms"])
    assert (0.0, rnn["log10_norm"]) == (rnn["log10_norms"][0], rnn["log10_norms"][-1])
    assert rnn["log10_norm"] < -10
    assert lstm["log10_norm"] > -2
    assert rnn["factor"] == pytest.approx(10 ** (rnn["log10_norm"] / LAG))


@pytest.mark.parametrize(
    ("default", "below", "above", "verdict"),
    [
        (-20, -5, 3, Verdict.SUPPORTED),
        (-9, -5, 3, Verdict.REFUTED),
        (-20, 5, 3, Verdict.REFUTED),
        (-20, -5, -3, Verdict.REFUTED),
        (-20, -5, 0, Verdict.UNDECIDED),
    ],
)
def test_the_rule(default: float, below: float, above: float, verdict: Verdict) -> None:
    """Each of the three parts can refute; one that straddles leaves it open."""
    planted = {
        "torch's own": default,
        "spectral radius 0.9": below,
        "spectral radius 1": 0,
        "spectral radius 2": above,
    }
    runs = [
        Run(
            settings={"cell": cell, "start": start},
            seed=seed,
            values={"log10_norm": value + seed / 10, "log10_norms": [0.0, value]},
            timing={},
        )
        for cell in ("rnn", "lstm", "gru")
        for start, value in planted.items()
        for seed in (-1, 0, 1)
    ]

    assert verdict == STUDY.conclude(Table(runs)).verdict
