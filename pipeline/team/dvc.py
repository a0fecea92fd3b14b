"""What only DVC itself can say: asked as a command, by the same Python, in the project's folder."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipeline.errors import DataError, DisneyError, shell_word
from pipeline.paths import Project, visible
from pipeline.team.dvc_cache import DvcCache, Listing
from pipeline.team.pointers import Pointer


def uses_dvc(project: Project) -> bool:
    """Tell whether `dvc init` was run here."""
    return (project.root / ".dvc" / "config").is_file()


def cache_folder(project: Project) -> Path:
    """Ask DVC where its cache is; a project without DVC has none, and the usual place is empty.

    Raises:
        DisneyError: DVC does not say.
    """
    if not uses_dvc(project):
        return project.root / ".dvc" / "cache"
    return project.root / _ask(project, "cache", "dir").strip()


def fetch_listing(project: Project, pointer: Path, *, cache: DvcCache) -> Listing:
    """Bring the list of a pointer's folder into the cache, if it is not there; no image is pulled.

    Args:
        project: whose remote is asked.
        pointer: the .dvc file.
        cache: of this machine.

    Raises:
        DataError: neither this machine nor the remote has it.
    """
    digest = Pointer.read(pointer).digest
    return fetch_listing_of(project, pointer.with_suffix(""), digest, cache=cache)


def fetch_listing_of(
    project: Project, folder: Path, digest: str, *, cache: DvcCache, revision: str = ""
) -> Listing:
    """Bring the list of a folder into the cache, as `revision` of git has it.

    Raises:
        DataError: as `fetch_listing`.
    """
    if cache.path(digest).is_file() or not uses_dvc(project):
        return cache.listing(digest)
    name = project.relative(folder)
    pointer = shell_word(f"{name}.dvc")
    options = ["--rev", revision] if revision else []
    try:
        text = _ask(project, "ls", ".", name, "--dvc-only", "--show-hash", "--json", *options)
    except DisneyError as error:
        raise DataError(
            f"{name}.dvc: the list of its pictures is neither here nor in the remote; "
            f"{push_or_drop(project, folder)}"
        ) from error
    listing = [{"md5": row["md5"], "relpath": row["path"]} for row in json.loads(text)]
    if cache.add_listing(listing) != digest:
        raise DataError(f"{name}.dvc: the remote lists other pictures; run dvc pull {pointer}")
    return listing


def push_or_drop(project: Project, folder: Path) -> str:
    """Say the two ways out where pictures are missing; only a person knows the right one."""
    pointer = f"{project.relative(folder)}.dvc"
    mend = f"disney contribute mend --as {shell_word(folder.parent.name)} --drop-missing"
    return f"on the machine that has them run dvc push {shell_word(pointer)} (is it lost: {mend})"


def not_in_remote(project: Project) -> dict[str, set[str]] | None:
    """Name what the remote lacks of contributed folders, relative to the root.

    DVC is asked for each image, or it would look for the list of a folder alone, which may be there
    without them; and for the folder, since of a .dvc file it says nothing at all.

    Returns:
        Of each folder, the names of missing images; of one whose list is missing, "" is among them.
        None where there is no remote to push to.
    """
    if not visible(project.contributions, "*/*.dvc"):
        return {}
    folder = project.relative(project.contributions)
    text = _ask(project, "data", "status", "--not-in-remote", "--granular", "--json", folder)
    status: dict[str, Any] = json.loads(text or "{}")
    lacking: dict[str, set[str]] = {}
    for path in status.get("not_in_remote", []):
        name, _, image = path.rpartition("/")
        lacking.setdefault(name, set()).add(image)
    if lacking and not _ask(project, "remote", "list").strip():
        return None  # without one, DVC says that nothing is there
    return lacking


def seen_pointers(project: Project) -> set[str]:
    """Name the .dvc files that DVC finds; one that .gitignore hides is silently none."""
    lines = _ask(project, "stage", "list", "--all", "--name-only").splitlines()
    return {line.strip() for line in lines if line.strip().endswith(".dvc")}


def _ask(project: Project, *arguments: str) -> str:
    """Run a command of DVC that changes nothing; give what it prints.

    Raises:
        DisneyError: it failed; the text is its last word.
    """
    done = subprocess.run(  # noqa: S603 - our own words, and paths made of slugs
        [sys.executable, "-m", "dvc", *arguments],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["failed"]
        said = next((line for line in lines if line.startswith("ERROR")), lines[0].strip())
        raise DisneyError(f"dvc {arguments[0]}: {said}")
    return done.stdout
