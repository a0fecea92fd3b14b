"""`disney contribute`: tables, JSON, exit codes, and a member's way from folder to merge."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.files import read_rows
from pipeline.paths import Project
from pipeline.records import ImageRecord
from tests.team.clones import clone_of, drawing, first_clone

REPOSITORY = Path(__file__).resolve().parents[2]
AS_NA = ("contribute", "add", "--as", "na", "--character", "ariel")


@pytest.fixture
def project(make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> Project:
    """Stand in a project beside a folder with a good picture, its copy and a text."""
    project = make_project()
    mine = project.root / "mine"
    mine.mkdir()
    (mine / "1.png").write_bytes(drawing(1))
    (mine / "2.png").write_bytes(drawing(1))
    (mine / "3.png").write_bytes(b"hello")
    monkeypatch.chdir(project.root)
    return project


def disney(*arguments: str) -> tuple[int, str, str]:
    """Run the command in this process: exit code, what it printed, its errors."""
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout, result.stderr


def test_one_table_says_what_became_of_each(project: Project) -> None:
    """Added and refused ones, with file and reason; something was added, so all is well."""
    code, text, errors = disney(*AS_NA, "mine", "--author", "An Na", "--licence", "CC0")

    (row,) = read_rows(project.manifests / "na" / "ariel.csv", ImageRecord)
    assert (0, "") == (code, errors)
    heading, first, second, third, summary = text.splitlines()
    assert "picture     result   why or where" == heading
    assert ["mine/1.png", "added", row.file] == first.split()
    assert f"mine/2.png  refused  exact duplicate: {row.file} (ariel, na)" == second
    assert "mine/3.png  refused  not an image: text" == third
    assert (
        "1 added, 2 refused; next: dvc push data/contributions/na/ariel.dvc, git add data, "
        "git commit"
    ) == summary
    assert ("An Na", "CC0", "1") == (row.author, row.licence, row.title)


@pytest.mark.usefixtures("project")
def test_nothing_added_is_exit_code_1() -> None:
    """Scripts see that there is nothing to push."""
    disney(*AS_NA, "mine")

    code, text, _ = disney(*AS_NA, "mine/*.png")

    assert (1, "0 added, 3 refused") == (code, text.splitlines()[-1])


@pytest.mark.usefixtures("project")
def test_for_scripts() -> None:
    """One JSON object a picture."""
    _, text, _ = disney(*AS_NA, "mine/1.png", "mine/3.png", "--json", "--dry-run")

    first, second = map(json.loads, text.splitlines())
    assert ("mine/1.png", "added") == (first["picture"], first["result"])
    assert {"picture": "mine/3.png", "result": "refused", "why": "not an image: text"} == second


def test_a_dry_run_says_so(project: Project) -> None:
    """And writes nothing."""
    before = sorted(project.root.rglob("*"))

    code, text, _ = disney(*AS_NA, "mine/1.png", "--dry-run")

    assert (0, "1 added, 0 refused; a dry run: nothing was written") == (
        code,
        text.splitlines()[-1],
    )
    assert before == sorted(project.root.rglob("*"))


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--as", "m2", "--character", "ariel", "mine"], "ariel: is na's, not m2's; --for-others"),
        (["--as", "na", "--character", "arial", "mine"], "no 'arial'; known: ariel, elsa, merida"),
        (["--as", "na", "--character", "ariel", "min"], "min: no such file"),
    ],
)
def test_what_cannot_be_is_one_line(arguments: list[str], problem: str) -> None:
    """With what is allowed."""
    code, _, errors = disney("contribute", "add", *arguments)

    assert (1, 1) == (code, len(errors.splitlines()))
    assert problem in errors


@pytest.mark.usefixtures("project")
def test_one_address_is_of_one_picture() -> None:
    """--url for a folder would be a lie about all but one."""
    code, _, errors = disney(*AS_NA, "mine", "--url", "https://pics.example/1.png")

    assert 2 == code
    assert "--url is of one picture, these are 3" in errors


def test_check_and_mend(
    tmp_path: Path, write_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line a finding and exit code 1; for scripts, too; mended, all is fine."""
    clone = clone_of(first_clone(tmp_path, write_project), "na")
    monkeypatch.chdir(clone.project.root)
    clone.add(1)
    clone.dvc("push", "--quiet")
    clone.commit()
    assert (0, "fine: the contributions of na\n") == disney("contribute", "check")[:2]
    pointer = clone.shelf().pointer
    pointer.write_text("<<<<<<< HEAD\n")

    code, text, _ = disney("contribute", "check", "--json")

    assert (1, 2) == (code, len(text.splitlines()))
    assert {"path", "problem", "mend"} == json.loads(text.splitlines()[0]).keys()
    code, text, _ = disney("contribute", "mend", "--as", "na")
    assert (0, "data/contributions/na/ariel.dvc: lists 1 images, as the manifest does\n") == (
        code,
        text,
    )
    assert "nothing to mend\n" == disney("contribute", "mend", "--as", "na")[1]
    assert 0 == disney("contribute", "check")[0]


