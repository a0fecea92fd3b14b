"""The study of the Transformer against the GRU: equal parameters, equal steps, three sizes."""

import pytest

from pipeline.networks import build_network, count_parameters
from pipeline.studies import transformer_vs_rnn
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import UndecidableError, Verdict
from pipeline.studies.parts.table import Run, Table
from pipeline.studies.transformer_vs_rnn import SHARES, STUDY


def test_both_have_equal_parameters_and_equal_steps(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parameters differ by less than 5 %, epochs times pictures by rounding only."""
    monkeypatch.setattr(transformer_vs_rnn, "SMALLEST", 1)
    plan = STUDY.plan(setup)
    params = {
        cell.settings["arch"]: count_parameters(
            build_network(cell.arguments["network"], classes=setup.data.classes)
        )
        for cell in plan
    }
    shown = {cell.settings["pictures"] * cell.arguments["train"].epochs for cell in plan}

    assert params["vit"] == pytest.approx(params["gru"], rel=0.05)
    assert {18} == shown  # 3 x 6, 9 x 2, 18 x 1
    assert 2 * len(SHARES) * len(setup.seeds) == len(plan)


def test_too_few_pictures_decide_nothing(setup: Setup) -> None:
    """A quarter of six pictures of a character is too little to learn from."""
    with pytest.raises(UndecidableError, match="18 training pictures of 3 characters"):
        STUDY.plan(setup)


def make_table(*gains: float) -> Table:
    """Make up two seeds; by how much the Transformer is better at each size."""
    return Table(
        [
            Run(
                settings={"arch": arch, "share": share, "pictures": pictures},
                seed=seed,
                values={
                    "accuracy": 0.5 + 0.1 * seed + (gain + 0.001 * seed) * (arch == "vit"),
                    "num_params": 9,
                    "macs": 9,
                },
                timing={},
            )
            for arch in ("vit", "gru")
            for share, pictures, gain in zip(SHARES, (5, 10, 20), gains, strict=True)
            for seed in (1, 2)
        ]
    )


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        (make_table(0.0, 0.1, 0.2), Verdict.SUPPORTED),
        (make_table(-0.3, 0.0, 0.1), Verdict.REFUTED),
        (make_table(-0.1, 0.0, 0.0955), Verdict.UNDECIDED),
    ],
)
def test_the_mean_over_sizes_decides(table: Table, verdict: Verdict) -> None:
    """Being better with all pictures is not enough if it is worse with few."""
    assert verdict == STUDY.conclude(table).verdict
