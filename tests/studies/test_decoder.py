"""The study of what the encoder hands over."""

import pytest

from pipeline.studies.decoder import READ_OUTS, STUDY
from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table


def make_table(*, swapped: float, over_chance: float) -> Table:
    """Make up three read-outs with three seeds."""
    shown = {"pictures": [[[0, 100], [50, 20]]], "maps": [[[0, 100, 50, 20], [100, 0, 0, 0]]]}
    return Table(
        [
            Run(
                settings={"read_out": name},
                seed=seed,
                values={
                    "accuracy": 0.5 + luck,
                    "num_params": 1000,
                    "swapped": swapped,
                    "over_chance": over_chance + luck,
                    **shown,
                },
                timing={},
            )
            for name in READ_OUTS
            for seed, luck in ((1, 0.0), (2, 0.01), (3, -0.01))
        ],
        classes=["ariel", "elsa"],
    )


@pytest.mark.parametrize(
    ("swapped", "over_chance", "verdict"),
    [
        (0.0, 0.3, Verdict.SUPPORTED),
        (0.5, 0.3, Verdict.REFUTED),  # the answer does not follow the memory
        (0.0, -0.1, Verdict.REFUTED),  # it follows, but what it says is worth nothing
        (0.0, 0.005, Verdict.UNDECIDED),
    ],
)
def test_the_answer_follows_the_memory_and_is_worth_something(
    swapped: float, over_chance: float, verdict: Verdict
) -> None:
    """Both must hold."""
    assert verdict == STUDY.conclude(make_table(swapped=swapped, over_chance=over_chance)).verdict


def test_the_other_read_outs_are_compared() -> None:
    """Equal scores, seed by seed, differ by nothing."""
    evidence = STUDY.conclude(make_table(swapped=0, over_chance=0.3)).evidence

    leads = {each.setting: each.value for each in evidence if " less " in each.setting}
    assert {"class queries less mean of tokens": 0, "class queries less class token": 0} == leads
