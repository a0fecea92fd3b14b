"""The command `disney`: quick to start, clear to read, right exit codes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline import __version__
from pipeline.cli import app
from pipeline.paths import Project

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def in_project(make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> Project:
    """Stand in the folder of a small project."""
    project = make_project()
    monkeypatch.chdir(project.root)
    return project


def disney(*arguments: str) -> tuple[int, str, str]:
    """Run the command in this process: exit code, what it printed, its errors."""
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout, result.stderr


def test_version() -> None:
    """The version is the package's."""
    assert (0, f"disney {__version__}\n", "") == disney("--version")


def test_help_has_examples() -> None:
    """Each line of the examples stays a line."""
    code, text, _ = disney("--help")

    assert 0 == code
    assert "\n    disney progress --json       the same for scripts\n" in text


def test_wrong_command_is_wrong_usage() -> None:
    """Exit code 2 for what cannot be understood."""
    code, _, errors = disney("progres")

    assert 2 == code
    assert "No such command" in errors


@pytest.mark.usefixtures("in_project")
def test_progress_is_a_table() -> None:
    """One line a character, with member, target and what is missing."""
    code, text, _ = disney("progress")

    assert 0 == code
    heading, ariel, *_ = text.splitlines()
    expected = ["target", "candidates", "collected", "contributed", "accepted", "rejected"]
    assert ["member", "character", *expected, "missing", "%"] == heading.split()[:10]
    assert ["na", "ariel", "12", "0", "0", "0", "0", "0", "12", "0%", "-"] == ariel.split()


@pytest.mark.usefixtures("in_project")
def test_progress_for_scripts() -> None:
    """One JSON object a line."""
    _, text, _ = disney("progress", "--json", "--member", "m2")

    rows = [json.loads(line) for line in text.splitlines()]
    assert ["elsa", "merida"] == [row["character"] for row in rows]
    expected = {"target", "collected", "contributed", "accepted", "rejected", "missing", "reached"}
    assert expected <= rows[0].keys()


@pytest.mark.usefixtures("in_project")
def test_progress_as_markdown() -> None:
    """The same table, as a page shows it; two forms at once are wrong usage."""
    code, text, _ = disney("progress", "--markdown", "--member", "na")

    heading, rule, ariel = text.splitlines()
    assert 0 == code
    assert heading.startswith("| member | character | target | candidates |")
    assert rule.startswith("| --- | --- | --: | --: |")
    assert "| na | ariel | 12 | 0 | 0 | 0 | 0 | 0 | 12 | 0% | - |" == ariel
    assert 2 == disney("progress", "--markdown", "--json")[0]


@pytest.mark.usefixtures("in_project")
def test_progress_against_nothing() -> None:
    """Where there is no git: one line."""
    code, _, errors = disney("progress", "--against", "main")

    assert (1, 1) == (code, len(errors.splitlines()))
    assert "no repository here" in errors


@pytest.mark.usefixtures("in_project")
def test_unknown_member() -> None:
    """A member that nobody is is answered with those there are."""
    code, _, errors = disney("progress", "--member", "x")

    assert 2 == code
    assert "no member 'x'; known: m2, na" in " ".join(errors.split())


def test_outside_of_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1 and one line where there is no params.yaml; a traceback only on request."""
    monkeypatch.chdir(tmp_path)
    code, _, errors = disney("progress")

    assert 1 == code
    assert 1 == len(errors.splitlines())
    assert "params.yaml: not found" in errors
    assert "ParamsError" in repr(CliRunner().invoke(app, ["progress", "--debug"]).exception)


def test_starts_without_heavy_packages() -> None:
    """Help comes at once: nothing that learns or hashes is imported for it."""
    code = (
        "import sys; from typer.testing import CliRunner; from pipeline.cli import app;"
        "CliRunner().invoke(app, ['--help']);"
        "print({'torch', 'scipy', 'imagehash', 'pydantic', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "set()" == done.stdout.strip()


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["table", "json"])
def test_a_reader_that_goes_away_is_no_error(in_project: Project, options: list[str]) -> None:
    """`disney progress | head` is no failure and prints no complaint, buffered as in a pipe."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "progress", *options],
        cwd=in_project.root,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)

    assert (0, "") == (done.returncode, done.stderr)
