"""The table of a study's runs: one row per run, and the questions that a verdict asks of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scalar = str | int | float | bool
DIGITS = 6  # of a number in runs.csv and result.json


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: what was set, what was measured."""

    settings: Mapping[str, Scalar]
    seed: int
    values: Mapping[str, Any]  # numbers are columns of runs.csv; lists are for figures
    timing: Mapping[str, float]  # seconds, bytes: not the same twice


@dataclass(frozen=True, slots=True)
class Table:
    """All runs of a study, in the order of its plan."""

    runs: Sequence[Run]
    classes: Sequence[str] = ()  # slugs, in the order of labels and logits

    def __len__(self) -> int:
        """Count the runs."""
        return len(self.runs)

    def where(self, **settings: Scalar) -> "Table":
        """Keep the runs with these settings."""
        found = [run for run in self.runs if settings.items() <= run.settings.items()]
        return replace(self, runs=found)

    def values(self, measure: str, **settings: Scalar) -> NDArray[np.float64]:
        """List a measure over the runs with these settings, the smallest seed first."""
        runs = sorted(self.where(**settings).runs, key=lambda run: run.seed)
        return np.array([run.values[measure] for run in runs], dtype=np.float64)

    def lists(self, measure: str, **settings: Scalar) -> NDArray[np.float64]:
        """Stack a measure that is a list, a row for each run."""
        return np.array([run.values[measure] for run in self.where(**settings).runs])

    def first(self, **settings: Scalar) -> Run:
        """Give one run with these settings, for what no seed changes.

        Raises:
            ValueError: there is none.
        """
        found = self.where(**settings).runs
        if not found:
            raise ValueError(f"no run with {settings}")
        return found[0]

    def differences(
        self, measure: str, ours: Mapping[str, Scalar], theirs: Mapping[str, Scalar]
    ) -> NDArray[np.float64]:
        """Subtract runs from runs of the same seed; where several share a seed, their means."""
        first, second = (self._by_seed(measure, settings) for settings in (ours, theirs))
        return np.array([first[seed] - second[seed] for seed in sorted(first.keys() & second)])

    def _by_seed(self, measure: str, settings: Mapping[str, Scalar]) -> dict[int, float]:
        found: dict[int, list[float]] = {}
        for run in self.where(**settings).runs:
            found.setdefault(run.seed, []).append(run.values[measure])
        return {seed: float(np.mean(values)) for seed, values in found.items()}

    def columns(self) -> tuple[list[str], list[list[Scalar]]]:
        """Lay out as runs.csv: settings, seed, then every measure that is one number or text."""
        settings = _in_order(run.settings for run in self.runs)
        measures = [
            name
            for name in _in_order(run.values for run in self.runs)
            if all(isinstance(run.values.get(name, 0), Scalar) for run in self.runs)
        ]
        rows = [
            [run.settings.get(name, "") for name in settings]
            + [run.seed]
            + [rounded(run.values.get(name, "")) for name in measures]
            for run in self.runs
        ]
        return [*settings, "seed", *measures], rows


def rounded(value: Scalar) -> Scalar:
    """Cut a number to what another machine may be expected to agree on: six significant digits."""
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _in_order(mappings: Iterable[Mapping[str, Any]]) -> list[str]:
    """Name all keys in the order in which they first appear."""
    return list(dict.fromkeys(key for mapping in mappings for key in mapping))
