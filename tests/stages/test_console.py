"""What every stage shares: arguments, exit codes, one line instead of a traceback."""

import errno
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import DataError
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.stages.console import explaining_errors, progress_bar, run_item_stage, run_stage


@pytest.fixture
def typed(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Project]:
    """Be in a folder of a project and type a command with arguments."""
    project = make_project()

    def type_(*arguments: str) -> Project:
        monkeypatch.chdir(project.root / "data")
        monkeypatch.setattr(sys, "argv", ["stage", *arguments])
        return project

    return type_


def test_stage_gets_the_project_and_its_params(typed: Callable[..., Project]) -> None:
    """A stage runs from any folder of its project."""
    project = typed()
    calls: list[tuple[Path, int]] = []

    run_stage(lambda found, params: calls.append((found.root, params.seed)))

    assert [(project.root, 7)] == calls


def test_item_stage_gets_its_item(typed: Callable[..., Project]) -> None:
    """The item is the one argument; --debug is none."""
    typed("ariel", "--debug")
    items: list[str] = []

    run_item_stage(lambda _project, _params, item: items.append(item))

    assert ["ariel"] == items


@pytest.mark.parametrize("arguments", [[], ["ariel", "elsa"]])
def test_wrong_number_of_items_is_wrong_usage(
    typed: Callable[..., Project], capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """Exit code 2 with the usage, before anything is done."""
    typed(*arguments)

    with pytest.raises(SystemExit, match="2"):
        run_item_stage(lambda *_: pytest.fail("the stage must not run"))

    assert "usage: python -m pipeline.stages.<stage> [item] [--debug]" in capsys.readouterr().err


def test_stage_without_item_takes_none(typed: Callable[..., Project]) -> None:
    """An argument too many is wrong usage, too."""
    typed("ariel")

    with pytest.raises(SystemExit, match="2"):
        run_stage(lambda *_: pytest.fail("the stage must not run"))


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (DataError("rows.csv:3: sha256 is missing"), "rows.csv:3: sha256 is missing\n"),
        (PermissionError(errno.EACCES, "Permission denied", "x"), "x: Permission denied\n"),
        (
            OSError(errno.ENOSPC, "No space left on device", "x"),
            "x: No space left on device; free some space and run it again\n",
        ),
        (OSError("odd"), "disk: odd\n"),
    ],
)
def test_error_is_one_line(capsys: pytest.CaptureFixture[str], error: Exception, line: str) -> None:
    """What a user or a disk can cause ends in one line and exit code 1."""
    with pytest.raises(SystemExit, match="1"), explaining_errors(debug=False):
        raise error

    assert line == capsys.readouterr().err


def test_interrupt_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C is no crash."""
    with pytest.raises(SystemExit, match="130"), explaining_errors(debug=False):
        raise KeyboardInterrupt

    assert "stopped; run it again to go on\n" == capsys.readouterr().err


@pytest.mark.parametrize("error", [DataError("x"), OSError("x"), KeyboardInterrupt()])
def test_debug_keeps_the_traceback(error: BaseException) -> None:
    """With --debug an error stays what it is."""
    with pytest.raises(type(error)), explaining_errors(debug=True):
        raise error


def test_faults_of_the_program_are_not_hidden() -> None:
    """A bug is an exception with its traceback, never a polite line."""
    with pytest.raises(ZeroDivisionError), explaining_errors(debug=False):
        raise ZeroDivisionError


def test_error_in_a_stage_ends_it(
    typed: Callable[..., Project], capsys: pytest.CaptureFixture[str]
) -> None:
    """A stage that cannot go on exits with 1, as DVC expects."""
    typed()

    def main(_project: Project, _params: Params) -> None:
        raise DataError("split.csv: not there")

    with pytest.raises(SystemExit, match="1"):
        run_stage(main)

    assert "split.csv: not there\n" == capsys.readouterr().err


def test_progress_bar_is_silent_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody watches nothing is drawn, whatever a note holds."""
    with progress_bar("ariel") as progress:
        progress(1, 2, "[/red] 1 of 2")

    assert ("", "") == tuple(capsys.readouterr())