def test_a_base_that_is_not_there(
    tmp_path: Path, write_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever names a branch wrongly is not told that all is fine; nor is who has no repository."""
    lead = first_clone(tmp_path, write_project)
    monkeypatch.chdir(lead.project.root)

    code, text, errors = disney("contribute", "check", "--base", "nonsense")

    assert (1, "") == (code, text)
    assert "git: no commit in common with nonsense; name the branch to compare with" in errors
    monkeypatch.chdir(write_project(tmp_path / "unpacked").root)
    code, text, errors = disney("contribute", "check")
    assert (1, "") == (code, text)
    assert "git: no repository" in errors


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("arguments", [("check", "--member", "x"), ("mend", "--as", "x")])
def test_a_member_that_nobody_is(arguments: tuple[str, ...]) -> None:
    """Wrong usage: a typo must not look as if all were well."""
    code, _, errors = disney("contribute", *arguments)

    assert 2 == code
    assert "no member 'x'; known: m2, na" in " ".join(errors.split())


def test_what_cannot_be_mended_is_exit_code_1(project: Project) -> None:
    """With the picture that is missing."""
    disney(*AS_NA, "mine/1.png")
    for path in (project.contributions / "na").rglob("*.*"):
        path.unlink(missing_ok=True)

    code, _, errors = disney("contribute", "mend", "--as", "na")

    assert 1 == code
    assert "1 images of the manifest are neither here nor in the remote" in errors
    code, text, _ = disney("contribute", "mend", "--as", "na", "--drop-missing")
    assert 0 == code
    assert "which nobody has" in text


@pytest.mark.usefixtures("project")
def test_status() -> None:
    """One line a member and character; before the first picture, how to begin."""
    assert (
        "nobody has added a picture yet; see disney contribute add --help\n"
        == (disney("contribute", "status")[1])
    )
    disney(*AS_NA, "mine/1.png")

    heading, line = disney("contribute", "status")[1].splitlines()

    assert ["member", "character", "pictures", "here", "committed", "pushed", "next"] == (
        heading.split()
    )
    assert ["na", "ariel", "1", "1", "-", "-"] == line.split()
    assert 1 == json.loads(disney("contribute", "status", "--json")[1])["pictures"]


@pytest.mark.slow
def test_the_commands_of_the_help_work_word_for_word(
    project: Project, tmp_path: Path, write_project: Callable[..., Project]
) -> None:
    """From clone to a branch that CI finds fine, as `disney contribute --help` says."""
    clone = clone_of(first_clone(tmp_path / "team", write_project), "laptop")
    pictures = project.root / "mine"
    text = disney("contribute", "--help")[1]
    lines = [line.strip() for line in text.split("from clone to merge:")[1].splitlines()]
    commands = [each for each in lines if each.startswith(("git", "disney", "dvc"))]
    commands = [each.replace("~/Pictures/ariel", str(pictures)) for each in commands]
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, module in {"disney": "pipeline.cli", "dvc": "dvc"}.items():
        script = f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n'
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"

    for command in commands:
        done = subprocess.run(
            ["sh", "-c", command],  # as a shell reads it
            cwd=clone.project.root,
            env=os.environ | {"PATH": path, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert 0 == done.returncode, f"{command}: {done.stdout}{done.stderr}"

    assert 6 == len(commands)
