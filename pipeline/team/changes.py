"""Whether a branch changes only what a contribution may: one member's files, nothing taken away."""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from pipeline.catalog.catalog import Catalog
from pipeline.errors import DataError
from pipeline.files import parse_rows, read_rows
from pipeline.paths import Project
from pipeline.records import ImageRecord
from pipeline.team.checks import Finding
from pipeline.team.git import content_at, names_at

_EVERYBODYS = {"data/denied.csv"}
_MEMBERS_FOLDERS = ("contributions", "manifests", "reviews")  # below data/


def members_in(paths: Iterable[str]) -> list[str]:
    """Name the members whose files are among paths, relative to the root."""
    return sorted({_owner(path) for path in paths} - {""})


def check_paths(paths: Iterable[str], *, member: str, base: str) -> Iterator[Finding]:
    """Find changed files that are not the member's.

    Args:
        paths: that differ from `base`, relative to the root.
        member: whose contribution it is.
        base: the commit where it began.
    """
    for path in paths:
        owner = _owner(path)
        if _is_image(path):
            yield Finding(
                path=path,
                problem="an image in git, where it stays for ever",
                mend=f"run git rm --cached {path}: DVC keeps it",
            )
        if path in _EVERYBODYS or owner == member:
            continue
        whose = f"{owner}'s" if owner else "no part of a contribution"
        if path == "dvc.lock":
            whose = "written by the lead's dvc repro alone"
        yield Finding(
            path=path,
            problem=f"changed, but {whose}",
            mend=f"run git checkout {base[:12]} -- {path}, or put it on a branch of its own",
        )


def check_removals(
    project: Project, *, base: str, members: Iterable[str] | None
) -> Iterator[Finding]:
    """Find rows that were taken away though nobody rejected or denied them.

    Args:
        project: as it is now.
        base: the commit where the contribution began.
        members: only their manifests; None for everybody's.

    Raises:
        DataError: a review or denied.csv breaks its contract.
    """
    wanted = None if members is None else set(members)
    allowed = _Allowed(project)
    for path in names_at(project, base, "data/manifests"):
        if path.endswith(".csv") and (wanted is None or _owner(path) in wanted):
            yield from _removed_from(project, path, base=base, allowed=allowed)


def records_at(project: Project, revision: str, path: str) -> list[ImageRecord]:
    """Read a manifest as a commit has it; one that is broken there has no rows to miss."""
    content = content_at(project, revision, path) or b""
    try:
        return parse_rows(content.decode("utf-8-sig"), ImageRecord, name=path, problems=[])
    except (DataError, UnicodeDecodeError):
        return []


class _Allowed:
    """Which images may go."""

    def __init__(self, project: Project) -> None:
        catalog = Catalog(project, strict=False)
        self._rejected = catalog.verdicts.rejected
        self._denied = catalog.denied
        self._left = {row.sha256 for row in catalog.records}

    def may_go(self, record: ImageRecord) -> bool:
        return (
            record.sha256 in self._rejected
            or record.sha256 in self._left  # one of two copies
            or self._denied.judge_sha256(record.sha256) is not None
            or self._denied.judge_candidate(record) is not None
        )


def _removed_from(
    project: Project, path: str, *, base: str, allowed: _Allowed
) -> Iterator[Finding]:
    file = project.root / path
    problems: list[str] = []
    now = {r.sha256 for r in read_rows(file, ImageRecord, missing_ok=True, problems=problems)}
    if problems:
        return  # told by the check of the file itself
    gone = [row for row in records_at(project, base, path) if row.sha256 not in now]
    for row in gone:
        if not allowed.may_go(row):
            yield Finding(
                path=path,
                problem=f"{row.sha256[:12]} was taken out, and no review rejects it",
                mend=f"run git checkout {base[:12]} -- {path}, or disney review, or disney forget",
            )


def _is_image(path: str) -> bool:
    """Tell whether a file lies among contributed images, all of which DVC keeps."""
    name = PurePosixPath(path)
    is_text = name.suffix == ".dvc" or name.name == ".gitignore"
    return path.startswith("data/contributions/") and not is_text


def _owner(path: str) -> str:
    """Name the member whose file it is; "" for nobody's.

    >>> _owner("data/manifests/na/ariel.csv"), _owner("data/reviews/m2.csv"), _owner("dvc.lock")
    ('na', 'm2', '')
    """
    parts = PurePosixPath(path).parts
    if len(parts) < 3 or parts[0] != "data" or parts[1] not in _MEMBERS_FOLDERS:  # noqa: PLR2004
        return ""
    name = parts[2]
    return "" if name.startswith(".") else name.removesuffix(".csv")
