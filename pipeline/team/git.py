"""What git knows about a contribution: what has changed since it began, and how it was before."""

import subprocess
from collections.abc import Iterable, Sequence

from pipeline.errors import DataError
from pipeline.paths import Project

_MAIN = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


def is_repository(project: Project) -> bool:
    """Tell whether the project lies in a git repository that has a commit."""
    return _git(project, "rev-parse", "--verify", "--quiet", "HEAD").returncode == 0


def base_of(project: Project, ref: str = "") -> str:
    """Find the commit where this branch left another.

    Args:
        project: whose repository it is.
        ref: the other branch; "" for the main one.

    Raises:
        DataError: there is no such branch, or no common commit.
    """
    refs = (ref,) if ref else _MAIN
    for name in refs:
        done = _git(project, "merge-base", "HEAD", name)
        if done.returncode == 0:
            return done.stdout.decode().strip()
    raise DataError(
        f"git: no commit in common with {' or '.join(refs)}; name the branch to compare with "
        "(--base origin/main), and in CI fetch it whole (fetch-depth: 0)"
    )


def changed_paths(project: Project, base: str) -> list[str]:
    """List what differs from a commit, committed or not, relative to the project's root."""
    tracked = _names(project, "diff", "--name-only", "-z", "--relative", "--no-renames", base)
    return sorted(set(tracked) | set(_names(project, *_UNTRACKED)))


def uncommitted_paths(project: Project) -> list[str]:
    """List what a commit would have to take in, relative to the project's root."""
    return changed_paths(project, "HEAD")


def content_at(project: Project, revision: str, path: str) -> bytes | None:
    """Read a file as a commit has it; None where it has none.

    Args:
        project: whose repository it is.
        revision: a commit; ":2" and ":3" are ours and theirs of a merge.
        path: relative to the project's root.
    """
    done = _git(project, "show", f"{revision}:./{path}")
    return done.stdout if done.returncode == 0 else None


def names_at(project: Project, revision: str, folder: str) -> list[str]:
    """List the files below a folder as a commit has them."""
    return _names(project, "ls-tree", "-r", "-z", "--name-only", revision, "--", folder)


def commits_of(project: Project, path: str) -> list[str]:
    """List the commits of all branches that change a file, relative to the project's root."""
    done = _git(project, "log", "--all", "--full-history", "--format=%H", "--", path)
    return done.stdout.decode().split()


def is_named_at(
    project: Project, revision: str, texts: Iterable[str], *, folders: Sequence[str]
) -> bool:
    """Tell whether files below some folders hold one of these texts, as a commit has them."""
    command = ("grep", "--quiet", "--fixed-strings", "-f", "-", revision, "--", *folders)
    return _git(project, *command, stdin="\n".join(texts).encode()).returncode == 0


def unmerged_paths(project: Project) -> list[str]:
    """List what git could not merge, relative to the project's root."""
    return sorted(
        set(_names(project, "diff", "--name-only", "-z", "--relative", "--diff-filter=U"))
    )


_UNTRACKED = ("ls-files", "-z", "--others", "--exclude-standard")


def _names(project: Project, *arguments: str) -> list[str]:
    """Run a command that lists paths; "-z": or git would quote Korean ones."""
    return [name for name in _git(project, *arguments).stdout.decode().split("\0") if name]


def _git(
    project: Project, *arguments: str, stdin: bytes | None = None
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(  # noqa: S603 - our own words, a ref, and paths made of slugs
        ["git", *arguments],  # noqa: S607 - git is found by its name
        cwd=project.root,
        input=stdin,
        capture_output=True,
        check=False,
    )
