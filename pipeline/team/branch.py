"""A whole contribution, as CI sees it: the shelves, what the branch changes, and the remote."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import DisneyError
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.team.changes import check_paths, check_removals, members_in, records_at
from pipeline.team.checks import Finding, check_shelves
from pipeline.team.dvc import not_in_remote, seen_pointers, uses_dvc
from pipeline.team.dvc_cache import DvcCache
from pipeline.team.git import base_of, changed_paths, is_repository
from pipeline.team.pointers import Shelf, shelves


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is checked against what."""

    base: str  # commit where the contribution began; "" without git
    paths: tuple[str, ...]  # that differ from it
    members: tuple[str, ...] | None  # whose shelves are checked; None for everybody's


def scope_of(project: Project, *, member: str = "", base: str = "") -> Scope:
    """Find out what a branch is about.

    Args:
        project: in git, or not.
        member: whose contribution it is; "" finds that out from its files.
        base: the branch it shall go into; "" for the main one.

    Raises:
        DataError: there is no such branch.
    """
    own = (member,) if member else None
    if not is_repository(project):
        return Scope(base="", paths=(), members=own)
    commit = base_of(project, base)
    paths = tuple(changed_paths(project, commit))
    return Scope(base=commit, paths=paths, members=own or tuple(members_in(paths)) or None)


def check_contribution(
    project: Project, params: Params, *, scope: Scope, cache: DvcCache
) -> list[Finding]:
    """Find everything that stands against merging a contribution.

    Raises:
        DisneyError: git or DVC cannot be asked.
    """
    new = _new_sha256s(project, scope)
    findings = check_shelves(project, params, cache=cache, members=scope.members, new=new)
    if scope.base:
        findings += _check_changes(project, scope)
    if uses_dvc(project):
        own = [s for s in shelves(project) if scope.members is None or s.member in scope.members]
        findings += _check_dvc(project, own)
    return findings


def _check_changes(project: Project, scope: Scope) -> list[Finding]:
    found = list(check_removals(project, base=scope.base, members=scope.members))
    match scope.members:
        case (member,):
            found += check_paths(scope.paths, member=member, base=scope.base)
        case (_, _, *_) as several:
            problem = f"the branch changes files of {', '.join(several)}"
            mend = "one branch a member; --member says whose this one is"
            found.append(Finding(path="data", problem=problem, mend=mend))
    return found


def _check_dvc(project: Project, own: Sequence[Shelf]) -> list[Finding]:
    pointers = {project.relative(shelf.pointer) for shelf in own if shelf.pointer.is_file()}
    try:
        hidden = pointers - seen_pointers(project)
        lacking = not_in_remote(project) or {}
    except DisneyError as error:  # such as a pointer that is half merged, told above
        return [Finding(path=".dvc", problem=str(error), mend="mend what is said above first")]
    not_pushed = {path: lacking.get(path.removesuffix(".dvc")) for path in sorted(pointers)}
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
            Finding(path=path, problem=problem, mend=f"run dvc push {path}")
            for path, problem in not_pushed.items()
            if problem
        ),
    ]


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
