"""Another account of this machine, for tests of what it must not do."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """Make a folder that every account can enter: those of pytest and $TMPDIR may be closed."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def as_nobody(command: str) -> int:
    """Run a shell's command as another account; give its exit code."""
    if os.geteuid() or not shutil.which("runuser"):
        pytest.skip("needs root, to be another account")
    shell = ["runuser", "-u", "nobody", "--", "sh", "-c", command]
    return subprocess.run(shell, capture_output=True, check=False).returncode
