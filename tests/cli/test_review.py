"""`disney review`: an address for this machine, clean ends, one-line errors."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.paths import Project

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def in_project(make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> Project:
    """Stand in the folder of a small project."""
    project = make_project()
    monkeypatch.chdir(project.root)
    return project


@pytest.fixture
def server(in_project: Project) -> Iterator[subprocess.Popen[str]]:
    """Start the command as a member does."""
    command = [sys.executable, "-m", "pipeline.cli", "review", "--as", "m2", "--no-browser"]
    with subprocess.Popen(
        command,
        cwd=in_project.root,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def disney(*arguments: str) -> tuple[int, str, str]:
    """Run the command in this process: exit code, what it printed, its errors."""
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout, " ".join(result.stderr.split())


def address_of(process: subprocess.Popen[str]) -> str:
    """Read the address that the command prints first."""
    return re.fullmatch(r"review: (\S+)\n", process.stdout.readline())[1]


def test_from_address_to_ctrl_c(server: subprocess.Popen[str]) -> None:
    """The printed address opens the member's first character; Ctrl-C is a good end."""
    answer = requests.get(address_of(server), timeout=20)

    assert answer.url.endswith("/characters/elsa")
    assert "<h1>Elsa</h1>" in answer.text

    server.send_signal(signal.SIGINT)
    printed, errors = server.communicate(timeout=20)

    assert (0, "") == (server.returncode, errors)
    assert "stopped; all decisions are in data/reviews/m2.csv\n" in printed


def test_only_this_machine_is_served(server: subprocess.Popen[str]) -> None:
    """It listens on the loopback address alone."""
    address = address_of(server)

    assert address.startswith("http://127.0.0.1:")

    port = int(address.split(":")[2].split("/")[0])
    with socket.socket() as other, pytest.raises(ConnectionRefusedError):
        other.connect(("127.0.0.2", port))  # another address of this machine


@pytest.mark.usefixtures("in_project")
def test_unknown_member() -> None:
    """A member that nobody is is answered with those there are."""
    code, _, errors = disney("review", "--as", "x", "--no-browser")

    assert 2 == code
    assert "no member 'x'; known: m2, na" in errors


@pytest.mark.usefixtures("in_project")
def test_unknown_character() -> None:
    """A character that nobody has is one line."""
    code, _, errors = disney("review", "--as", "na", "--character", "x", "--no-browser")

    assert 1 == code
    assert "'x'" in errors


def test_a_broken_file_is_one_line(in_project: Project) -> None:
    """What cannot be read is said before a browser opens."""
    (in_project.reviews / "m2.csv").write_text("sha256\n", encoding="utf-8")
    code, _, errors = disney("review", "--as", "na", "--no-browser")

    assert 1 == code
    assert "m2.csv:1: columns are sha256" in errors


@pytest.mark.usefixtures("in_project")
def test_a_port_that_is_taken() -> None:
    """One line, not a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, _, errors = disney("review", "--as", "na", "--port", port, "--no-browser")

    assert 1 == code
    assert "Address already in use" in errors
