"""Fixtures of the team's tests."""

from collections.abc import Callable

import pytest

from pipeline.paths import Project
from tests.team.hoard import Hoard


@pytest.fixture
def hoard(make_project: Callable[..., Project]) -> Hoard:
    """Start an empty project."""
    return Hoard(make_project())
