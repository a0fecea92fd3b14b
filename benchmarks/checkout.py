"""A fresh copy of this checkout to measure in, and `dvc repro` in it with what it ran."""

import os
import re
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repro:
    """One run of `dvc repro`."""

    seconds: float
    stages: tuple[str, ...]  # that ran, in order
    peak_mb: float  # largest single process so far, by the kernel's account


def fresh_checkout(folder: Path) -> Path:
    """Copy what git knows or would add into `folder`, as a repository with one commit."""
    if folder.exists():
        shutil.rmtree(folder)
    listed = _git(REPOSITORY, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in filter(None, listed.split("\0")):
        if (REPOSITORY / name).is_file():  # not one deleted but still in the index
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, target)
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all")
    _git(
        folder, "-c", "user.name=bench", "-c", "user.email=bench@example.org", "commit", "-qm", "x"
    )
    return folder


def edit_params(folder: Path, **keys: object) -> None:
    """Set dotted keys of params.yaml (written with __ for a dot), keeping the rest as it is."""
    yaml = YAML()
    params = yaml.load(folder / "params.yaml")
    for dotted, value in keys.items():
        *parents, last = dotted.split("__")
        section = params
        for parent in parents:
            section = section[parent]
        section[last] = value
    yaml.dump(params, folder / "params.yaml")


def repro(folder: Path, *targets: str) -> Repro:
    """Run `dvc repro` and show its output when it fails."""
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "repro", *targets],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=_environment(),
    )
    seconds = time.monotonic() - start
    if done.returncode:
        raise SystemExit(f"dvc repro failed in {folder}:\n{done.stdout}\n{done.stderr}")
    return Repro(
        seconds=seconds,
        stages=tuple(re.findall(r"Running stage '([^']+)'", done.stdout)),
        peak_mb=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    )


def _environment() -> dict[str, str]:
    """Put this Python first on PATH (dvc.yaml says `python`) and let idle threads sleep."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "OMP_WAIT_POLICY": "PASSIVE"}


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout
