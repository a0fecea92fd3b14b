"""Whether a branch changes only what a contribution may: one member's files, nothing taken away."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.catalog.catalog import Catalog
from pipeline.errors import DataError, shell_word
from pipeline.files import parse_rows, read_rows
from pipeline.paths import PARAMS_FILE, Project
from pipeline.records import ImageRecord
from pipeline.team.findings import Finding
from pipeline.team.git import content_at, names_at

# What a run of the pipeline writes: `dvc.yaml` names it, and the lead commits it.
OUTPUTS = (
    "dvc.lock",
    "data/candidates",
    "data/raw",
    "data/interim",
    "data/processed",
    "models",
    "reports",
)
_COMMIT = "git commit -m 'not of this contribution'"
_EVERYBODYS = {"data/denied.csv", PARAMS_FILE}
_MEMBERS_FOLDERS = ("contributions", "manifests", "reviews")  # below data/


def members_in(paths: Iterable[str]) -> list[str]:
    """Name the members whose files are among paths, relative to the root."""
    return sorted({_owner(path) for path in paths} - {""})


def is_contributed(path: str) -> bool:
    """Tell whether a file, relative to the root, is of the kind that contributions change."""
    return path in _EVERYBODYS or bool(_owner(path))


def check_paths(
    paths: Iterable[str], *, member: str, base: str, uncommitted: Iterable[str] = ()
) -> Iterator[Finding]:
    """Find changed files that are not the member's: a line for all that go back in one command.

    Args:
        paths: that differ from `base`, relative to the root.
        member: whose contribution it is.
        base: the commit where it began.
        uncommitted: those of the paths that are in no commit yet.
    """
    new = set(uncommitted)
    causes: dict[tuple[str, bool], list[str]] = {}
    for path in paths:
        if path not in _EVERYBODYS and (is_image(path) or _owner(path) != member):
            causes.setdefault((_whose(path), path in new), []).append(path)
    for (whose, is_new), found in causes.items():
        more = f" (and {len(found) - 1} more)" if found[1:] else ""
        yield Finding(
            path=found[0],
            problem=f"changed{more}, but {whose}",
            mend=f"run {_remedy(found, is_new=is_new, base=base[:12])}",
        )


def check_params(project: Project, *, member: str, base: str) -> Iterator[Finding]:
    """Find what params.yaml has that a contribution may not bring: all but own characters.

    Args:
        project: as it is now.
        member: whose contribution it is.
        base: the commit where it began.
    """
    before, now = params_at(project, base), params_at(project)
    added = gained_characters(project, base=base)
    others = sorted(slug for slug, owner in added.items() if owner != member)
    rest = dict(now.get("characters") or {})
    for slug in added:
        del rest[slug]
    keys = sorted(
        key
        for key in before.keys() | now.keys()
        if before.get(key) != (rest if key == "characters" else now.get(key))
    )
    if keys or others:
        yield Finding(
            path=PARAMS_FILE,
            problem=f"changes {', '.join([*keys, *others])}, and a contribution may add characters "
            f"of {member} but change no other line",
            mend=f"see git diff {base[:12]} -- {PARAMS_FILE}, and undo the rest there",
        )


def gained_characters(project: Project, *, base: str) -> dict[str, str]:
    """Name the characters that params.yaml has gained since a commit, each with its member."""
    before, now = params_at(project, base), params_at(project)
    known = before.get("characters") or {}
    return {
        slug: str(body.get("member", "")) if isinstance(body, dict) else ""
        for slug, body in (now.get("characters") or {}).items()
        if slug not in known
    }


def params_at(project: Project, revision: str = "") -> Mapping[str, Any]:
    """Read params.yaml as a commit has it, "" as it is now; nothing of what is no mapping."""
    if revision:
        content = content_at(project, revision, PARAMS_FILE)
    else:
        content = project.params.read_bytes()
    try:
        values = YAML(typ="safe", pure=True).load(content or b"")
    except YAMLError:
        return {}
    return values if isinstance(values, dict) else {}


def check_removals(
    project: Project,
    *,
    base: str,
    members: Iterable[str] | None,
    was_stored: Callable[[str, str], bool] = lambda _path, _sha256: True,
) -> Iterator[Finding]:
    """Find rows that were taken away though nobody rejected or denied them.

    Args:
        project: as it is now.
        base: the commit where the contribution began.
        members: only their manifests; None for everybody's.
        was_stored: whether a manifest's image could be had then: what never could is no loss.

    Raises:
        DataError: denied.csv breaks its contract.
    """
    wanted = None if members is None else set(members)
    may_go = _Allowed(project).may_go
    for path in names_at(project, base, "data/manifests"):
        if path.endswith(".csv") and (wanted is None or _owner(path) in wanted):
            for row in _removed_from(project, path, base=base):
                if not may_go(row) and was_stored(path, row.sha256):
                    yield Finding(
                        path=path,
                        problem=f"{row.sha256[:12]} was taken out, and no review rejects it",
                        mend=f"run git checkout {base[:12]} -- {shell_word(path)}, or disney "
                        "review, or disney forget",
                    )


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


def _removed_from(project: Project, path: str, *, base: str) -> list[ImageRecord]:
    file = project.root / path
    try:
        now = {row.sha256 for row in read_rows(file, ImageRecord, missing_ok=True)}
    except DataError:
        return []  # told by the check of the file itself
    return [row for row in records_at(project, base, path) if row.sha256 not in now]


def _whose(path: str) -> str:
    """Say why a file is no part of a member's contribution."""
    if is_image(path):
        return "an image, which stays in git for ever; DVC keeps it"
    if any(PurePosixPath(path).is_relative_to(output) for output in OUTPUTS):
        return "written by the lead's dvc repro alone"
    owner = _owner(path)
    return f"{owner}'s" if owner else "no part of a contribution: it needs a branch of its own"


def _remedy(paths: Sequence[str], *, is_new: bool, base: str) -> str:
    """Write the command that takes files of one kind out of a branch, and out of no folder.

    But for another member's that are committed: they would be found again.
    """
    if is_image(paths[0]):
        mend = f"disney contribute mend --as {shell_word(_owner(paths[0]))}"
        folders = _words(str(PurePosixPath(path).parent) for path in paths)
        return mend if is_new else f"{mend} && git rm -r --cached --quiet -- {folders} && {_COMMIT}"
    if is_new:
        return f"git stash push --include-untracked -- {_words(paths)}"
    places = "--staged --worktree" if _owner(paths[0]) else "--staged"
    names = _words(_all_of_a_kind(path) for path in paths)
    return f"git restore --source={base} {places} -- {names} && {_COMMIT}"


def _all_of_a_kind(path: str) -> str:
    """Name the folder instead of a file where nothing in it is part of a contribution."""
    output = next((each for each in OUTPUTS if PurePosixPath(path).is_relative_to(each)), "")
    top = PurePosixPath(path).parts[0]
    return output or (path if top == "data" else top)


def _words(paths: Iterable[str]) -> str:
    return " ".join(map(shell_word, sorted(set(paths))))


def is_image(path: str) -> bool:
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
