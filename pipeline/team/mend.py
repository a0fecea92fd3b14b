"""Make manifests and pointers agree again: after a merge, a kill, a wrong `git checkout`.

The manifest is right, and the pointer follows it. Where git could not merge a manifest, the rows of
both sides are united; where a pointer misses an image, its entry is looked for in all states of the
pointer that git knows, then among the files that are here. What is found nowhere is for a person to
decide: whoever added it pushes it, or its row is dropped.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from pipeline.catalog.denied import DeniedList
from pipeline.errors import DataError
from pipeline.files import sha256_of_file, write_rows
from pipeline.paths import Project
from pipeline.records import ImageRecord
from pipeline.team.changes import records_at
from pipeline.team.contributions import lock_file, undo_interrupted
from pipeline.team.dvc import fetch_listing_of, not_in_remote, push_or_drop, uses_dvc
from pipeline.team.dvc_cache import DvcCache, Listing, sha256_in
from pipeline.team.git import (
    base_of,
    commits_of,
    content_at,
    is_repository,
    unmerged_paths,
)
from pipeline.team.lock import locked
from pipeline.team.pointers import Pointer, Shelf, ignore_folder, shelves, write_pointer
from pipeline.team.precedence import Precedence

_SIDES = (":2", ":3")  # ours and theirs, as git's index keeps them during a merge
_MAX_TOLD = 3  # images by name; the manifest has all
_MAX_STATES = 30  # of a pointer, looked into for an image that is in no newer one
_COMING = ("MERGE_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What was done, and what could not be."""

    done: tuple[str, ...]
    left: tuple[str, ...]


def mend(project: Project, *, member: str, cache: DvcCache, drop_missing: bool = False) -> Mended:
    """Make all manifests and pointers of a member agree.

    Args:
        project: whose files they are.
        member: whose, and nobody else's.
        cache: of DVC on this machine.
        drop_missing: take rows out whose image is neither here nor in the remote, so that it can
            be added again; else they are told.

    Raises:
        DataError: a manifest is broken, and git knows no two sides of it.
        DisneyError: DVC cannot be asked what the remote has.
    """
    unmerged = set(unmerged_paths(project))
    own = [shelf for shelf in shelves(project) if shelf.member == member]
    left: list[str] = []
    with locked(lock_file(project)):
        done = [line for shelf in own for line in _unite(shelf, unmerged=unmerged, cache=cache)]
        precedence = Precedence(project, base=_base(project))
        for shelf in own:
            done += _clean(shelf, precedence=precedence)
            missing = _mend_pointer(shelf, cache=cache, done=done)
            if drop_missing:
                missing = missing | _lost(shelf, cache=cache)
                done += _drop(shelf, missing, cache=cache)
            elif missing:
                left.append(_told(shelf, missing))
    return Mended(done=tuple(done), left=tuple(left))


def _base(project: Project) -> str:
    """Find where this branch left the main one; "" where git does not know."""
    try:
        return base_of(project) if is_repository(project) else ""
    except DataError:
        return ""


def _unite(shelf: Shelf, *, unmerged: set[str], cache: DvcCache) -> Iterator[str]:
    """Take the rows of both sides of a merge, and undo half an add; yields what was done."""
    name = shelf.project.relative(shelf.manifest)
    if name in unmerged:
        sides = [row for side in _SIDES for row in records_at(shelf.project, side, name)]
        _write(shelf, sides)
        yield f"{name}: both sides of the merge united"
    undone = undo_interrupted(shelf, cache=cache)
    if undone:
        yield f"{name}: undid an interrupted add of {len(undone)} pictures"


def _clean(shelf: Shelf, *, precedence: Precedence) -> Iterator[str]:
    """Sort rows, and take out what must not be there; yields what was done."""
    name = shelf.project.relative(shelf.manifest)
    before = shelf.rows()
    unwanted = _unwanted(shelf, before, precedence=precedence)
    rows = _write(shelf, (row for row in before if row.sha256 not in unwanted))
    for sha256, reason in sorted(unwanted.items()):
        for path in shelf.folder.glob("*"):  # no path is made of a cell
            if path.stem == sha256:
                path.unlink()
        yield f"{name}: took {sha256[:12]} out ({reason})"
    if not unwanted and rows != before:
        yield f"{name}: sorted"
    if shelf.folder.is_dir() and ignore_folder(shelf.folder):
        yield f"{shelf.project.relative(shelf.folder)}: hidden from git"


def _write(shelf: Shelf, rows: Iterable[ImageRecord]) -> list[ImageRecord]:
    """Write rows sorted by sha256, each once; where nothing changes, nothing is written."""
    unique = {row.sha256: row for row in rows}
    in_order = sorted(unique.values(), key=lambda row: row.sha256)
    problems: list[str] = []  # such as the marks of a merge between two good rows
    if shelf.rows(problems=problems) != in_order or problems:
        write_rows(shelf.manifest, ImageRecord, in_order)
    return in_order


