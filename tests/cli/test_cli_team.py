"""`disney team` and `disney characters add`."""

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.params import load_params
from pipeline.paths import Project


@pytest.fixture
def project(make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> Project:
    """Stand in a small project."""
    project = make_project()
    monkeypatch.chdir(project.root)
    return project


def disney(*arguments: str) -> tuple[int, str, str]:
    """Run the command in this process: exit code, what it printed, its errors."""
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.usefixtures("project")
def test_team_is_a_table() -> None:
    """One line a member."""
    code, text, _ = disney("team")

    assert 0 == code
    _, na, m2 = text.splitlines()
    assert ["na", "ariel", "12", "0", "0", "0", "0", "12", "0"] == na.split()
    assert ["m2", "elsa,", "merida", "24"] == m2.split()[:4]


@pytest.mark.usefixtures("project")
def test_team_for_scripts() -> None:
    """One JSON object a line."""
    rows = [json.loads(line) for line in disney("team", "--json")[1].splitlines()]

    assert [["ariel"], ["elsa", "merida"]] == [row["characters"] for row in rows]


def test_a_new_character(project: Project) -> None:
    """All of it from the command line, and what to type next."""
    words = ["--query", "Olaf Frozen", "--query", "올라프", "--page", "Olaf/Gallery"]

    code, text, _ = disney(
        "characters", "add", "olaf", "--member", "m3", "--name", "Olaf", *words, "--target", "9"
    )

    assert (0, "params.yaml: olaf is m3's; next: disney collect olaf\n") == (code, text)
    olaf = load_params(project).characters["olaf"]
    assert ("m3", 9, ("Olaf Frozen", "올라프")) == (olaf.member, olaf.target, olaf.search.queries)


@pytest.mark.usefixtures("project")
def test_a_character_that_is_there() -> None:
    """One line, exit code 1."""
    code, _, errors = disney("characters", "add", "ariel", "--member", "na", "--name", "Ariel")

    assert (1, 1) == (code, len(errors.splitlines()))
    assert "characters: 'ariel' is there already; edit it there" in errors


@pytest.mark.usefixtures("project")
def test_a_character_without_a_name() -> None:
    """Wrong usage."""
    assert 2 == disney("characters", "add", "olaf", "--member", "m3", "--name", " ")[0]
