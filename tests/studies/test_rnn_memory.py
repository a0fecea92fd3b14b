"""The study of memory: an RNN, and the same network without its memory."""

from typing import cast

import pytest
import torch

from pipeline.networks import build_network
from pipeline.networks.parts.recurrent import RecurrentClassifier
from pipeline.studies import rnn_memory
from pipeline.studies.parts.cells import Bench, Measured
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table
from pipeline.studies.rnn_memory import MLP, RNN, STUDY, answers, forget


@pytest.fixture(scope="module")
def measured(bench: Bench, setup: Setup) -> dict[str, Measured]:
    """Train a tiny RNN and a tiny MLP."""
    cells = {str(cell.settings["network"]): cell for cell in STUDY.plan(setup) if cell.seed == 1}
    return {name: cell.compute(bench) for name, cell in cells.items()}


def test_without_memory_it_is_the_notes_two_lines(setup: Setup) -> None:
    """H = tanh(X W1 + b1), O = H W2 + b2: for each patch alone."""
    network = setup.network("rnn", stem="linear", bidirectional=False)
    module = cast("RecurrentClassifier", build_network(network, classes=["a", "b", "c"]))
    forget(module)
    way, X = module.layers[0].ways[0], torch.randn(2, 9, 8)

    with torch.inference_mode():
        H = torch.tanh(X @ way.weight_ih_l0.T + way.bias_ih_l0 + way.bias_hh_l0)
        expected = (H @ module.head.weight.T + module.head.bias).softmax(dim=2)
        assert torch.allclose(expected, answers(module, X), atol=1e-6)


def test_training_gives_the_mlp_no_memory(measured: dict[str, Measured]) -> None:
    """The first patch echoes in the RNN's later answers; in the MLP's in none, exactly."""
    assert measured[RNN].values["later_echo"] > 0
    assert 0 == measured[MLP].values["later_echo"]
    assert measured[MLP].values["echo"][0] > 0


def test_each_patch_has_an_answer(measured: dict[str, Measured]) -> None:
    """Nine patches: nine scores, nine beliefs for each of three shown pictures."""
    values = measured[RNN].values

    assert 9 == len(values["after"])
    assert (3, 9) == torch.tensor(values["belief"]).shape
    assert sum(values["after"][4:]) / 5 == pytest.approx(values["late"], abs=1e-5)


def made_up(measured: dict[str, Measured], *, gain: float, heard: float) -> Table:
    """Make up the scores of two seeds; curves and pictures are those of the tiny networks."""
    scores = {RNN: {"late": 0.4 + gain, "later_echo": 0.1}, MLP: {"late": 0.4, "later_echo": heard}}
    return Table(
        [
            Run(
                settings={"network": name},
                seed=seed,
                values={
                    **measured[name].values,
                    **own,
                    "late": own["late"] + seed * (0.1 + 0.001 * (name == RNN)),
                },
                timing={},
            )
            for name, own in scores.items()
            for seed in (1, 2)
        ]
    )


@pytest.mark.parametrize(
    ("gain", "heard", "verdict"),
    [
        (0.2, 0.0, Verdict.SUPPORTED),
        (0.2, 0.01, Verdict.REFUTED),
        (-0.2, 0.0, Verdict.REFUTED),
        (-0.0015, 0.0, Verdict.UNDECIDED),
    ],
)
def test_late_answers_decide(
    measured: dict[str, Measured],
    gain: float,
    heard: float,
    verdict: Verdict,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The RNN must be right more often, and the MLP must hear nothing of the past."""
    monkeypatch.setattr(rnn_memory, "FRAMES", 2)  # a short film is drawn faster
    finding = STUDY.conclude(made_up(measured, gain=gain, heard=heard))

    assert verdict == finding.verdict
    assert ["figure.svg", "film.png"] == [figure.file for figure in finding.figures]
