"""Places of a project: below its root, made of slugs, the same words everywhere."""

from pathlib import Path

import pytest

from pipeline.paths import Project

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
