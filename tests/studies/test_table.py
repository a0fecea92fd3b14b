"""The table of a study's runs."""

import numpy as np
import pytest

from pipeline.studies.parts.table import Run, Table

TABLE = Table(
    [
        Run(
            settings={"heads": heads, "scale": scale},
            seed=seed,
            values={"accuracy": heads / 10 + seed / 100, "curve": [heads, seed]},
            timing={"seconds": 1.0},
        )
        for heads in (1, 4)
        for scale in (True, False)
        for seed in (2, 1)
    ],
    ("ariel", "elsa"),
)


def test_runs_are_found_by_settings_and_sorted_by_seed() -> None:
    """Values come in the order of seeds, and the classes stay with a part of the table."""
    part = TABLE.where(heads=4)

    assert ("ariel", "elsa") == part.classes
    np.testing.assert_allclose(part.values("accuracy", scale=True), [0.41, 0.42])
    assert [[4, 2], [4, 1]] == TABLE.lists("curve", heads=4, scale=True).tolist()
    assert 2 == TABLE.first(heads=1).seed


def test_differences_pair_seeds() -> None:
    """Each seed is compared with itself; several runs of a seed count as their mean."""
    found = TABLE.differences("accuracy", {"heads": 4}, {"heads": 1, "scale": True})

    np.testing.assert_allclose(found, [0.3, 0.3])


def test_nothing_found_is_an_error() -> None:
    """A misspelt setting must not pass for an empty answer."""
    with pytest.raises(ValueError, match="no run with"):
        TABLE.first(heads=3)


def test_columns_are_settings_seed_and_numbers() -> None:
    """Lists are left to the figures; a setting that a run lacks is an empty cell."""
    other = Run(settings={"arch": "cnn"}, seed=1, values={"accuracy": 1 / 3}, timing={})

    header, rows = Table([TABLE.runs[0], other]).columns()

    assert ["heads", "scale", "arch", "seed", "accuracy"] == header
    assert [[1, True, "", 2, 0.12], ["", "", "cnn", 1, 0.333333]] == rows
