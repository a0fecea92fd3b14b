"""What git says, whatever the names and wherever the project lies in its repository."""

import pytest

from pipeline.errors import DataError
from pipeline.paths import Project
from pipeline.team.git import (
    base_of,
    commits_of_all_branches,
    committed_paths,
    content_at,
    is_named_at,
    is_repository,
    names_at,
    uncommitted_paths,
    unmerged_paths,
)
from tests.team.clones import Clone, clone_of


def test_changes_by_their_own_names(lead: Clone):
    """Committed, not committed and new ones; Korean is not quoted."""
    na = clone_of(lead, "na")
    base = base_of(na.project)
    (na.project.root / "인어공주.txt").write_text("committed")
    na.commit()
    (na.project.root / "new.txt").write_text("new")
    na.project.params.write_text("changed")

    assert ["인어공주.txt"] == committed_paths(na.project, base)
    assert ["new.txt", "params.yaml"] == uncommitted_paths(na.project)
    assert b"committed" == content_at(na.project, "HEAD", "인어공주.txt")
    assert content_at(na.project, base, "인어공주.txt") is None


def test_a_project_in_a_folder_of_a_repository(lead: Clone):
    """Paths are relative to the project, not to the repository."""
    data = Project(lead.project.root / "data")
    (data.root / "new.txt").write_text("new")
    (lead.project.root / "outside.txt").write_text("not of this project")

    assert ["new.txt"] == uncommitted_paths(data)
    assert ["manifests/.gitkeep"] == names_at(data, "HEAD", "manifests")
    assert b"item,reason\n" == content_at(data, "HEAD", "denied.csv")


def test_no_repository(make_project):
    """Is none, and is no crash; nothing is unmerged there."""
    project = make_project()

    assert not is_repository(project)
    assert [] == unmerged_paths(project)
    with pytest.raises(DataError, match="no commit in common with origin/HEAD or origin/main"):
        base_of(project)


def test_commits_of_all_branches_and_what_they_name(lead: Clone):
    """Also of a branch that is not checked out, and after a merge that kept none of its changes."""
    sha256, path = "ab" * 32, "data/raw/ariel/manifest.csv"
    na = clone_of(lead, "na")
    (na.project.raw / "ariel").mkdir(parents=True)
    (na.project.root / path).write_text(f"sha256\n{sha256}\n")
    na.commit()
    na.git("rm", "--quiet", path)
    na.commit("without")
    na.git("switch", "--quiet", "main")
    na.git("merge", "--quiet", "--no-ff", "--strategy", "ours", "--no-edit", "na")
    na.git("branch", "--quiet", "--delete", "--force", "na")

    commits = commits_of_all_branches(na.project, path)

    named = [is_named_at(na.project, each, [sha256], folders=["data/raw"]) for each in commits]
    assert [False, True] == named
    assert not is_named_at(na.project, commits[1], [sha256], folders=["data/interim"])
    assert not is_named_at(na.project, commits[1], ["cd" * 32], folders=["data/raw"])
    assert [] == commits_of_all_branches(na.project, "dvc.lock")
