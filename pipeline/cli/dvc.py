"""DVC as this command starts it: by the same Python, in the project's folder."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.paths import Project


def reproduce(project: Project, stages: Sequence[str], *, options: Sequence[str] = ()) -> None:
    """Run stages; what they say goes where this command's own words go.

    Raises:
        SystemExit: one of them failed and has said why.
    """
    sys.stdout.flush()
    done = subprocess.run(  # noqa: S603 - slugs and options, all of them ours
        [sys.executable, "-m", "dvc", "repro", *options, *stages],
        cwd=project.root,
        env=_environment(),
        check=False,
    )
    if done.returncode:
        raise SystemExit(1)


def _environment() -> dict[str, str]:
    """Let the `python` of dvc.yaml be this one, also where its environment is not activated."""
    here = str(Path(sys.executable).parent)
    return os.environ | {"PATH": os.pathsep.join([here, os.environ.get("PATH", "")])}
