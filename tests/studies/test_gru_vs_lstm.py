"""The study of GRU against LSTM: five seeds, equal size and equal parameters."""

import pytest

from pipeline.networks import build_network, count_parameters
from pipeline.studies.gru_vs_lstm import LSTM, NETWORKS, SAME_PARAMS, SAME_SIZE, STUDY, widened
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table

CLASSES = ("ariel", "elsa", "merida")


def test_there_are_five_seeds_and_three_networks(setup: Setup) -> None:
    """Two seeds are made five, and all three networks have the same ones."""
    plan = STUDY.plan(setup)

    assert {(name, seed) for name in NETWORKS for seed in (1, 2, 3, 4, 5)} == {
        (cell.settings["network"], cell.seed) for cell in plan
    }


def test_no_other_size_is_nearer_to_equal_parameters(setup: Setup) -> None:
    """One unit more or less is further from the LSTM's number of parameters."""
    lstm, gru = setup.network("lstm"), setup.network("gru")

    found = widened(gru, like=lstm, classes=CLASSES)

    def surplus(hidden: int) -> int:
        networks = (gru.model_copy(update={"hidden": hidden}), lstm)
        ours, theirs = (count_parameters(build_network(each, classes=CLASSES)) for each in networks)
        return abs(ours - theirs)

    assert found.hidden > gru.hidden
    assert surplus(found.hidden) <= min(surplus(found.hidden - 1), surplus(found.hidden + 1))


def make_table(*, gain: float, tighter: float, params: int = 300) -> Table:
    """Make up five seeds; seeds differ in luck that all three networks share."""
    lstm = {"accuracy": 0.6, "gap": 0.2, "num_params": 400, "macs": 9}
    size = {"accuracy": 0.6 + gain, "gap": 0.2 - tighter, "num_params": params, "macs": 7}
    rows = {LSTM: lstm, SAME_SIZE: size, SAME_PARAMS: size | {"num_params": 400}}
    runs = []
    for seed in range(5):
        for name, values in rows.items():
            noise = 0.05 * seed + 0.001 * (name == LSTM) * (-1) ** seed
            shifted = values | {key: values[key] + noise for key in ("accuracy", "gap")}
            shifted["train_accuracy"] = shifted["accuracy"] + shifted["gap"]
            runs.append(Run(settings={"network": name}, seed=seed, values=shifted, timing={}))
    return Table(runs, CLASSES)


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        (make_table(gain=0.1, tighter=0.1), Verdict.SUPPORTED),
        (make_table(gain=-0.1, tighter=0.1), Verdict.REFUTED),
        (make_table(gain=0.1, tighter=-0.1), Verdict.REFUTED),
        (make_table(gain=0.1, tighter=0.1, params=500), Verdict.REFUTED),
        (make_table(gain=0.0, tighter=0.1), Verdict.UNDECIDED),
    ],
)
def test_all_parts_of_the_claim_must_hold(table: Table, verdict: Verdict) -> None:
    """Fewer parameters, a smaller gap and a higher accuracy; a wider gap refutes."""
    assert verdict == STUDY.conclude(table).verdict
