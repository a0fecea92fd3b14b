"""All images in hand, ready to be searched for the one that a picture is a copy of."""

from collections.abc import Iterable

import numpy as np

from pipeline.pictures.hashes import Hashes, bits_either_way, to_bits
from pipeline.records import ImageRecord


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
