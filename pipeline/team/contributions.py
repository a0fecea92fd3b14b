"""Members' own pictures: judged, stored by content, and all of one call added at once.

Bytes go into DVC's cache first, where nobody sees them. Then, in this order: a journal of what is
coming, .gitignore, the images, the pointer, and last the manifest: what has no row is not there.
A call that is killed leaves the journal, and the next one undoes what it names.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import DataError, shell_word
from pipeline.files import PixelCopy, read_json, write_bytes, write_json, write_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import ImageRecord, Rejected
from pipeline.team.dvc import fetch_listing
from pipeline.team.dvc_cache import DvcCache
from pipeline.team.intake import Accepted, Facts, Intake, Offered
from pipeline.team.lock import locked
from pipeline.team.pointers import Shelf, extend_pointer, ignore_folder, shorten_pointer

__all__ = [
    "Facts",
    "Offered",
    "Outcome",
    "Rules",
    "add_pictures",
    "lock_file",
    "pixel_copies",
    "undo_interrupted",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a member may ask for."""

    for_others: bool = False  # also characters of another member
    allow_near: bool = False  # also what looks like a picture that the team has
    dry_run: bool = False  # judge everything, write nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one picture: its row, or why there is none."""

    name: str
    result: ImageRecord | Rejected


def add_pictures(
    project: Project,
    params: Params,
    *,
    member: str,
    character: str,
    pictures: Iterable[Offered],
    cache: DvcCache,
    facts: Facts | None = None,
    rules: Rules | None = None,
) -> list[Outcome]:
    """Add pictures to a member's set, and say of each what became of it.

    Args:
        project: where to.
        params: limits, licences, and who has which character.
        member: who brings them.
        character: what they show.
        pictures: one after the other; each is read or fetched when its turn comes.
        cache: DVC's on this machine.
        facts: what is known about all of them; None for nothing.
        rules: what is allowed; None for the usual.

    Returns:
        An outcome per picture, in their order.

    Raises:
        DataError: the character is another member's; or the list of the member's older pictures
            is neither on this machine nor in the remote.
    """
    rules = rules or Rules()
    check_assignment(params, member=member, character=character, for_others=rules.for_others)
    shelf = Shelf(project=project, member=member, character=character)
    _check_pointer(shelf, cache=cache)
    intake = Intake(shelf, params, facts=facts or Facts(), allow_near=rules.allow_near)
    outcomes: list[Outcome] = []
    kept: list[tuple[ImageRecord, str]] = []
    for picture in pictures:
        found = intake.judge(picture)
        if isinstance(found, Accepted) and not rules.dry_run:
            kept.append((found.record, cache.add_file(found.data)))
        result = found.record if isinstance(found, Accepted) else found
        outcomes.append(Outcome(name=picture.name, result=result))
    if kept:
        with locked(lock_file(project)):
            undo_interrupted(shelf, cache=cache)
            _commit(shelf, kept, cache=cache)
    return outcomes


def check_assignment(params: Params, *, member: str, character: str, for_others: bool) -> None:
    """Let a member add to own characters, and to another's only if that is meant.

    Raises:
        ParamsError: there is no such character.
        DataError: there is no such member, or the character is another one's.
    """
    owner = params.character(character).member
    known = sorted({each.member for each in params.characters.values()})
    if member not in known:
        names = ", ".join(known)
        raise DataError(f"member {member!r}: has no character in params.yaml; known: {names}")
    if member != owner and not for_others:
        raise DataError(
            f"{character}: is {owner}'s, not {member}'s; --for-others adds to it all the same"
        )


def pixel_copies(project: Project, sha256s: Collection[str]) -> Iterator[PixelCopy]:
    """Find images among all members' own, with or without a row, and what a kill left of them."""
    for sha256 in sorted(sha256s):
        yield from map(PixelCopy, sorted(project.contributions.glob(f"*/*/*{sha256}*")))


def lock_file(project: Project) -> Path:
    """Where whoever changes contributions holds the lock."""
    return project.cache / "contribute" / "lock"


def undo_interrupted(shelf: Shelf, *, cache: DvcCache) -> list[str]:
    """Take out again what a call that was killed had put in; to be called under the lock.

    Returns:
        The sha256 of what was taken out.
    """
    if not shelf.journal.is_file():
        return []
    files: dict[str, str] = read_json(shelf.journal)
    rows = {row.sha256 for row in shelf.rows()}
    gone = sorted(files.keys() - rows)
    for sha256 in gone:
        (shelf.folder / files[sha256]).unlink(missing_ok=True)
    if gone and shelf.pointer.is_file():
        shorten_pointer(shelf.pointer, gone, cache=cache)
    for path in _half_written(shelf):
        path.unlink()
    shelf.journal.unlink()
    return gone


def _half_written(shelf: Shelf) -> Iterator[Path]:
    """Find what `pipeline.files.replacing` was just writing; git and DVC ignore it."""
    yield from shelf.folder.glob(".*.part")
    for path in (shelf.folder.with_name(".gitignore"), shelf.pointer, shelf.manifest):
        yield from path.parent.glob(f".{path.name}.*.part")


def _check_pointer(shelf: Shelf, *, cache: DvcCache) -> None:
    """See that the older pictures' list is at hand before anything is fetched or written."""
    if shelf.pointer.is_file():
        fetch_listing(shelf.project, shelf.pointer, cache=cache)
    elif shelf.rows():
        folder = shelf.project.relative(shelf.folder)
        mend = f"disney contribute mend --as {shell_word(shelf.member)}"
        raise DataError(f"{folder}.dvc: not there, but its manifest has rows; run {mend}")


def _commit(shelf: Shelf, kept: Sequence[tuple[ImageRecord, str]], *, cache: DvcCache) -> None:
    """Make pictures whose bytes are in the cache the member's own."""
    old = {row.sha256: row for row in shelf.rows()}
    new = [(row, digest) for row, digest in kept if row.sha256 not in old]  # added meanwhile
    names = {row.sha256: row.file.rpartition("/")[2] for row, _ in new}
    write_json(shelf.journal, names)
    shelf.folder.mkdir(parents=True, exist_ok=True)
    ignore_folder(shelf.folder)
    for row, digest in new:
        write_bytes(shelf.project.root / row.file, cache.path(digest).read_bytes())
    listing = [{"md5": digest, "relpath": names[row.sha256]} for row, digest in new]
    extend_pointer(
        shelf.pointer, listing, cache=cache, added_bytes=sum(row.bytes for row, _ in new)
    )
    rows = sorted([*old.values(), *(row for row, _ in new)], key=lambda row: row.sha256)
    write_rows(shelf.manifest, ImageRecord, rows)
    shelf.journal.unlink()
