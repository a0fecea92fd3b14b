"""Stage floors: from packed pictures to reports/floors/."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pipeline.evaluation.gains import gain_over
from pipeline.evaluation.leakage import CLASSIFIERS
from pipeline.files import read_json, read_rows, write_bytes, write_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import Belief, GroupReason, GroupRow, SplitRow
from pipeline.stages import floors

NAMES = {
    "calibration.csv",
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


def test_a_naive_split_is_tried_beside_ours(make_packed: Callable[..., Project]) -> None:
    """The collected files, not only the packed ones, are asked about under both splits."""
    project = make_packed()
    rows = read_rows(project.groups, GroupRow)
    copies = [
        replace(row, file=f"copy-{row.file}", keep=False, reason=GroupReason.EXACT_DUPLICATE)
        for row in rows
    ]
    for row, copy in zip(rows, copies, strict=True):
        write_bytes(project.root / copy.file, (project.root / row.file).read_bytes())
    write_rows(project.groups, GroupRow, [*rows, *copies])
    floors.main(project, load_params(project))
    beliefs = read_rows(project.leakage, Belief)

    assert [(name, split) for name in CLASSIFIERS for split in ("grouped", "naive")] == [
        (each.classifier, each.split) for each in beliefs
    ]
    assert [False, True] * len(CLASSIFIERS) == [each.num_with_copy > 0 for each in beliefs]


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
