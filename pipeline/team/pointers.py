"""Pointers: the .dvc file of a folder of contributions, changed without its images at hand.

`dvc add FOLDER` takes every image that is not on this machine for deleted, and says nothing. Here
the folder's list is changed instead: what is not named stays in it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.catalog.manifests import Manifest, list_manifests
from pipeline.errors import DataError, shell_word
from pipeline.files import replacing, write_text
from pipeline.paths import Project, visible
from pipeline.team.dvc_cache import DvcCache, Listing, sha256_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf(Manifest):
    """One member's pictures of one character, and what is said about them."""

    @property
    def folder(self) -> Path:
        """The pictures themselves, kept by DVC."""
        return self.images

    @property
    def pointer(self) -> Path:
        """What DVC keeps of the folder in git."""
        return self.folder.with_name(f"{self.character}.dvc")

    @property
    def manifest(self) -> Path:
        """A row per picture, in git."""
        return self.path

    @property
    def journal(self) -> Path:
        """What is just being added; there only while it is, or after a kill."""
        return self.project.cache / "contribute" / self.member / f"{self.character}.json"


def shelves(project: Project) -> list[Shelf]:
    """List every shelf that has a manifest or a pointer."""
    names = {(each.member, each.character) for each in list_manifests(project) if each.member}
    names |= {(path.parent.name, path.stem) for path in visible(project.contributions, "*/*.dvc")}
    return [Shelf(project=project, member=one, character=other) for one, other in sorted(names)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """What the .dvc file of a folder says."""

    digest: str  # of the folder's list, "<md5>.dir"
    num_files: int | None
    size_bytes: int | None  # None after a take-down: not known without the images

    @classmethod
    def read(cls, path: Path) -> "Pointer":
        """Read a .dvc file.

        Raises:
            DataError: it is none, of a single file, or in the middle of a merge.
        """
        return cls.parse(path.read_bytes(), name=path)

    @classmethod
    def parse(cls, content: bytes, *, name: Path | str) -> "Pointer":
        """Read what a .dvc file holds; `name` is for messages.

        Raises:
            DataError: as `read`.
        """
        out = _out(_parse(content, name), name)
        digest = str(out.get("md5", ""))
        if not digest.endswith(".dir"):
            raise DataError(f"{name}: of a file, not of a folder; contributions are folders")
        return cls(digest=digest, num_files=out.get("nfiles"), size_bytes=out.get("size"))


def write_pointer(path: Path, listing: Listing, *, cache: DvcCache, size_bytes: int | None) -> None:
    """Let a .dvc file name a folder of these files; what else it says is kept.

    Args:
        path: the .dvc file; where there is none, or half a merge, it is made as `dvc add` would.
        listing: of the folder, in any order; it goes into the cache.
        cache: of this machine.
        size_bytes: of all files together, None where it is not known.
    """
    try:
        content = _parse(path.read_bytes(), path)
        out = _out(content, path)
    except (FileNotFoundError, DataError):
        out = {"hash": "md5", "path": path.stem}
        content = {"outs": [out]}
    size = {} if size_bytes is None else {"size": size_bytes}
    changed = {"md5": cache.add_listing(listing), **size, "nfiles": len(listing)}
    rest = {key: value for key, value in out.items() if key not in {"md5", "size", "nfiles"}}
    out.clear()
    out.update(changed | rest)  # in DVC's own order
    with replacing(path) as file:
        YAML().dump(content, file)


def extend_pointer(path: Path, rows: Listing, *, cache: DvcCache, added_bytes: int) -> None:
    """Add files to the folder of a .dvc file, its older ones not being at hand.

    Raises:
        DataError: the list of the older ones is not in the cache.
    """
    if not path.is_file():
        write_pointer(path, rows, cache=cache, size_bytes=added_bytes)
        return
    old = Pointer.read(path)
    known = {str(row["relpath"]): row for row in cache.listing(old.digest)}
    new = [row for row in rows if row["relpath"] not in known]
    size = None if old.size_bytes is None else old.size_bytes + added_bytes
    write_pointer(path, [*known.values(), *new], cache=cache, size_bytes=size)


def shorten_pointer(path: Path, sha256s: Collection[str], *, cache: DvcCache) -> None:
    """Take images out of the .dvc file of a folder, without its other images at hand.

    A pointer that lists none of them is left as it is.

    Raises:
        DataError: what the folder holds is not in the cache.
    """
    if not str(_out(_parse(path.read_bytes(), path), path).get("md5", "")).endswith(".dir"):
        return  # of a single file: no folder of contributions
    listing = cache.listing(Pointer.read(path).digest)
    left = [row for row in listing if sha256_in(row) not in sha256s]
    if len(left) < len(listing):
        write_pointer(path, left, cache=cache, size_bytes=None)


def ignore_folder(folder: Path) -> bool:
    """Keep the images of a folder out of git, as `dvc add` does: a line beside the folder.

    Returns:
        Whether that line was missing.
    """
    path = folder.with_name(".gitignore")
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    is_missing = f"/{folder.name}" not in lines
    if is_missing:
        write_text(path, "".join(f"{line}\n" for line in [*lines, f"/{folder.name}"]))
    return is_missing


def _parse(content: bytes, name: Path | str) -> Any:
    try:
        return YAML().load(content)
    except YAMLError as error:
        member = shell_word(Path(name).parent.name)  # name is a path wherever it is told
        raise DataError(
            f"{name}: no .dvc file, perhaps half merged; run disney contribute mend --as {member}"
        ) from error


def _out(content: Any, name: Path | str) -> Any:
    try:
        return content["outs"][0]
    except (TypeError, KeyError, IndexError) as error:
        raise DataError(f"{name}: names no folder; git checkout brings it back") from error
