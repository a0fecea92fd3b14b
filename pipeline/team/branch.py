"""A whole contribution, as CI sees it: the shelves, what the branch changes, and the remote."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache as remember
from pathlib import PurePosixPath

from pipeline.errors import DataError, DisneyError, shell_word
from pipeline.params import Params
from pipeline.paths import PARAMS_FILE, Project
from pipeline.team.changes import (
    check_params,
    check_paths,
    check_removals,
    gained_characters,
    is_contributed,
    is_image,
    members_in,
    records_at,
)
from pipeline.team.checks import check_shelves
from pipeline.team.dvc import (
    fetch_listing_of,
    not_in_remote,
    push_or_drop,
    seen_pointers,
    uses_dvc,
)
from pipeline.team.dvc_cache import DvcCache, sha256_in
from pipeline.team.findings import Finding
from pipeline.team.git import (
    base_of,
    committed_paths,
    content_at,
    is_repository,
    uncommitted_paths,
)
from pipeline.team.pointers import Pointer, Shelf, shelves

WITHOUT_DVC = Finding(
    path=".dvc/config",
    problem="not there, so no picture is pushed or pulled",
    mend="run git checkout HEAD -- .dvc, or dvc init",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is checked against what."""

    base: str  # commit where the contribution began
    paths: tuple[str, ...]  # that the branch brings, or will once it is committed
    uncommitted: frozenset[str]  # of these
    members: tuple[str, ...] | None  # whose shelves are checked; None for everybody's


def scope_of(project: Project, *, member: str = "", base: str = "") -> Scope:
    """Find out what a branch is about.

    What is not committed counts only where contributions lie: what a run of the pipeline, or its
    user, left elsewhere in the folder is no part of the branch.

    Args:
        project: in git.
        member: whose contribution it is; "" finds that out from its files.
        base: the branch it shall go into; "" for the main one.

    Raises:
        DataError: there is no such branch, no repository, or one that git refuses to read.
    """
    if not is_repository(project):
        raise DataError(
            "git: no repository with a commit here, so what a branch brings cannot be seen; run it "
            "in a clone (git clone)"
        )
    commit = base_of(project, base)
    committed = set(committed_paths(project, commit))
    uncommitted = {
        path
        for path in uncommitted_paths(project)
        if is_contributed(path) and not _is_of_another_branch(project, path)
    }
    paths = tuple(sorted(committed | uncommitted))
    found = set(members_in(paths))
    if PARAMS_FILE in paths:
        found |= set(gained_characters(project, base=commit).values()) - {""}
    return Scope(
        base=commit,
        paths=paths,
        uncommitted=frozenset(uncommitted - committed),
        members=(member,) if member else tuple(sorted(found)) or None,
    )


def _is_of_another_branch(project: Project, path: str) -> bool:
    """Tell whether a picture was left behind by a branch: here nothing points to its folder."""
    folder = PurePosixPath(path).parent
    return is_image(path) and not (project.root / f"{folder}.dvc").exists()


def check_contribution(
    project: Project, params: Params, *, scope: Scope, cache: DvcCache
) -> list[Finding]:
    """Find everything that stands against merging a contribution.

    Raises:
        DisneyError: git or DVC cannot be asked.
    """
    new = _new_sha256s(project, scope)
    findings = check_shelves(
        project, params, cache=cache, members=scope.members, new=new, base=scope.base
    )
    findings += _check_changes(project, scope, cache=cache)
    own = [s for s in shelves(project) if scope.members is None or s.member in scope.members]
    return findings + _check_dvc(project, own, cache=cache)


