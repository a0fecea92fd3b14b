"""DVC as this command starts it: by the same Python, in the project's folder."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import DisneyError
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


def cache_folder(project: Project) -> Path:
    """Ask DVC where its cache is; a project without DVC has none, and the usual place is empty.

    Raises:
        DisneyError: DVC does not say.
    """
    if not (project.root / ".dvc").is_dir():
        return project.root / ".dvc" / "cache"
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "cache", "dir"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DisneyError(f"dvc cache dir: {done.stderr.strip().splitlines()[-1]}")
    return project.root / done.stdout.strip()


def _environment() -> dict[str, str]:
    """Let the `python` of dvc.yaml be this one, also where its environment is not activated."""
    here = str(Path(sys.executable).parent)
    return os.environ | {"PATH": os.pathsep.join([here, os.environ.get("PATH", "")])}
