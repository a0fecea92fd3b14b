"""Whether a contribution can be merged: every mistake is a line with what to do about it.

From small text files alone; images are looked at where they happen to be here.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from pipeline.catalog.catalog import Catalog
from pipeline.catalog.denied import DeniedList
from pipeline.catalog.licences import LicenceFilter
from pipeline.errors import DataError, shell_word
from pipeline.files import sha256_of_file
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.pictures.claims import false_claims, false_phash
from pipeline.pictures.decode import EXTENSIONS
from pipeline.records import ImageRecord, Rejected
from pipeline.team.dvc import fetch_listing
from pipeline.team.dvc_cache import DvcCache, Listing, sha256_in
from pipeline.team.findings import Finding
from pipeline.team.pointers import Pointer, Shelf, shelves
from pipeline.team.precedence import Precedence


def check_shelves(
    project: Project,
    params: Params,
    *,
    cache: DvcCache,
    members: Iterable[str] | None = None,
    new: Iterable[str] | None = None,
    base: str = "",
) -> list[Finding]:
    """Check what members have brought as it is now.

    Args:
        project: whose manifests, pointers and reviews are read.
        params: characters and licences.
        cache: of DVC on this machine; where a list is missing, the remote is asked.
        members: only their shelves; None for everybody's.
        new: sha256 of rows that must not be anywhere else; None for all.
        base: the commit where the contribution began; "" without git.
    """
    wanted = None if members is None else set(members)
    precedence = Precedence(project, base=base)
    new = None if new is None else set(new)
    checker = _Checker(project, params, cache=cache, new=new, precedence=precedence)
    findings = [
        finding
        for shelf in shelves(project)
        if wanted is None or shelf.member in wanted
        for finding in checker.check(shelf)
    ]
    return findings + list(_review_findings(project, params))


class _Checker:
    """Checks one shelf after the other against all the others."""

    def __init__(
        self,
        project: Project,
        params: Params,
        *,
        cache: DvcCache,
        new: set[str] | None,
        precedence: Precedence,
    ) -> None:
        self._project = project
        self._params = params
        self._cache = cache
        self._new = new
        self._denied = DeniedList.read(
            project.denied, licences=LicenceFilter(params.collect.licences)
        )
        self._precedence = precedence

    def check(self, shelf: Shelf) -> Iterator[Finding]:
        manifest = self._project.relative(shelf.manifest)
        if shelf.journal.is_file():
            yield Finding(
                path=manifest,
                problem="an `add` was interrupted",
                mend=f"run {_mend(shelf)}",
            )
        if shelf.character not in self._params.characters:
            yield Finding(
                path=manifest,
                problem=f"params.yaml has no character {shelf.character!r}",
                mend="run disney characters add, or rename the file",
            )
        try:
            rows = shelf.rows()
        except DataError as error:
            yield Finding(path=manifest, problem=_less(error, shelf.manifest), mend="mend the row")
            return
        yield from self._order(shelf, rows)
        for number, row in enumerate(rows, start=2):
            yield from self._row(shelf, row, where=f"{manifest}:{number}")
        yield from self._pointer(shelf, rows)

    def _order(self, shelf: Shelf, rows: list[ImageRecord]) -> Iterator[Finding]:
        """A merge by lines leaves rows unsorted, or twice."""
        if any(one.sha256 >= other.sha256 for one, other in pairwise(rows)):
            yield Finding(
                path=self._project.relative(shelf.manifest),
                problem="rows are not sorted by sha256, each once",
                mend=f"run {_mend(shelf)}",
            )

    def _row(self, shelf: Shelf, row: ImageRecord, *, where: str) -> Iterator[Finding]:
        folder = self._project.relative(shelf.folder)
        expected = {
            "character": shelf.character,
            "member": shelf.member,
            "file": f"{folder}/{row.sha256}.{EXTENSIONS.get(row.format, '<ext>')}",
        }
        for column, value in expected.items():
            if getattr(row, column) != value:
                problem = f"{column} is {getattr(row, column)!r}"
                yield Finding(path=where, problem=problem, mend=f"must be {value!r}")
        if not row.licence:
            yield Finding(
                path=where, problem="no licence", mend="write unknown where it is not known"
            )
        refused = self._denied.judge_sha256(row.sha256) or self._denied.judge_candidate(row)
        if refused:
            yield Finding(
                path=where,
                problem=f"{refused.reason} ({refused.detail})",
                mend=f"run {_mend(shelf)}, which takes it out",
            )
        yield from self._elsewhere(shelf, row, where=where)
        yield from self._bytes(row, where=where)

    def _elsewhere(self, shelf: Shelf, row: ImageRecord, *, where: str) -> Iterator[Finding]:
        if self._new is not None and row.sha256 not in self._new:
            return
        manifest = self._project.relative(shelf.manifest)
        first = self._precedence.before(row.sha256, manifest=manifest)
        if first:
            yield Finding(
                path=where,
                problem=f"{row.sha256[:12]} is also {first.file}",
                mend=f"run {_mend(shelf)}, which takes this one out",
            )

    def _bytes(self, row: ImageRecord, *, where: str) -> Iterator[Finding]:
        path = self._project.root / row.file
        inside = path.resolve().is_relative_to(self._project.contributions.resolve())
        if not inside or not path.is_file():
            return
        if sha256_of_file(path) != row.sha256:
            yield Finding(
                path=where,
                problem=f"{row.file} has other bytes than its name says",
                mend="delete the file, then dvc pull",
            )
        elif self._new is None or row.sha256 in self._new:  # decoding takes time
            yield from self._claims(row, path, where=where)

    def _claims(self, row: ImageRecord, path: Path, *, where: str) -> Iterator[Finding]:
        """Hold what the row says against the picture."""
        wrong = dict(false_claims(row, path))
        phash = false_phash(row, path.read_bytes())
        if isinstance(phash, Rejected):
            yield Finding(
                path=where,
                problem=f"{row.file} is no picture: {phash.reason} ({phash.detail})",
                mend="delete the row and the file, then run disney contribute mend "
                f"--as {row.member}",
            )
        elif phash:
            wrong["phash"] = phash
        for column, fact in wrong.items():
            problem = f"{column} is {getattr(row, column)!r}"
            yield Finding(path=where, problem=problem, mend=f"must be {fact!r}, as in the picture")

    def _pointer(self, shelf: Shelf, rows: list[ImageRecord]) -> Iterator[Finding]:
        """Rows and the pointer's list must name the same images."""
        path = self._project.relative(shelf.pointer)
        if not shelf.pointer.is_file():
            if rows:
                yield Finding(
                    path=path,
                    problem=f"not there, but the manifest has {len(rows)} rows",
                    mend=f"run {_mend(shelf)}",
                )
            return
        try:
            pointer = Pointer.read(shelf.pointer)
            listing = fetch_listing(self._project, shelf.pointer, cache=self._cache)
        except DataError as error:
            yield _broken(error, path=path, shelf=shelf)
            return
        yield from self._listing(shelf, pointer, listing, {row.sha256 for row in rows})

    def _listing(
        self, shelf: Shelf, pointer: Pointer, listing: Listing, named: set[str]
    ) -> Iterator[Finding]:
        listed = {sha256_in(row) for row in listing}
        if listed != named:
            problem = (
                f"lists {len(listing)} images, {len(named - listed)} rows have none and "
                f"{len(listed - named)} images have no row"
            )
            mend = f"run {_mend(shelf)}, or bring the other file back from git"
        elif pointer.num_files != len(listed):
            problem = f"says nfiles {pointer.num_files}, and its list has {len(listed)}"
            mend = f"run {_mend(shelf)}"
        else:
            return
        yield Finding(path=self._project.relative(shelf.pointer), problem=problem, mend=mend)


def _mend(shelf: Shelf) -> str:
    return f"disney contribute mend --as {shell_word(shelf.member)}"


def _broken(error: DataError, *, path: str, shelf: Shelf) -> Finding:
    problem, _, mend = str(error).rpartition("; ")
    problem = problem.rpartition(f"{path}: ")[2]
    return Finding(path=path, problem=problem, mend=mend or _mend(shelf))


def _less(error: DataError, path: object) -> str:
    """Leave the path out, which the finding names already."""
    return str(error).removeprefix(str(path)).lstrip(": ")


def _review_findings(project: Project, params: Params) -> Iterator[Finding]:
    catalog = Catalog(project, characters=params.characters, strict=False)
    catalog.verdicts  # noqa: B018 - is read
    for problem in catalog.problems:
        path, _, told = problem.removeprefix(f"{project.root}/").partition(": ")
        yield Finding(path=path, problem=told, mend="mend the row")
