"""Stage floors: from packed pictures to reports/floors/."""

from collections.abc import Callable
from pathlib import Path

from pipeline.evaluation.gains import gain_over
from pipeline.files import read_json, read_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import SplitRow
from pipeline.stages import floors

NAMES = {
    "calibration.csv",
    "calibration.json",
    "hardest.csv",
    "metrics.json",
    "per_class.csv",
    "predictions.csv",
    "slices.csv",
}


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Read all files of a report."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_every_floor_is_scored_like_a_network(make_packed: Callable[..., Project]) -> None:
    """Both have the tables; only the one that looks at pictures is shown spoiled ones."""
    project = make_packed()
    params = load_params(project)
    floors.main(project, params)
    colour, majority = (bytes_of(project.floor_report(name)) for name in ("colour", "majority"))

    assert NAMES | {"perturbed.csv", "robustness.csv"} == set(colour)
    assert set(majority) == NAMES
    assert read_json(project.floor_report("colour") / "metrics.json")["grey_accuracy"] <= 1
    floors.main(project, params)
    assert colour == bytes_of(project.floor_report("colour"))


def test_a_floor_gains_nothing_over_itself(make_packed: Callable[..., Project]) -> None:
    """What the stage writes is what gains are computed from, in colour and in grey."""
    project = make_packed()
    floors.main(project, load_params(project))
    folder = project.floor_report("colour")
    gains = gain_over(
        folder, folder, split_rows=read_rows(project.split, SplitRow), samples=100, seed=7
    )

    assert [("colour", 5, 0, 0, 0), ("grey", 5, 0, 0, 0)] == [
        (gain.pictures, gain.num, gain.gain, gain.low, gain.high) for gain in gains
    ]
