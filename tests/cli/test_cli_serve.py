"""`disney serve`: a page for this machine, clean ends, one-line errors."""

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
from tests.inference.conftest import draw_bytes, trained

__all__ = ["trained"]  # a fixture
REPOSITORY = Path(__file__).resolve().parents[2]
TIMEOUT_S = 60


@pytest.fixture
def server(trained: Project) -> Iterator[subprocess.Popen[str]]:
    """Start the command as a user does."""
    command = [sys.executable, "-m", "pipeline.cli", "serve", "--network", "vit"]
    with subprocess.Popen(
        [*command, "--backend", "torch", "--reject-below", "0.2"],
        cwd=trained.root,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def disney(*arguments: str) -> tuple[int, str]:
    """Run the command in this process: exit code and its errors on one line."""
    result = CliRunner().invoke(app, ["serve", *arguments])
    return result.exit_code, " ".join(result.stderr.split())


def test_from_address_to_ctrl_c(server: subprocess.Popen[str]) -> None:
    """The printed address shows the page, answers pictures, and is this machine's alone."""
    address = re.fullmatch(r"serve: (\S+) asks vit\n", server.stdout.readline())[1]
    page = requests.get(address, timeout=TIMEOUT_S)
    found = requests.post(
        f"{address}predict?heat=1&name=a.png", data=draw_bytes(1), timeout=TIMEOUT_S
    ).json()

    assert "the network <b>vit</b>" in page.text
    assert ["file", "character", "probability", "top", "heat"] == list(found)
    assert found["top"][0] == [found["character"], found["probability"]]

    port = int(address.rstrip("/").rpartition(":")[2])
    with socket.socket() as other, pytest.raises(ConnectionRefusedError):
        other.connect(("127.0.0.2", port))  # another address of this machine

    server.send_signal(signal.SIGINT)
    printed, errors = server.communicate(timeout=TIMEOUT_S)

    assert (0, "") == (server.returncode, errors)
    assert printed.endswith("\nstopped\n")


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["--network", "x"], 1, "'x'"),
        (["--host", "example.org"], 2, "--host: got 'example.org', expected an IP address"),
        (["--host", "192.0.2.7", "--no-heat", "--backend", "torch"], 1, "Cannot assign"),
        (["--reject-below", "2"], 2, "less than or equal to 1"),
    ],
    ids=["network", "host name", "not this machine", "threshold"],
)
def test_what_cannot_be_served(
    trained: Project, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, error: str
) -> None:
    """One line says so before anything is served."""
    monkeypatch.chdir(trained.root)
    found = disney(*arguments)

    assert code == found[0]
    assert error in found[1]


def test_nothing_is_trained(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project without a trained network is one line, not a page that fails."""
    monkeypatch.chdir(make_project().root)
    code, errors = disney()

    assert 1 == code
    assert "no trained network; train one (dvc repro)" in errors
