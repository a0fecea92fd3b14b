"""Places of a project: below its root, made of slugs, the same words everywhere."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.paths import Project, is_litter, visible

PROJECT = Project(Path("/team/project"))
PLACES = {
    PROJECT.params: "params.yaml",
    PROJECT.candidates("ariel"): "data/candidates/ariel.jsonl",
    PROJECT.raw: "data/raw",
    PROJECT.raw_images("ariel"): "data/raw/ariel/images",
    PROJECT.raw_manifest("ariel"): "data/raw/ariel/manifest.csv",
    PROJECT.raw_rejected("ariel"): "data/raw/ariel/rejected.csv",
    PROJECT.contributions: "data/contributions",
    PROJECT.manifests: "data/manifests",
    PROJECT.reviews: "data/reviews",
    PROJECT.denied: "data/denied.csv",
    PROJECT.groups: "data/interim/groups.csv",
    PROJECT.conflicts: "data/interim/conflicts.csv",
    PROJECT.split: "data/processed/split.csv",
    PROJECT.pack("train"): "data/processed/train",
    PROJECT.preview: "data/processed/preview.png",
    PROJECT.model("cnn"): "models/cnn",
    PROJECT.network_report("cnn"): "reports/networks/cnn",
    PROJECT.floor_report("colour"): "reports/floors/colour",
    PROJECT.page: "reports/index.html",
    PROJECT.cache: ".cache",
    PROJECT.runs: ".runs",
}


@pytest.mark.parametrize("path", PLACES, ids=PLACES.get)
def test_places_are_those_of_the_contract(path: Path) -> None:
    """Other people's scripts read these files: a place never moves."""
    assert PLACES[path] == PROJECT.relative(path)


def test_relative_refuses_what_lies_outside() -> None:
    """No row can name a file outside of its project."""
    with pytest.raises(ValueError, match="is not in the subpath"):
        PROJECT.relative(Path("/etc/passwd"))


LITTER = [
    "data/raw/.DS_Store",
    "data/raw/Thumbs.db",
    "data/raw/desktop.ini",
    "data/raw/._ariel",
    "data/contributions/na/._ariel.dvc",
    "data/reviews/.~lock.na.csv#",
    "pipeline/networks/cnn.py~",
    "pipeline/dataset/.loader.py.swp",
    "pipeline/.ipynb_checkpoints/files.py",
    "pipeline/.idea/workspace.xml",
]
MEANT = [
    "data/raw/ariel/manifest.csv",
    "data/contributions/na/ariel.dvc",
    "pipeline/networks/a~b.py",
]


def test_litter_is_part_of_no_dependency(tmp_path: Path) -> None:
    """DVC overlooks what systems and editors leave in folders, and nothing else."""
    subprocess.run(
        [sys.executable, "-m", "dvc", "init", "-q", "--no-scm"], cwd=tmp_path, check=True
    )
    shutil.copy(Path(__file__).parents[1] / ".dvcignore", tmp_path)
    command = [sys.executable, "-m", "dvc", "check-ignore", *LITTER, *MEANT]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)

    assert LITTER == done.stdout.splitlines()


def test_litter_is_never_found(tmp_path: Path) -> None:
    """Nor do we, who say the same of each name."""
    for name in (*LITTER, *MEANT):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    found = [path for path in visible(tmp_path, "**/*") if path.is_file()]

    assert sorted(MEANT) == [path.relative_to(tmp_path).as_posix() for path in found]
    assert all(any(map(is_litter, name.split("/"))) for name in LITTER)
