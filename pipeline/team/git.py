"""What git knows about a contribution: what has changed since it began, and how it was before.

Where git refuses, every question is an error: an empty answer would look as if all were well.
"""

import os
import subprocess
from collections.abc import Iterable, Sequence

from pipeline.errors import DataError, shell_word
from pipeline.paths import Project

_MAIN = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


def is_repository(project: Project) -> bool:
    """Tell whether the project lies in a git repository that has a commit.

    Raises:
        DataError: there is one, and git refuses to look at it, as at one of another owner.
    """
    done = _git(project, "rev-parse", "--git-dir")
    if b"not a git repository" in done.stderr:
        return False
    if done.returncode:
        raise _refused(done)
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


def committed_paths(project: Project, base: str) -> list[str]:
    """List what this branch's commits change since another one, relative to the project's root."""
    return _names(project, *_DIFF, base, "HEAD")


def uncommitted_paths(project: Project) -> list[str]:
    """List what a commit would have to take in, new files as well, relative to the root."""
    return sorted(set(_names(project, *_DIFF, "HEAD")) | set(untracked_paths(project)))


def untracked_paths(project: Project) -> list[str]:
    """List files that git neither knows nor ignores, relative to the project's root."""
    return _names(project, "ls-files", "-z", "--others", "--exclude-standard")


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


def commits_of_all_branches(project: Project, path: str) -> list[str]:
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
    if not is_repository(project):
        return []
    return sorted(set(_names(project, *_DIFF, "--diff-filter=U")))


def commits_of(project: Project, path: str, *, main_line: str = "") -> list[str]:
    """List the commits that changed a file, the last one first.

    Args:
        project: whose repository it is.
        path: relative to the project's root.
        main_line: only of the branch that ends in this commit, where a merge is a single change;
            "" for all that led to where we are.
    """
    way = ("--first-parent", main_line) if main_line else ("--full-history", "HEAD")
    return _lines(project, "log", "--format=%H", *way, "--", path)


def age_of(project: Project, commit: str) -> int:
    """Count the commits of a branch up to one of them, a merge counting once."""
    return int(_lines(project, "rev-list", "--count", "--first-parent", commit)[0])


_DIFF = ("diff", "--name-only", "-z", "--relative", "--no-renames")


def _names(project: Project, *arguments: str) -> list[str]:
    """Run a command that lists paths; "-z": or git would quote Korean ones."""
    return [os.fsdecode(name) for name in _answer(project, *arguments).split(b"\0") if name]


def _lines(project: Project, *arguments: str) -> list[str]:
    return _answer(project, *arguments).decode().split()


def _answer(project: Project, *arguments: str) -> bytes:
    """Run a command of git that must not fail.

    Raises:
        DataError: it did.
    """
    done = _git(project, *arguments)
    if done.returncode:
        raise _refused(done)
    return done.stdout


def _git(
    project: Project, *arguments: str, stdin: bytes | None = None
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(  # noqa: S603 - our own words, a ref, and paths made of slugs
        ["git", *arguments],  # noqa: S607 - git is found by its name
        cwd=project.root,
        env=os.environ | {"LC_ALL": "C"},  # what it says is read
        input=stdin,
        capture_output=True,
        check=False,
    )


def _refused(done: "subprocess.CompletedProcess[bytes]") -> DataError:
    """Say what git said, with the command that it advises, as for the repository of another."""
    said = [line.strip() for line in os.fsdecode(done.stderr).splitlines() if line.strip()]
    why = said[0].removeprefix("fatal: ") if said else f"exit code {done.returncode}"
    advice = next((line for line in said if line.startswith("git config ")), "")
    repeat = " ".join(map(shell_word, done.args))
    return DataError(f"git: {why}; run {advice or f'{repeat} and mend what it says'}")