def _unwanted(
    shelf: Shelf, rows: Iterable[ImageRecord], *, precedence: Precedence
) -> dict[str, str]:
    """Find what is denied, or gives way to the same picture in another manifest."""
    denied = DeniedList.read(shelf.project.denied)
    manifest = shelf.project.relative(shelf.manifest)
    found: dict[str, str] = {}
    for row in rows:
        refused = denied.judge_sha256(row.sha256) or denied.judge_candidate(row)
        if refused:
            found[row.sha256] = f"denied: {refused.detail}"
        elif first := precedence.before(row.sha256, manifest=manifest):
            found[row.sha256] = f"it is also {first.file}"
    return found


def _mend_pointer(shelf: Shelf, *, cache: DvcCache, done: list[str]) -> set[str]:
    """Let the pointer list just the images of the manifest; give those that are in no list."""
    wanted = {row.sha256 for row in shelf.rows()}
    now = _listing_now(shelf, cache=cache)
    entries = {sha256_in(row): row for row in now or []}
    for listing in _sources(shelf, cache=cache):
        if wanted <= entries.keys():
            break
        entries = {sha256_in(row): row for row in listing} | entries
    kept = [row for sha256, row in sorted(entries.items()) if sha256 in wanted]
    if kept != sorted(now or [], key=sha256_in) or (now is not None and not _counts(shelf, kept)):
        _write_pointer(shelf, kept, cache=cache)
        name = shelf.project.relative(shelf.pointer)
        done.append(f"{name}: lists {len(kept)} images, as the manifest does")
    return wanted - entries.keys()


def _counts(shelf: Shelf, listing: Listing) -> bool:
    """Tell whether the pointer says how many images there are."""
    return Pointer.read(shelf.pointer).num_files == len(listing)


def _write_pointer(shelf: Shelf, listing: Listing, *, cache: DvcCache) -> None:
    sizes = {row.sha256: row.bytes for row in shelf.rows()}
    size = sum(sizes[sha256_in(row)] for row in listing)
    write_pointer(shelf.pointer, listing, cache=cache, size_bytes=size)


def _told(shelf: Shelf, missing: Collection[str]) -> str:
    """Name the two ways out of it, of which only a person knows the right one."""
    name = shelf.project.relative(shelf.pointer)
    shown = ", ".join([sha256[:12] for sha256 in sorted(missing)][:_MAX_TOLD])
    shown += ", …" if len(missing) > _MAX_TOLD else ""
    return (
        f"{name}: {len(missing)} images of the manifest are neither here nor in the remote "
        f"({shown}); {push_or_drop(shelf.project, shelf.folder)}, then mend again"
    )


def _lost(shelf: Shelf, *, cache: DvcCache) -> set[str]:
    """Name the images that the pointer lists, and neither this machine nor the remote has."""
    project = shelf.project
    listing = _listing_now(shelf, cache=cache) or []
    absent = [
        row
        for row in listing
        if not (cache.path(row["md5"]).is_file() or (shelf.folder / row["relpath"]).is_file())
    ]
    lacking = not_in_remote(project) if absent and uses_dvc(project) else None
    if lacking is None:  # no remote at all
        return {sha256_in(row) for row in absent}
    names = lacking.get(project.relative(shelf.folder), set())
    return {sha256_in(row) for row in absent if row["relpath"] in names}


def _drop(shelf: Shelf, missing: Collection[str], *, cache: DvcCache) -> Iterator[str]:
    """Take images that nobody has out of manifest and pointer."""
    if not missing:
        return
    _write(shelf, (row for row in shelf.rows() if row.sha256 not in missing))
    listing = _listing_now(shelf, cache=cache) or []
    kept = [row for row in listing if sha256_in(row) not in missing]
    _write_pointer(shelf, kept, cache=cache)
    name = shelf.project.relative(shelf.manifest)
    for sha256 in sorted(missing):
        yield f"{name}: dropped {sha256[:12]}, which nobody has"


def _listing_now(shelf: Shelf, *, cache: DvcCache) -> Listing | None:
    """Read what the pointer lists; None where it cannot be read, as in the middle of a merge."""
    try:
        digest = Pointer.read(shelf.pointer).digest
        return fetch_listing_of(shelf.project, shelf.folder, digest, cache=cache)
    except (DataError, FileNotFoundError):
        return None


def _sources(shelf: Shelf, *, cache: DvcCache) -> Iterator[Listing]:
    """Give the other lists in which an image may stand: of git's revisions, then of the folder."""
    project, name = shelf.project, shelf.project.relative(shelf.pointer)
    seen = set()
    past = commits_of(project, name)[:_MAX_STATES] if is_repository(project) else []
    for revision in (*_COMING, *past):
        content = content_at(project, revision, name)
        try:
            digest = Pointer.parse(content or b"", name=revision).digest
            if digest not in seen:
                seen.add(digest)
                folder = shelf.folder
                yield fetch_listing_of(project, folder, digest, cache=cache, revision=revision)
        except DataError:  # no such state, or one that was never pushed
            continue
    yield [
        {"md5": cache.add_file(path.read_bytes()), "relpath": path.name}
        for path in sorted(shelf.folder.glob("*"))
        if path.is_file() and sha256_of_file(path) == path.stem
    ]
