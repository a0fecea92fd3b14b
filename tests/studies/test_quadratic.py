"""The study of what attention costs."""

import pytest
import torch

from pipeline.studies.parts.cells import Bench
from pipeline.studies.parts.memory import kept_bytes
from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table
from pipeline.studies.quadratic import (
    LAYERS,
    ROWS,
    STUDY,
    WIDTH,
    exponent,
    first_slower,
    measure,
)


def planted(power: float, *, lstm_power: float = 1.0) -> Table:
    """Make up runs whose times grow as powers of n; at n = 16 attention takes a quarter."""
    powers = {"attention": power, "fused attention": power, "LSTM": lstm_power}
    return Table(
        [
            Run(
                settings={"layer": layer, "n": side**2},
                seed=0,
                values={"macs": side**2, "kept_bytes": 4 * side**2},
                timing={
                    "seconds": (side**2 / 16) ** powers[layer] * (1 if layer == "LSTM" else 0.25)
                },
            )
            for layer in LAYERS
            for side in ROWS
        ]
    )


def test_counted_costs_grow_as_the_formulas_say(bench: Bench) -> None:
    """Stored weights are n^2, fused attention and the LSTM keep n; the LSTM multiplies n."""
    found = {
        layer: [measure(bench, seed=0, layer=layer, num_tokens=n).values for n in (1024, 2048)]
        for layer in LAYERS
    }

    bytes_of = {layer: [each["kept_bytes"] for each in own] for layer, own in found.items()}
    assert bytes_of["attention"][1] / bytes_of["attention"][0] > 3.5
    assert bytes_of["fused attention"][1] == pytest.approx(2 * bytes_of["fused attention"][0])
    assert bytes_of["LSTM"][1] == pytest.approx(2 * bytes_of["LSTM"][0], rel=0.02)
    macs = [each["macs"] for each in found["attention"]]
    assert [4 * n * WIDTH**2 + 2 * n**2 * WIDTH for n in (1024, 2048)] == macs
    assert [8 * n * WIDTH**2 for n in (1024, 2048)] == [each["macs"] for each in found["LSTM"]]


def test_fused_attention_gives_the_same() -> None:
    """The two layers differ in what they store, not in what they answer."""
    answers = []
    for layer in ("attention", "fused attention"):
        torch.manual_seed(1)
        module = LAYERS[layer]()
        answers.append(module(torch.randn(2, 9, WIDTH)))

    torch.testing.assert_close(*answers)


def test_kept_bytes_are_counted_once_and_without_weights() -> None:
    """A linear layer keeps its input, 6 floats; the square of it keeps its own 4 more."""
    linear = torch.nn.Linear(3, 2)

    class Squared(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            answer: torch.Tensor = linear(x)
            return answer * answer

    assert 6 * 4 == kept_bytes(linear, torch.ones(2, 3))
    module = Squared()
    module.linear = linear
    assert (6 + 4) * 4 == kept_bytes(module, torch.ones(2, 3))


def test_small_n_play_no_part_in_an_exponent() -> None:
    """Only n from 576 on are fitted."""
    assert 1.5 == pytest.approx(exponent([16, 576, 2304], [1e9, 1.0, 8.0]))


@pytest.mark.parametrize(
    ("ours", "first"), [([1, 3, 3], 64), ([3, 3, 3], 16), ([3, 1, 1], 0), ([3, 1, 3], 144)]
)
def test_the_crossing_is_where_ours_stays_slower(ours: list[float], first: int) -> None:
    """A single slow measurement at a small n is no crossing."""
    assert first == first_slower([16, 64, 144], ours, [2, 2, 2])


@pytest.mark.parametrize(
    ("power", "lstm_power", "verdict"),
    [
        (1.9, 1.0, Verdict.SUPPORTED),
        (1.1, 1.0, Verdict.REFUTED),
        (1.9, 1.8, Verdict.REFUTED),
    ],
)
def test_the_rule(power: float, lstm_power: float, verdict: Verdict) -> None:
    """Attention must grow more like n^2, the LSTM more like n."""
    found = STUDY.conclude(planted(power, lstm_power=lstm_power))

    assert verdict == found.verdict
    assert f"n^{power:.1f} for attention" in found.why
    values = {(each.setting, each.measure): each.value for each in found.evidence}
    assert round(power, 1) == values["attention", "exponent of time"]
    assert 1.0 == values["LSTM", "exponent of multiply-adds"]


def test_the_crossing_is_told() -> None:
    """N / 16 squared over 4 passes n / 16 between n = 64, where they meet, and 144."""
    found = STUDY.conclude(planted(2.0))

    assert "slower than an LSTM from n = 144 on" in found.why
