"""What DVC keeps of images: their bytes, packs and pages that show them, runs that name them.

Three things say so. A folder's list names images by their sha256; a pack's rows.csv does; and of
all that stages have drawn, the record of the run tells what it was made from: an entry of the
run-cache, or dvc.lock in any commit that this clone knows. Bytes that were also drawn where no
table named the image cannot show it, and stay.

Lists of images stay, though they name this one. They hold no pixel, and are the only way from a
branch's pointer to all its other pictures. Those of packs and figures go with what they have lost.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.dataset.pack import IMAGES, ROWS
from pipeline.files import names_any, sha256_of, sha256_of_file
from pipeline.paths import Project
from pipeline.pictures.embedded import may_show_pictures
from pipeline.records import SHA256
from pipeline.team.dvc_cache import Listing, md5_of, sha256_in
from pipeline.team.git import commits_of_all_branches, content_at, is_named_at
from pipeline.team.object_store import ObjectStore

_LOCK = "dvc.lock"
_ALL_IMAGES = "data/interim/groups.csv"
_TABLES = ("data/raw", "data/manifests", "data/interim", "data/processed")  # not data/denied.csv
_MADE = ("data/interim/", "data/processed/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What goes from one store."""

    store: ObjectStore
    objects: tuple[str, ...]
    runs: tuple[str, ...]  # entries of the run-cache that would bring it back

    @property
    def paths(self) -> list[str]:
        """List all that goes, in the order in which it goes."""
        return [*self.runs, *self.objects]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a stage has read and written: paths and digests."""

    deps: tuple[tuple[str, str], ...]
    outs: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, stage: Any) -> "Run":
        """Read a stage of dvc.lock, or an entry of the run-cache; what is neither has no part."""
        stage = stage if isinstance(stage, dict) else {}
        return cls(deps=_digests(stage.get("deps")), outs=_digests(stage.get("outs")))


def names_in_tables(project: Project, sha256s: Collection[str]) -> dict[str, bool]:
    """Tell of each table of the project, by md5, whether it names one of these images."""
    paths = (path for name in _TABLES for path in (project.root / name).rglob("*.csv"))
    return {md5_of(data): names_any(data, sha256s) for data in map(Path.read_bytes, paths)}


def find_traces(
    project: Project,
    stores: Iterable[ObjectStore],
    sha256s: Collection[str],
    *,
    files: Iterable[Path] = (),
) -> list[Traces]:
    """Find what goes from each store, weights and tables left out, which show nobody.

    Args:
        project: whose commits tell what was made from what.
        stores: the cache of this machine, then the remotes.
        sha256s: of the images.
        files: these images, as far as they are in hand.

    Raises:
        StoreError: one of the stores cannot be read.
    """
    if not sha256s:
        return []
    in_hand = {md5_of(path.read_bytes()) for path in files}
    search = _Search(stores, sha256s, in_hand, names_in_tables(project, sha256s))
    runs = {path: Run.read(_yaml(data)) for path, data in search.runs.items()}
    touched = {path for path, run in runs.items() if search.touches(run)}
    judged = [(run, path in touched) for path, run in runs.items()]
    drawn: dict[bool, set[str]] = {True: set(), False: set()}
    for run, is_touched in (*judged, *_locked(project, sha256s)):
        drawn[is_touched].update(search.shown(run))
    made = search.packs | (drawn[True] - drawn[False])
    gone = search.images | made | search.folders_of(made)
    return list(search.of_each_store(gone, touched))


class _Search:
    """What all stores hold, read once; of what several hold, the first is asked: the cache."""

    def __init__(
        self,
        stores: Iterable[ObjectStore],
        sha256s: Collection[str],
        in_hand: set[str],
        names: dict[str, bool],
    ) -> None:
        self._stores, self._sha256s, self._in_hand = list(stores), sha256s, in_hand
        self._objects = [store.digests() for store in self._stores]
        self._runs = [store.runs() for store in self._stores]
        self._names = names  # of a table, whether it names an image

    @property
    def runs(self) -> dict[str, bytes]:
        """Give the entries of all run-caches, by path."""
        return {path: data for runs in self._runs for path, data in runs.items()}

    @cached_property
    def _lists(self) -> dict[str, Listing]:
        digests = {each for objects in self._objects for each in objects if each.endswith(".dir")}
        places = {digest: self._place(digest) for digest in sorted(digests)}
        return {digest: store.listing(path) for digest, (store, path) in places.items()}

    @cached_property
    def images(self) -> set[str]:
        """Name the objects that are the images: a list comes from others, and may call them so."""
        listed = {
            str(row["md5"])
            for rows in self._lists.values()
            for row in rows
            if sha256_in(row) in self._sha256s
        }
        named = listed | self._in_hand
        return {each for each in named if self._is_image(each)} | set(self._unlisted(listed))

    def _is_image(self, digest: str) -> bool:
        """Tell whether an object is what it is called, or broken and nobody's any more."""
        data = self._read(digest) if self._is_held(digest) else b""
        return sha256_of(data) in self._sha256s or md5_of(data) != digest

    def _unlisted(self, listed: set[str]) -> Iterator[str]:
        """Find images that no list of the cache names: a killed `contribute add` leaves some."""
        rest = {str(row["md5"]) for rows in self._lists.values() for row in rows} - listed
        for digest, path in self._objects[0].items():
            if digest not in rest and sha256_of_file(Path(path)) in self._sha256s:
                yield digest

    @cached_property
    def packs(self) -> set[str]:
        """Name the arrays of packs whose rows name an image; one whose rows are lost might."""
        found = set()
        for rows in self._lists.values():
            files = {str(row["relpath"]): str(row["md5"]) for row in rows}
            if IMAGES in files and ROWS in files and self._may_name(files[ROWS]):
                found.add(files[IMAGES])
        return found

    @cached_property
    def _holding(self) -> set[str]:
        return self.folders_of(self.images | self.packs)

    def folders_of(self, files: Collection[str]) -> set[str]:
        """Name the lists of folders with these files; DVC takes a listed file for pushed."""
        return {
            digest
            for digest, rows in self._lists.items()
            if any(str(row["md5"]) in files for row in rows)
        }

    def touches(self, run: Run) -> bool:
        """Tell whether a run has read or written an image, a folder with it, or a table of it."""
        return any(self._concerns(*each) for each in (*run.deps, *run.outs))

    def shown(self, run: Run) -> Iterator[str]:
        """Name the objects that a run has drawn; folders that say whose pictures they hold do."""
        for path, digest in run.outs:
            rows = self._lists.get(digest, [])
            if not digest.endswith(".dir"):
                rows = [{"relpath": path, "md5": digest}]
            names = [str(row["relpath"]) for row in rows]
            if ROWS not in names and not any(SHA256.match(PurePosixPath(n).stem) for n in names):
                yield from (str(row["md5"]) for row in rows if self._may_show(row))

    def of_each_store(self, gone: set[str], touched: set[str]) -> Iterator[Traces]:
        """Share out what goes."""
        for store, objects, runs in zip(self._stores, self._objects, self._runs, strict=True):
            yield Traces(
                store=store,
                objects=tuple(objects[each] for each in sorted(gone & objects.keys())),
                runs=tuple(sorted(touched & runs.keys())),
            )

    def _concerns(self, path: str, digest: str) -> bool:
        if digest.endswith(".dir"):
            return digest in self._holding
        is_known = digest in self._names or self._is_held(digest) or path.startswith(_MADE)
        return digest in self.images or (
            path.endswith(".csv") and is_known and self._may_name(digest)
        )

    def _may_name(self, digest: str) -> bool:
        """Tell whether a table names an image; one that is nowhere might."""
        if digest not in self._names:
            is_held = self._is_held(digest)
            self._names[digest] = not is_held or names_any(self._read(digest), self._sha256s)
        return self._names[digest]

    def _may_show(self, row: Mapping[str, Any]) -> bool:
        digest = str(row["md5"])
        name = str(row["relpath"])
        return self._is_held(digest) and may_show_pictures(name, read=lambda: self._read(digest))

    def _is_held(self, digest: str) -> bool:
        return any(digest in objects for objects in self._objects)

    def _read(self, digest: str) -> bytes:
        store, path = self._place(digest)
        return store.read(path)

    def _place(self, digest: str) -> tuple[ObjectStore, str]:
        places = zip(self._stores, self._objects, strict=True)
        return next((store, held[digest]) for store, held in places if digest in held)


