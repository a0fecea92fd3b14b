"""Fixtures of the team's tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.paths import Project
from tests.team.clones import Clone, first_clone
from tests.team.hoard import Hoard


@pytest.fixture
def hoard(make_project: Callable[..., Project]) -> Hoard:
    """Start an empty project."""
    return Hoard(make_project())


@pytest.fixture
def lead(tmp_path: Path, write_project: Callable[..., Project]) -> Clone:
    """Start a repository with one commit and an empty DVC remote."""
    return first_clone(tmp_path, write_project)
