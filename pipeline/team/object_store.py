"""DVC's objects where they are kept: in the cache of this machine, and in each remote.

Layout of DVC 3 (https://dvc.org/doc/user-guide/project-structure/internal-files): an object lies
in files/md5/<2 digits>/<the other 30>; a folder is an object ending in ".dir" that lists its files
as JSON; runs/<2>/<key>/<value> is YAML of what a stage has read and written. Remotes are asked
through DVC's own file systems, so that a folder, S3 and ssh are the same here.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import DisneyError
from pipeline.paths import Project
from pipeline.team.dvc import uses_dvc
from pipeline.team.dvc_cache import Listing

if TYPE_CHECKING:  # DVC takes half a second, and only a take-down needs it in this process
    from dvc_data.hashfile.db import HashFileDB


class StoreError(DisneyError):
    """A store cannot be read or cleared: not reachable, no right to, broken."""

    def __init__(self, message: str, *, store: "ObjectStore") -> None:
        """Say what is wrong, and with which store."""
        super().__init__(message)
        self.store = store


class ObjectStore:
    """One place of objects; every method may raise `StoreError`."""

    def __init__(self, connect: "Callable[[], HashFileDB]", *, name: str = "") -> None:
        """Name a place; it is opened on first use.

        Args:
            connect: opens it.
            name: of a remote; "" for the cache of this machine.
        """
        self._connect = connect
        self.name = name

    def digests(self) -> dict[str, str]:
        """Map the objects to their paths; ".dir" ends the digest of a folder."""
        with self._explained():
            paths = ((path, self._odb.fs.parts(path)) for path in self._find("files", "md5"))
            return {parts[-2] + parts[-1]: path for path, parts in paths}

    def runs(self) -> dict[str, bytes]:
        """Read the run-cache, by path."""
        with self._explained():
            return {path: self.read(path) for path in self._find("runs")}

    def read(self, path: str) -> bytes:
        """Read a file."""
        with self._explained():
            data: bytes = self._odb.fs.cat_file(path)
            return data

    def listing(self, path: str) -> Listing:
        """Read what a folder holds."""
        try:
            rows: Listing = json.loads(self.read(path))
        except ValueError as error:
            problem = f"{path}: broken, no list of a folder; dvc pull mends it"
            raise StoreError(problem, store=self) from error
        return rows

    def remove(self, paths: list[str]) -> None:
        """Delete files; DVC, which remembers what it has pushed, is told."""
        from dvc_data.hashfile.db import get_index  # noqa: PLC0415

        if paths:
            with self._explained():
                self._odb.fs.remove(paths)
                get_index(self._odb).clear()

    @cached_property
    def _odb(self) -> "HashFileDB":
        return self._connect()

    def _find(self, *below: str) -> list[str]:
        fs = self._odb.fs
        folder = fs.join(fs.parent(fs.parent(self._odb.path)), *below)
        return sorted(fs.find(folder)) if fs.exists(folder) else []

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except Exception as error:  # each kind of remote fails in its own way
            where = f"remote {self.name}" if self.name else "DVC's cache"
            problem = " ".join(str(error).split()) or type(error).__name__
            raise StoreError(f"{where}: {problem}", store=self) from error


def local_store(folder: Path) -> ObjectStore:
    """Name the cache of this machine; its folder need not be there."""
    return ObjectStore(partial(_open_folder, folder))


def remote_stores(project: Project) -> list[ObjectStore]:
    """Name every remote of DVC's settings, the default one or not."""
    if not uses_dvc(project):
        return []
    from dvc.config import Config  # noqa: PLC0415

    names = Config(str(project.root / ".dvc"))["remote"]
    return [ObjectStore(partial(_open_remote, project, name), name=name) for name in names]


def _open_folder(folder: Path) -> "HashFileDB":
    from dvc_data.hashfile.db import get_odb  # noqa: PLC0415
    from dvc_objects.fs.local import LocalFileSystem  # noqa: PLC0415

    path = str(folder / "files" / "md5")
    odb: HashFileDB = get_odb(LocalFileSystem(), path, hash_name="md5")
    return odb


def _open_remote(project: Project, name: str) -> "HashFileDB":
    from dvc.repo import Repo  # noqa: PLC0415

    with Repo(str(project.root)) as repo:
        odb: HashFileDB = repo.cloud.get_remote_odb(name, "forget")
    return odb
