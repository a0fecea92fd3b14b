"""A team at work: clones of one repository, with one DVC remote, all in a folder of the test's."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.team.branch import WITHOUT_DVC, check_contribution, scope_of
from pipeline.team.checks import check_shelves
from pipeline.team.contributions import Offered, Outcome, add_pictures
from pipeline.team.dvc_cache import DvcCache
from pipeline.team.mend import Mended, mend
from pipeline.team.pointers import Shelf

REPOSITORY = Path(__file__).resolve().parents[2]
DVC_CONFIG = """[core]
    analytics = false
    check_update = false
    remote = store
['remote "store"']
    url = ../../store
"""
# Git asks nobody for anything, and knows no settings of this machine.
QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_EDITOR": "true"}


def drawing(number: int, *, kind: str = "PNG", size: int = 128) -> bytes:
    """Draw a picture that is like no other."""
    cells = Image.frombytes("L", (8, 8), Random(number).randbytes(64))
    buffer = io.BytesIO()
    cells.resize((size, size), Image.Resampling.BICUBIC).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


@dataclass(frozen=True)
class Clone:
    """One member's copy of the repository."""

    project: Project

    @property
    def cache(self) -> DvcCache:
        """DVC's cache of this clone."""
        return DvcCache(self.project.root / ".dvc" / "cache")

    def add(
        self, *numbers: int, member: str = "na", character: str = "ariel", **options: Any
    ) -> list[Outcome]:
        """Add drawings as a member does."""
        return add_pictures(
            self.project,
            load_params(self.project),
            member=member,
            character=character,
            pictures=[Offered(name=str(number), data=drawing(number)) for number in numbers],
            cache=self.cache,
            **options,
        )

    def shelf(self, member: str = "na", character: str = "ariel") -> Shelf:
        """Name a member's pictures."""
        return Shelf(project=self.project, member=member, character=character)

    def check(self, *, member: str = "", base: str = "") -> list[str]:
        """Check as CI does: a line a finding; in a folder without git, what lies there alone.

        Most clones do without DVC, which takes longer; that finding is left out.
        """
        params = load_params(self.project)
        if not (self.project.root / ".git").exists():
            members = [member] if member else None
            found = check_shelves(self.project, params, cache=self.cache, members=members)
        else:
            scope = scope_of(self.project, member=member, base=base)
            found = check_contribution(self.project, params, scope=scope, cache=self.cache)
        return [str(finding) for finding in found if finding != WITHOUT_DVC]

    def mend(self, member: str = "na", *, drop_missing: bool = False) -> Mended:
        """Let manifests and pointers of a member agree."""
        return mend(self.project, member=member, cache=self.cache, drop_missing=drop_missing)

    def commit(self, message: str = "work") -> None:
        """Commit everything that git does not ignore."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def git(self, *arguments: str, fails: bool = False) -> str:
        """Run git; give what it prints."""
        return self._run("git", *arguments, fails=fails)

    def dvc(self, *arguments: str) -> str:
        """Run DVC; give what it prints."""
        return self._run(sys.executable, "-m", "dvc", *arguments)

    def _run(self, *command: str, fails: bool = False) -> str:
        done = subprocess.run(
            command,
            cwd=self.project.root,
            env=os.environ | QUIET,
            capture_output=True,
            text=True,
            check=False,
        )
        assert bool(done.returncode) == fails, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr


def first_clone(root: Path, write_project: Callable[..., Project]) -> Clone:
    """Make the repository that all others are cloned from, with a small project in it."""
    clone = Clone(write_project(root / "lead"))
    folder = clone.project.root
    for name in (".gitignore", ".gitattributes", ".dvcignore"):
        (folder / name).write_bytes((REPOSITORY / name).read_bytes())
    for name in ("manifests", "reviews"):
        (folder / "data" / name / ".gitkeep").touch()
    (folder / ".dvc").mkdir()
    (folder / ".dvc" / "config").write_text(DVC_CONFIG)
    (folder / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
    clone.git("init", "--quiet", "--initial-branch", "main")
    _introduce(clone, "lead")
    clone.commit("start")
    return clone


def clone_of(lead: Clone, name: str) -> Clone:
    """Clone the repository for one more member, on a branch of the member's own."""
    folder = lead.project.root.parent / name
    lead.git("clone", "--quiet", str(lead.project.root), str(folder))
    clone = Clone(Project(folder))
    _introduce(clone, name)
    clone.git("switch", "--quiet", "--create", name)
    return clone


def share_caches(*clones: Clone) -> None:
    """Let each clone have all lists and images, as after a push and a pull."""
    for one in clones:
        bring_caches(one, *(other for other in clones if other is not one))


def bring_caches(clone: Clone, *others: Clone) -> None:
    """Let a clone have what is in the caches of others."""
    for other in others:
        source = other.project.root / ".dvc" / "cache"
        if source.is_dir():
            target = clone.project.root / ".dvc" / "cache"
            shutil.copytree(source, target, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
    """Objects are never changed, so one file may be in two caches."""
    if not Path(target).exists():
        os.link(source, target)


def _introduce(clone: Clone, name: str) -> None:
    clone.git("config", "user.name", name)
    clone.git("config", "user.email", f"{name}@example.org")
