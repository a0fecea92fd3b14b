"""Where each member's own pictures stand: added, here, committed, pushed."""

from collections.abc import Container
from dataclasses import dataclass

from pipeline.errors import shell_word
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.team.dvc import not_in_remote, uses_dvc
from pipeline.team.git import is_repository, uncommitted_paths
from pipeline.team.pointers import Shelf, shelves


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One member's own pictures of one character."""

    member: str
    character: str
    pictures: int  # rows of the manifest
    here: int  # of these, on this machine
    committed: str  # yes, no; "-" without git
    pushed: str  # yes, no; "-" without a remote
    next: str  # what to do; "" for nothing


def standings(project: Project, params: Params) -> list[Standing]:
    """Look at every member's pictures, by member, then in the order of params.yaml.

    Raises:
        DisneyError: DVC cannot be asked.
    """
    changed = set(uncommitted_paths(project)) if is_repository(project) else None
    missing = not_in_remote(project) if uses_dvc(project) else None
    order = {slug: number for number, slug in enumerate(params.characters)}
    found = sorted(shelves(project), key=lambda each: (each.member, order.get(each.character, -1)))
    return [_standing(shelf, changed=changed, missing=missing) for shelf in found]


def _standing(
    shelf: Shelf, *, changed: set[str] | None, missing: Container[str] | None
) -> Standing:
    project = shelf.project
    rows = shelf.rows(problems=[])
    files = {project.relative(path) for path in (shelf.manifest, shelf.pointer)}
    is_committed = None if changed is None else changed.isdisjoint(files)
    is_pushed = None if missing is None else project.relative(shelf.folder) not in missing
    return Standing(
        member=shelf.member,
        character=shelf.character,
        pictures=len(rows),
        here=sum((project.root / row.file).is_file() for row in rows),
        committed=_word(is_committed),
        pushed=_word(is_pushed),
        next=_next(shelf, is_committed=is_committed, is_pushed=is_pushed),
    )


def _word(answer: bool | None) -> str:  # noqa: FBT001 - it is what is said
    return {True: "yes", False: "no", None: "-"}[answer]


def _next(shelf: Shelf, *, is_committed: bool | None, is_pushed: bool | None) -> str:
    if shelf.journal.is_file():
        return f"disney contribute mend --as {shell_word(shelf.member)}"
    if is_pushed is False:
        return f"dvc push {shell_word(shelf.project.relative(shelf.pointer))}"
    if is_committed is False:
        return "git add data && git commit"
    return ""
