"""All pictures that the team has, by what manifests say: no image is opened, nothing is pulled."""

from collections.abc import Iterable
from pathlib import Path
from typing import Self

import numpy as np

from pipeline.errors import DataError
from pipeline.files import read_rows
from pipeline.paths import Project
from pipeline.pictures.hashes import Hashes, bits_either_way, to_bits
from pipeline.records import ImageRecord


def manifests_of(project: Project) -> list[Path]:
    """List every manifest: of what was collected, then of what members brought."""
    own = sorted(project.raw.glob("*/manifest.csv"))
    return [*own, *sorted(project.manifests.glob("*/*.csv"))]


def readable_rows(manifest: Path) -> list[ImageRecord]:
    """Read a manifest that may be missing or broken: then it has no rows."""
    try:
        return read_rows(manifest, ImageRecord) if manifest.is_file() else []
    except DataError:
        return []


class KnownPictures:
    """Finds the picture that another one is a copy of."""

    def __init__(self, records: Iterable[ImageRecord] = ()) -> None:
        """Start with these."""
        self._records: list[ImageRecord] = []
        self._by_sha256: dict[str, ImageRecord] = {}
        self._phashes: Hashes = np.zeros(0, np.uint64)
        self.add(*records)

    @classmethod
    def read(cls, project: Project) -> Self:
        """Start with everybody's.

        Raises:
            DataError: a manifest breaks its contract.
        """
        manifests = manifests_of(project)
        return cls(row for path in manifests for row in read_rows(path, ImageRecord))

    def add(self, *records: ImageRecord) -> None:
        """Know some more."""
        self._records += records
        self._by_sha256 |= {record.sha256: record for record in records}
        new = to_bits([record.phash for record in records])
        self._phashes = np.concatenate([self._phashes, new])

    def same_bytes(self, *sha256s: str) -> ImageRecord | None:
        """Find a picture by its bytes."""
        found = (self._by_sha256.get(sha256) for sha256 in sha256s)
        return next((record for record in found if record), None)

    def nearest(self, phash: str, mirrored_phash: str) -> tuple[ImageRecord, int] | None:
        """Find the picture most like another one or its mirror image, and how many bits differ."""
        if not self._records:
            return None
        bits = bits_either_way((phash, mirrored_phash), self._phashes)
        index = int(bits.argmin())
        return self._records[index], int(bits[index])
