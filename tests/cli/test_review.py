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

from pipeline.catalog.catalog import Catalog
from pipeline.cli import app
from pipeline.files import write_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import Review
from pipeline.team.roster import known_members

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def in_project(make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> Project:
    """Stand in the folder of a small project."""
    project = make_project()
    monkeypatch.chdir(project.root)
    return project


@pytest.fixture
def server(in_project: Project, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """Start the command as a member does."""
    whose = getattr(request, "param", ["--as", "m2"])
    command = [sys.executable, "-m", "pipeline.cli", "review", *whose, "--no-browser"]
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
    assert "no member 'x'; known: m2, na; whoever reviews for the first time" in errors


@pytest.mark.usefixtures("in_project")
@pytest.mark.parametrize("member", ["../na", "Lead", "con", ""])
def test_a_new_reviewers_id_names_a_file(member: str) -> None:
    """So it is a slug, like all ids."""
    code, _, errors = disney("review", "--as", member, "--new-reviewer", "--no-browser")

    assert 2 == code
    assert "must be 1 to 64 of a-z" in re.sub(r"[ │]+", " ", errors)


@pytest.mark.parametrize("server", [["--as", "lead", "--new-reviewer"]], indirect=True)
def test_a_lead_without_a_character(server: subprocess.Popen[str], in_project: Project) -> None:
    """Begins with the first character; once there is a review, the id is known like any other."""
    answer = requests.get(address_of(server), timeout=20)

    assert answer.url.endswith("/characters/ariel")
    assert "as <b>lead</b>" in answer.text

    row = Review(sha256="0" * 64, verdict="reject", character="", other_sha256="", note="")
    write_rows(in_project.reviews / "lead.csv", Review, [row])

    assert ["lead", "m2", "na"] == known_members(Catalog(in_project), load_params(in_project))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        _, _, errors = disney("review", "--as", "lead", "--port", port, "--no-browser")
    assert "Address already in use" in errors  # so far it came


@pytest.mark.usefixtures("in_project")
def test_unknown_character() -> None:
    """A character that nobody has is one line."""
    code, _, errors = disney("review", "--as", "na", "--character", "x", "--no-browser")

    assert 1 == code
    assert "'x'" in errors


def test_a_broken_file_is_one_line(in_project: Project) -> None:
    """One's own reviews that cannot be read are said before a browser opens."""
    (in_project.reviews / "na.csv").write_text("sha256\n", encoding="utf-8")
    code, _, errors = disney("review", "--as", "na", "--no-browser")

    assert 1 == code
    assert "na.csv:1: columns are sha256" in errors


def test_what_is_wrong_elsewhere_is_told(in_project: Project) -> None:
    """Another member's broken file stops no review: it is left out, and said."""
    (in_project.reviews / "m2.csv").write_text("sha256\n", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        _, _, errors = disney("review", "--as", "na", "--port", port, "--no-browser")

    assert "left out: " in errors
    assert "m2.csv:1: columns are sha256" in errors
    assert "Address already in use" in errors  # so far it came


@pytest.mark.usefixtures("in_project")
def test_a_port_that_is_taken() -> None:
    """One line, not a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, _, errors = disney("review", "--as", "na", "--port", port, "--no-browser")

    assert 1 == code
    assert "Address already in use" in errors
