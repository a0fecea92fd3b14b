"""Make manifests and pointers agree again: after a merge, a kill, a wrong `git checkout`.

The manifest is right, and the pointer follows it. Where git could not merge a manifest, the rows of
both sides are united; where a pointer misses an image, its entry is looked for in the other states
of the pointer that git knows, then among the files that are here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.catalog.denied import DeniedList
from pipeline.catalog.manifests import list_manifests
from pipeline.errors import DataError
from pipeline.files import sha256_of_file, write_rows
from pipeline.paths import Project
from pipeline.records import ImageRecord
from pipeline.team.changes import records_at
from pipeline.team.contributions import lock_file, undo_interrupted
from pipeline.team.dvc import fetch_listing_of
from pipeline.team.dvc_cache import DvcCache, Listing, sha256_in
from pipeline.team.git import content_at, unmerged_paths
from pipeline.team.lock import locked
from pipeline.team.pointers import Pointer, Shelf, shelves, write_pointer

_SIDES = (":2", ":3")  # ours and theirs, as git's index keeps them during a merge
_REVISIONS = ("HEAD", "MERGE_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD", "HEAD^1", "HEAD^2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What was done, and what could not be."""

    done: tuple[str, ...]
    left: tuple[str, ...]


def mend(project: Project, *, member: str, cache: DvcCache) -> Mended:
    """Make all manifests and pointers of a member agree.

    Raises:
        DataError: a manifest is broken, and git knows no two sides of it.
    """
    unmerged = set(unmerged_paths(project))
    done: list[str] = []
    left: list[str] = []
    with locked(lock_file(project)):
        for shelf in shelves(project):
            if shelf.member == member:
                done += _mend_manifest(shelf, unmerged=unmerged, cache=cache)
                left += _mend_pointer(shelf, cache=cache, done=done)
    return Mended(done=tuple(done), left=tuple(left))


def _mend_manifest(shelf: Shelf, *, unmerged: set[str], cache: DvcCache) -> Iterator[str]:
    """Unite, sort, and take out what must not be there; yields what was done."""
    name = shelf.project.relative(shelf.manifest)
    if name in unmerged:
        sides = [row for side in _SIDES for row in records_at(shelf.project, side, name)]
        _write(shelf, sides)
        yield f"{name}: both sides of the merge united"
    undone = undo_interrupted(shelf, cache=cache)
    if undone:
        yield f"{name}: undid an interrupted add of {len(undone)} pictures"
    before = shelf.rows()
    unwanted = _unwanted(shelf, before)
    rows = _write(shelf, (row for row in before if row.sha256 not in unwanted))
    for sha256, reason in sorted(unwanted.items()):
        for path in shelf.folder.glob(f"{sha256}.*"):
            path.unlink()
        yield f"{name}: took {sha256[:12]} out ({reason})"
    if not unwanted and rows != before:
        yield f"{name}: sorted"


def _write(shelf: Shelf, rows: Iterable[ImageRecord]) -> list[ImageRecord]:
    """Write rows sorted by sha256, each once; where nothing changes, nothing is written."""
    unique = {row.sha256: row for row in rows}
    in_order = sorted(unique.values(), key=lambda row: row.sha256)
    problems: list[str] = []  # such as the marks of a merge between two good rows
    if shelf.rows(problems=problems) != in_order or problems:
        write_rows(shelf.manifest, ImageRecord, in_order)
    return in_order


def _unwanted(shelf: Shelf, rows: Iterable[ImageRecord]) -> dict[str, str]:
    """Find what is denied, or in another's manifest: of two copies, the one who mends gives way."""
    denied = DeniedList.read(shelf.project.denied)
    others = {
        row.sha256: row.file
        for manifest in list_manifests(shelf.project)
        if manifest.path != shelf.manifest
        for row in manifest.rows(problems=[])
    }
    found: dict[str, str] = {}
    for row in rows:
        refused = denied.judge_sha256(row.sha256) or denied.judge_candidate(row)
        if refused:
            found[row.sha256] = f"denied: {refused.detail}"
        elif row.sha256 in others:
            found[row.sha256] = f"it is also {others[row.sha256]}"
    return found


def _mend_pointer(shelf: Shelf, *, cache: DvcCache, done: list[str]) -> Iterator[str]:
    """Let the pointer list just the images of the manifest; yields what is missing still."""
    name = shelf.project.relative(shelf.pointer)
    wanted = {row.sha256 for row in shelf.rows()}
    now = _listing_now(shelf, cache=cache)
    entries = {sha256_in(row): row for row in now or []}
    for listing in _sources(shelf, cache=cache):
        if wanted <= entries.keys():
            break
        entries = {sha256_in(row): row for row in listing} | entries
    kept = [row for sha256, row in sorted(entries.items()) if sha256 in wanted]
    if kept != sorted(now or [], key=sha256_in):
        write_pointer(shelf.pointer, kept, cache=cache, size_bytes=_size(shelf, kept))
        done.append(f"{name}: lists {len(kept)} images, as the manifest does")
    for sha256 in sorted(wanted - entries.keys()):
        yield f"{name}: {sha256[:12]} is nowhere to be found; add the picture again"


def _listing_now(shelf: Shelf, *, cache: DvcCache) -> Listing | None:
    """Read what the pointer lists; None where it cannot be read, as in the middle of a merge."""
    try:
        digest = Pointer.read(shelf.pointer).digest
        return fetch_listing_of(shelf.project, shelf.folder, digest, cache=cache)
    except (DataError, FileNotFoundError):
        return None


def _sources(shelf: Shelf, *, cache: DvcCache) -> Iterator[Listing]:
    """Give the other lists in which an image may stand: of git's revisions, then of the folder."""
    project = shelf.project
    for revision in _REVISIONS:
        content = content_at(project, revision, project.relative(shelf.pointer))
        try:
            digest = Pointer.parse(content or b"", name=revision).digest
            yield fetch_listing_of(project, shelf.folder, digest, cache=cache, revision=revision)
        except DataError:  # no such state, or one that was never pushed
            continue
    yield [
        {"md5": cache.add_file(path.read_bytes()), "relpath": path.name}
        for path in sorted(shelf.folder.glob("*"))
        if path.is_file() and sha256_of_file(path) == path.stem
    ]


def _size(shelf: Shelf, listing: Listing) -> int:
    """Add up the bytes of the listed images, which the manifest knows."""
    sizes = {row.sha256: row.bytes for row in shelf.rows()}
    return sum(sizes[sha256_in(row)] for row in listing)
