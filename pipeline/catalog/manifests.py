"""Manifests: a row for every image in hand, collected or brought by a member.

A manifest comes from other people's branches. What its rows say is checked against the place of the
manifest itself before a path is made of it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from pipeline.errors import DataError
from pipeline.files import read_rows, sha256_of_file
from pipeline.paths import Project, visible
from pipeline.pictures.claims import false_claims
from pipeline.pictures.hashes import Hashes, bits_either_way, to_bits
from pipeline.progress import Progress, silent
from pipeline.records import ImageRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One manifest: what was collected of a character, or what one member brought of it."""

    project: Project
    character: str
    member: str = ""  # who brought the images; "" for what was collected

    @property
    def path(self) -> Path:
        """The file."""
        if self.member:
            return self.project.manifests / self.member / f"{self.character}.csv"
        return self.project.raw_manifest(self.character)

    @property
    def images(self) -> Path:
        """The folder of its images, by its own place: a row could name any file of the disk."""
        if self.member:
            return self.project.contributions / self.member / self.character
        return self.project.raw_images(self.character)

    @property
    def remedy(self) -> str:
        """What brings an image back that is missing."""
        if self.member:
            return f"run dvc pull {self.project.relative(self.images)}.dvc"
        return f"run dvc repro collect@{self.character}"

    @property
    def foreign(self) -> str:
        """What to do about a manifest of a character that is not in params.yaml."""
        if self.member:
            return (
                f"{self.path}: params.yaml has no character {self.character!r}; add it there or "
                "delete this manifest"
            )
        return (
            f"{self.path.parent}: params.yaml has no character {self.character!r}; delete this "
            "folder (DVC would go on hashing it), or add the character again"
        )

    def rows(self, *, problems: list[str] | None = None) -> list[ImageRecord]:
        """Read the rows, whatever they say of files; a manifest that is not there has none.

        Raises:
            DataError: a row breaks the contract of `ImageRecord`, unless there are `problems`.
        """
        return read_rows(self.path, ImageRecord, missing_ok=True, problems=problems)

    def checked_rows(
        self, *, missing_ok: bool = False, problems: list[str] | None = None
    ) -> list[ImageRecord]:
        """Read the rows that name an image of this character in this folder, each once.

        Raises:
            DataError: a row that does not, or no manifest, unless there are `problems`.
        """
        return read_rows(
            self.path,
            ImageRecord,
            check=self._check(),
            missing_ok=missing_ok,
            problems=problems,
        )

    def _check(self) -> Callable[[ImageRecord], None]:
        folder, seen = PurePosixPath(self.project.relative(self.images)), set[str]()

        def check(row: ImageRecord) -> None:
            file = PurePosixPath(row.file)
            if row.character != self.character:
                raise ValueError(
                    f"character {row.character!r}; this manifest is of {self.character!r}"
                )
            if (file.parent, file.stem) != (folder, row.sha256):
                raise ValueError(f"file {row.file!r}; must be {folder}/{row.sha256}.<ext>")
            if row.sha256 in seen:
                raise ValueError(f"sha256 {row.sha256} is listed twice; delete one of the rows")
            seen.add(row.sha256)

        return check


def list_manifests(project: Project, characters: Iterable[str] = ()) -> list[Manifest]:
    """List every manifest: of what was collected, by character, then of what members brought.

    Args:
        project: whose folders are looked at.
        characters: that have a manifest in any case, there or not.
    """
    collected = {path.name for path in visible(project.raw, "*") if path.is_dir()} | set(characters)
    brought = visible(project.manifests, "*/*.csv")
    return [
        *(Manifest(project=project, character=slug) for slug in sorted(collected)),
        *(Manifest(project=project, character=p.stem, member=p.parent.name) for p in brought),
    ]


def check_files(
    rows_of: Mapping[Manifest, Sequence[ImageRecord]], *, progress: Progress = silent
) -> None:
    """Check that every row has its file with these very bytes, and says what the picture is.

    Going on with fewer images would look like a result.

    Args:
        rows_of: all the rows of each manifest, checked.
        progress: called after each file.

    Raises:
        DataError: a file is missing or has other bytes, or a row is wrong, and what to do.
    """
    done, total = 0, sum(map(len, rows_of.values()))
    for manifest, rows in rows_of.items():
        for number, row in enumerate(rows, start=2):
            _check_file(manifest, row, where=f"{manifest.path}:{number}")
            done += 1
            progress(done, total)


def _check_file(manifest: Manifest, row: ImageRecord, *, where: str) -> None:
    path = manifest.project.root / row.file
    if not path.is_file():
        raise DataError(f"{manifest.path}: {row.file} is not there; {manifest.remedy}")
    if sha256_of_file(path) != row.sha256:
        raise DataError(
            f"{manifest.path}: {row.file} has other bytes than its name says; delete the file, "
            f"then {manifest.remedy}"
        )
    for column, fact in false_claims(row, path):
        raise DataError(
            f"{where}: {column} is {getattr(row, column)!r}; must be {fact!r}, as in the picture"
        )


class ManifestIndex:
    """Finds the image in hand that a picture is a copy of."""

    def __init__(self, records: Iterable[ImageRecord] = ()) -> None:
        """Start with these."""
        self._records: list[ImageRecord] = []
        self._by_sha256: dict[str, ImageRecord] = {}
        self._phashes: Hashes = np.zeros(0, np.uint64)
        self.add(*records)

    def add(self, *records: ImageRecord) -> None:
        """Know some more."""
        self._records += records
        self._by_sha256 |= {record.sha256: record for record in records}
        new = to_bits([record.phash for record in records])
        self._phashes = np.concatenate([self._phashes, new])

    def same_bytes(self, *sha256s: str) -> ImageRecord | None:
        """Find an image by its bytes."""
        found = (self._by_sha256.get(sha256) for sha256 in sha256s)
        return next((record for record in found if record), None)

    def nearest(self, phash: str, mirrored_phash: str) -> tuple[ImageRecord, int] | None:
        """Find the image most like a picture or its mirror image, and how many bits differ."""
        if not self._records:
            return None
        bits = bits_either_way((phash, mirrored_phash), self._phashes)
        index = int(bits.argmin())
        return self._records[index], int(bits[index])