def _locked(project: Project, sha256s: Collection[str]) -> Iterator[tuple[Run, bool]]:
    """Read dvc.lock as it is and in every commit; tells whether the images were there then.

    A commit that lacks the table of all images does not say, so they might have been.
    """
    path, table = project.root / _LOCK, project.root / _ALL_IMAGES
    if path.is_file():
        is_named = not table.is_file() or any(names_in_tables(project, sha256s).values())
        yield from ((run, is_named) for run in _runs_of(path.read_bytes()))
    for commit in commits_of_all_branches(project, _LOCK):
        is_named = content_at(project, commit, _ALL_IMAGES) is None
        is_named = is_named or is_named_at(project, commit, sorted(sha256s), folders=_TABLES)
        lock = content_at(project, commit, _LOCK) or b""
        yield from ((run, is_named) for run in _runs_of(lock))


def _runs_of(lock: bytes) -> Iterator[Run]:
    content = _yaml(lock)
    stages = content.get("stages") if isinstance(content, dict) else None
    yield from map(Run.read, (stages or {}).values())


def _digests(rows: Any) -> tuple[tuple[str, str], ...]:
    named = (row for row in rows or [] if isinstance(row, dict) and "md5" in row)
    return tuple((str(row.get("path", "")), str(row["md5"])) for row in named)


def _yaml(data: bytes) -> Any:
    try:
        return YAML(typ="safe").load(data)
    except YAMLError:  # half written, or half merged: DVC cannot use it either
        return None
