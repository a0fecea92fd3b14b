"""What `make check` does beside the tools that it names."""

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def audit(*settings: str) -> subprocess.CompletedProcess[str]:
    """Look up known weaknesses, whether or not the environment is up to date."""
    return subprocess.run(
        ["make", "--silent", "--old-file", ".venv/installed", "audit", *settings],
        cwd=REPOSITORY,
        env=os.environ | {"MAKEFLAGS": "", "http_proxy": "", "HTTP_PROXY": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_database_that_cannot_be_reached_is_said() -> None:
    """Within seconds, and without failing: a machine without network can check, too."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: a connection is refused
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        start = time.monotonic()

        done = audit(f"OSV={url}")

    assert (0, f"audit: skipped, {url} cannot be reached\n") == (done.returncode, done.stdout)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(("code", "fails"), [(0, False), (1, True)])
def test_a_known_weakness_fails(tmp_path: Path, code: int, *, fails: bool) -> None:
    """Where the database answers, what pip-audit says decides."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\n[ "$1" = -c ] && exit 0\necho "$@"\nexit {code}\n')
    python.chmod(0o755)

    done = audit(f"PATH={tmp_path}:{os.environ['PATH']}")

    assert fails == bool(done.returncode)
    assert done.stdout.startswith("-m pip_audit --vulnerability-service osv")