def _check_changes(project: Project, scope: Scope, *, cache: DvcCache) -> list[Finding]:
    @remember
    def stored(path: str) -> set[str] | None:
        return _stored_at(project, scope.base, path, cache=cache)

    def was_stored(path: str, sha256: str) -> bool:
        names = stored(path)
        return names is None or sha256 in names

    found = list(
        check_removals(project, base=scope.base, members=scope.members, was_stored=was_stored)
    )
    match scope.members:
        case (member,):
            found += check_paths(
                scope.paths, member=member, base=scope.base, uncommitted=scope.uncommitted
            )
            if PARAMS_FILE in scope.paths:
                found += check_params(project, member=member, base=scope.base)
        case (_, _, *_) as several:
            problem = f"the branch changes files of {', '.join(several)}"
            mend = "one branch a member; --member says whose this one is"
            found.append(Finding(path="data", problem=problem, mend=mend))
    return found


def _stored_at(project: Project, base: str, manifest: str, *, cache: DvcCache) -> set[str] | None:
    """Name the images of a manifest that could be had when the contribution began.

    None for all of them, where that cannot be known: while the pointer is here, the remote is asked
    about it, and one that does not answer is a finding of its own.
    """
    *_, member, name = manifest.split("/")
    shelf = Shelf(project=project, member=member, character=name.removesuffix(".csv"))
    if not (uses_dvc(project) and shelf.pointer.is_file()):
        return None
    content = content_at(project, base, project.relative(shelf.pointer))
    try:
        digest = Pointer.parse(content or b"", name=manifest).digest
        listing = fetch_listing_of(project, shelf.folder, digest, cache=cache, revision=base)
    except DataError:  # nobody has pushed that list
        return set()
    return {sha256_in(row) for row in listing}


def _check_dvc(project: Project, own: Sequence[Shelf], *, cache: DvcCache) -> list[Finding]:
    pointers = {project.relative(s.pointer): s for s in own if s.pointer.is_file()}
    if not uses_dvc(project):
        return [WITHOUT_DVC] if pointers else []
    try:
        hidden = pointers.keys() - seen_pointers(project)
        lacking = not_in_remote(project)
    except DisneyError as error:  # such as a pointer that is half merged, told above
        return [Finding(path=".dvc", problem=str(error), mend="mend what is said above first")]
    if lacking is None and pointers:
        return [
            Finding(
                path=".dvc/config",
                problem="no remote, so nobody else can have the pictures",
                mend="run dvc remote add --default store <where>, then dvc push",
            )
        ]
    return [
        *(
            Finding(
                path=path,
                problem="hidden from DVC by a .gitignore, so it is neither pushed nor pulled",
                mend="name folders without * in .gitignore: DVC writes the lines that it needs",
            )
            for path in sorted(hidden)
        ),
        *(
            _not_pushed(shelf, missing, cache=cache)
            for path, shelf in sorted(pointers.items())
            if (missing := (lacking or {}).get(path.removesuffix(".dvc")))
        ),
    ]


def _not_pushed(shelf: Shelf, missing: set[str], *, cache: DvcCache) -> Finding:
    """Say what helps: a push, where the pictures are here; else only who has them can."""
    path = shelf.project.relative(shelf.pointer)
    what = "not" if "" in missing else f"{len(missing)} of its images not"
    if cache.has(Pointer.read(shelf.pointer).digest, missing):
        mend = f"run dvc push {shell_word(path)}"
    else:
        mend = push_or_drop(shelf.project, shelf.folder)
    return Finding(path=path, problem=f"{what} in the remote", mend=mend)


def _new_sha256s(project: Project, scope: Scope) -> list[str] | None:
    """Name the rows that the branch adds: only these must give way to what is there already.

    None where it changes no manifest, as on the main branch: then all of them.
    """
    paths = {p for p in scope.paths if p.startswith("data/manifests/") and p.endswith(".csv")}
    if not paths:
        return None
    old = {row.sha256 for path in paths for row in records_at(project, scope.base, path)}
    now = {
        row.sha256
        for shelf in shelves(project)
        if project.relative(shelf.manifest) in paths
        for row in shelf.rows(problems=[])
    }
    return sorted(now - old)
