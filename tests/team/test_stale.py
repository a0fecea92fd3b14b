"""Which stages must run again, read from dvc.yaml."""

from pathlib import Path

import pytest

from pipeline.paths import Project
from pipeline.team.stale import stale_stages

REPOSITORY = Project(Path(__file__).resolve().parents[2])


@pytest.mark.parametrize(
    ("changed", "first", "others"),
    [
        ("data/denied.csv", "collect@*", {"deduplicate", "split", "augment", "train@*", "report"}),
        ("data/manifests/m2/ariel.csv", "deduplicate", {"split", "report"}),
        ("data/processed/split.csv", "augment", {"train@*", "evaluate@*", "report"}),
    ],
)
def test_what_depends_on_a_file_is_stale(changed: str, first: str, others: set[str]):
    """Directly or through other stages; nothing that comes before it."""
    stale = stale_stages(REPOSITORY, [changed])

    assert first == stale[0]
    assert others <= set(stale)
    assert "search@*" not in stale


def test_nothing_changed_is_nothing_stale(tmp_path: Path):
    """Nor is anything where there is no dvc.yaml."""
    assert [] == stale_stages(REPOSITORY, [])
    assert [] == stale_stages(Project(tmp_path), ["data/denied.csv"])
