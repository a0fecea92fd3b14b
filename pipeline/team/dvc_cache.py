"""DVC's cache on this machine: what it keeps of an image, and which folders list it.

Layout of DVC 3 (https://dvc.org/doc/user-guide/project-structure/internal-files): an object lies
in files/md5/<2 digits>/<the other 30>; a folder is an object ending in ".dir" that lists its files
as JSON; runs/<2>/<key>/<value> is YAML of what a stage has read and written.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.errors import DataError
from pipeline.files import write_bytes

Listing = list[dict[str, Any]]  # of a folder: md5 and relpath of each file


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What is kept of some images."""

    objects: tuple[Path, ...] = ()  # their bytes
    runs: tuple[Path, ...] = ()  # entries of the run-cache that would bring them back


class DvcCache:
    """One cache. Images are known by their sha256, as their files are named by it."""

    def __init__(self, folder: Path) -> None:
        """Look into the folder that `dvc cache dir` names; it need not be there."""
        self._objects = folder / "files" / "md5"
        self._runs = folder / "runs"

    def find(self, sha256s: Collection[str], *, files: Iterable[Path] = ()) -> Traces:
        """Find what is kept of images; packs and weights made from them are not traced.

        Args:
            sha256s: of the images.
            files: of the project, that are these images or name them; a run that read or wrote
                just these bytes is found, too.
        """
        images, folders = self._listed(sha256s)
        named = {md5_of(path.read_bytes()): path for path in files}
        images |= {digest for digest, path in named.items() if path.stem in sha256s}
        objects = (self.path(digest) for digest in sorted(images))
        return Traces(
            objects=tuple(path for path in objects if path.is_file()),
            runs=tuple(self._runs_naming(images | folders | set(named))),
        )

    def path(self, digest: str) -> Path:
        """Where an object lies: md5, with ".dir" for a folder."""
        return self._objects / digest[:2] / digest[2:]

    def listing(self, digest: str) -> Listing:
        """Read what a folder holds.

        Raises:
            DataError: it is not in this cache, or broken there.
        """
        path = self.path(digest)
        if not path.is_file():
            raise DataError(f"{path}: not in DVC's cache of this machine; dvc pull brings it")
        try:
            listing: Listing = json.loads(path.read_bytes())
        except ValueError as error:
            raise DataError(f"{path}: broken, no list of a folder; dvc pull mends it") from error
        return listing

    def has(self, digest: str, names: Collection[str]) -> bool:
        """Tell whether a folder's list is here, and those of its files; "" stands for all."""
        if not self.path(digest).is_file():
            return False
        rows = [row for row in self.listing(digest) if "" in names or row["relpath"] in names]
        return all(self.path(row["md5"]).is_file() for row in rows)

    def add_listing(self, listing: Listing) -> str:
        """Store a folder under the name that DVC gives it, and return that."""
        rows = sorted(listing, key=lambda row: str(row["relpath"]))
        data = json.dumps(rows, sort_keys=True).encode()
        digest = f"{md5_of(data)}.dir"
        self._store(digest, data)
        return digest

    def add_file(self, data: bytes) -> str:
        """Store a file under the name that DVC gives it, and return that."""
        digest = md5_of(data)
        self._store(digest, data)
        return digest

    def _store(self, digest: str, data: bytes) -> None:
        """Write what is not there; read-only, or DVC would hash it on every run."""
        path = self.path(digest)
        if not path.is_file():
            write_bytes(path, data)
            path.chmod(0o444)

    def _listed(self, sha256s: Collection[str]) -> tuple[set[str], set[str]]:
        """Find images in folders: their own md5s, and those of the folders."""
        images, folders = set(), set()
        for path in sorted(self._objects.glob("??/*.dir")):
            digest = path.parent.name + path.name
            found = {row["md5"] for row in self.listing(digest) if sha256_in(row) in sha256s}
            images |= found
            folders |= {digest} if found else set()
        return images, folders

    def _runs_naming(self, digests: Collection[str]) -> list[Path]:
        entries = sorted(path for path in self._runs.glob("*/*/*") if path.is_file())
        return [
            path for path in entries if any(each in path.read_text("utf-8") for each in digests)
        ]


def sha256_in(row: dict[str, Any]) -> str:
    """Name the image of a row of a listing: files are named by their sha256."""
    return PurePosixPath(str(row["relpath"])).stem


def md5_of(data: bytes) -> str:
    """Hash bytes as DVC does; nothing is protected by it."""
    return md5(data, usedforsecurity=False).hexdigest()
