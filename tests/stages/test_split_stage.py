"""The stage `split`: from groups.csv to split.csv, and a word where a split has gaps."""

from collections.abc import Callable

import pytest

from pipeline.files import read_rows, write_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import GroupReason, GroupRow, SplitRow
from pipeline.stages.split import main
from tests.dedup.scenes import sha


def test_kept_images_are_split_and_gaps_are_told(
    make_project: Callable[..., Project], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every kept image gets its split; a character with too few images is named, not refused."""
    project = make_project()
    counts = {"ariel": 60, "elsa": 60, "merida": 1}
    rows = [
        GroupRow(
            sha256=sha(f"{character}{number}"),
            file=f"data/raw/{character}/images/{number}.png",
            character=character,
            group=sha(f"{character}{number}")[:16],
            keep=True,
            reason=GroupReason.KEPT,
            nearest_sha256="",
            distance_bits=None,
        )
        for character, count in counts.items()
        for number in range(count)
    ]
    write_rows(project.groups, GroupRow, rows)

    main(project, load_params(project))

    split = read_rows(project.split, SplitRow)
    said = capsys.readouterr()
    assert sorted(row.sha256 for row in rows) == [row.sha256 for row in split]
    assert said.out.startswith("split: ")
    assert 2 == len(said.err.splitlines())
    assert said.err.startswith("no image of merida is in ")
