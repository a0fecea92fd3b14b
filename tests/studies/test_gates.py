"""The study of gates: a recall task, and gates that are watched and held."""

from typing import Any

import pytest
import torch
from torch import nn

from pipeline.dataset.seed import make_generator
from pipeline.networks.parts.recurrent import unroll
from pipeline.studies import gates
from pipeline.studies.gates import GATES, STUDY, draw_sequences, hold, measure_gates, watch, written
from pipeline.studies.parts.cells import Bench, Measured
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table
from pipeline.studies.parts.thumbnails import grey_thumbnails

D, H = 3, 4


@pytest.fixture(scope="module")
def looked(bench: Bench, setup: Setup) -> dict[str, Measured]:
    """Look at the gates of a tiny LSTM and a tiny GRU."""
    return {
        arch: measure_gates(bench, seed=1, network=setup.network(arch), train=setup.train())
        for arch in GATES
    }


def test_one_symbol_of_each_sequence_is_marked_and_asked_for() -> None:
    """The lag counts the steps since the mark, and the answer is the symbol that has it."""
    x_BND, marked_B, lag_BN = draw_sequences(50, generator=make_generator(1, use="test"))

    at_mark_BD = x_BND[lag_BN == 0]
    assert [1.0] * 50 == x_BND[..., -1].sum(dim=1).tolist() == at_mark_BD[:, -1].tolist()
    assert marked_B.tolist() == at_mark_BD[:, :-1].argmax(dim=1).tolist()


@pytest.mark.parametrize("fused", [nn.LSTM, nn.GRU])
def test_a_cell_without_held_gates_is_the_fused_layer(fused: type[nn.LSTM | nn.GRU]) -> None:
    """Watching changes nothing: what is seen is what torch does."""
    torch.manual_seed(7)
    layer, x_BND = fused(D, H, batch_first=True), torch.randn(2, 5, D)

    states, _ = unroll(hold(layer, {}), x_BND)

    assert torch.allclose(layer(x_BND)[0], states, atol=1e-6)


def test_a_forget_gate_held_shut_leaves_only_the_last_token() -> None:
    """Without memory of the cell the same token gives the same cell, whatever came before."""
    torch.manual_seed(7)
    layer = nn.LSTM(D, H, batch_first=True)
    with torch.no_grad():
        layer.weight_hh_l0.zero_()
    x_BND = torch.randn(2, 5, D)
    x_BND[1, -1] = x_BND[0, -1]

    shut, _ = unroll(hold(layer, {"forget": torch.zeros(H)}), x_BND)
    free, _ = unroll(hold(layer, {}), x_BND)

    assert torch.allclose(shut[0, -1], shut[1, -1])
    assert not torch.allclose(free[0, -1], free[1, -1])


def test_a_gru_that_keeps_all_writes_nothing() -> None:
    """What is written is what the update gate lets through."""
    torch.manual_seed(7)
    cell = hold(nn.GRU(D, H, batch_first=True), {"update": torch.ones(H)})

    seen = watch(cell, torch.randn(2, 5, D))

    assert [0.0] * 5 == written(seen)[0].tolist()
    assert (2, 5, H) == seen["reset"].shape


def test_gates_of_readers_of_pictures_are_measured(looked: dict[str, Measured]) -> None:
    """Each gate has a score when held, a mean opening, and a map of each shown picture."""
    for arch, names in GATES.items():
        values = looked[arch].values
        assert (len(names), 3, 9) == torch.tensor(values["maps"]).shape
        assert all(0 < values[f"mean_{name}"] < 1 for name in names)
        assert all(0 <= values[f"held_{name}"] <= 1 for name in names)
        assert -1 <= values["writes_on_detail"] <= 1


def test_a_gated_layer_learns_to_recall(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GRU recalls one of few symbols well above a guess after a short training."""
    for name, value in {"STEPS": 8, "FIRST_STEPS": 3, "LAGS": 6, "FAR": 3, "BATCHES": 80}.items():
        monkeypatch.setattr(gates, name, value)

    values = gates.measure_recall(bench, seed=1, arch="gru").values

    assert values["far"] > 0.5
    assert 6 == len(values["recalled"])


def made_up(looked: dict[str, Measured], *, lstm: float, gru: float) -> Table:
    """Make up what is recalled by two seeds; the pictures are those of the tiny networks."""
    recalled = {"rnn": 0.3, "lstm": lstm, "gru": gru}
    runs = []
    for seed in (1, 2):
        for arch, score in recalled.items():
            far = score + 0.001 * seed * (arch == "rnn")
            values: dict[str, Any] = {"recalled": [far] * gates.LAGS, "far": far}
            settings = {"part": "recall", "arch": arch}
            runs.append(Run(settings=settings, seed=seed, values=values, timing={}))
        for arch, measured in looked.items():
            settings = {"part": "pictures", "arch": arch}
            runs.append(Run(settings=settings, seed=seed, values=measured.values, timing={}))
    return Table(runs, ("ariel", "elsa", "merida"))


@pytest.mark.parametrize(
    ("lstm", "gru", "verdict"),
    [
        (0.9, 0.8, Verdict.SUPPORTED),
        (0.9, 0.1, Verdict.REFUTED),
        (0.9, 0.3015, Verdict.UNDECIDED),
    ],
)
def test_both_must_recall_more_than_the_rnn(
    looked: dict[str, Measured], lstm: float, gru: float, verdict: Verdict
) -> None:
    """One of the two is not enough; and both figures are drawn."""
    finding = STUDY.conclude(made_up(looked, lstm=lstm, gru=gru))

    assert verdict == finding.verdict
    assert ["figure.svg", "gates.png"] == [figure.file for figure in finding.figures]


def test_a_thumbnail_is_the_mean_of_its_pixels() -> None:
    """Black is 0, white is 100; a fourth channel is no colour."""
    x_BCSS = torch.full((1, 4, 4, 4), -1.0)
    x_BCSS[:, :3, :, 2:] = 1.0

    assert [[[0, 100], [0, 100]]] == grey_thumbnails(x_BCSS, side_px=2)
    assert [[[50]]] == grey_thumbnails(x_BCSS, side_px=1)
