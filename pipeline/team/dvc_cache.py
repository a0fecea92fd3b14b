"""DVC's cache on this machine, as members' commands read and write it: lists and pictures.

The layout, and how an image leaves it and the remotes, is told in `object_store`.
"""

import json
from collections.abc import Collection
from hashlib import md5
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.errors import DataError
from pipeline.files import write_bytes

Listing = list[dict[str, Any]]  # of a folder: md5 and relpath of each file


class DvcCache:
    """One cache."""

    def __init__(self, folder: Path) -> None:
        """Look into the folder that `dvc cache dir` names; it need not be there."""
        self._objects = folder / "files" / "md5"

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


def sha256_in(row: dict[str, Any]) -> str:
    """Name the image of a row of a listing: files are named by their sha256."""
    return PurePosixPath(str(row["relpath"])).stem


def md5_of(data: bytes) -> str:
    """Hash bytes as DVC does; nothing is protected by it."""
    return md5(data, usedforsecurity=False).hexdigest()
