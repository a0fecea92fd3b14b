"""What is kept of the images that come in, one after the other, and what is said about the rest."""

from dataclasses import dataclass, field

import numpy as np

from pipeline.catalog.denied import DeniedList
from pipeline.collect.downloads import Download
from pipeline.collect.words import reasons_in_words
from pipeline.params import Collect
from pipeline.pictures.decode import decode
from pipeline.pictures.hashes import Hashes, bits_either_way, both_phashes
from pipeline.records import Candidate, Reason, Rejected, RejectedRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is known about a good image; its pixels are let go."""

    sha256: str
    bytes: int
    format: str
    width_px: int  # as stored
    height_px: int
    phash: str
    mirrored_phash: str


def examine(download: Download, *, limits: Collect) -> Found | Rejected:
    """Decode and hash a file, or say why it is unfit."""
    picture = decode(download.data, min_side_px=limits.min_side_px, max_pixels=limits.max_pixels)
    if isinstance(picture, Rejected):
        return picture
    own, mirrored = both_phashes(picture.image)
    return Found(
        sha256=download.sha256,
        bytes=len(download.data),
        format=picture.format,
        width_px=picture.width_px,
        height_px=picture.height_px,
        phash=own,
        mirrored_phash=mirrored,
    )


@dataclass(slots=True, kw_only=True)
class Collection:
    """What a walk over candidates brought."""

    character: str
    target: int  # distinct good images wanted
    kept: list[tuple[Candidate, Found]] = field(default_factory=list)  # in candidate order
    num_distinct: int = 0  # of the kept ones, those that count
    rejected: list[RejectedRow] = field(default_factory=list)  # in candidate order

    @property
    def num_missing(self) -> int:
        """How many distinct images are still wanted."""
        return self.target - self.num_distinct

    @property
    def num_examined(self) -> int:
        """How many candidates were looked at."""
        return len(self.kept) + len(self.rejected)

    def summary(self) -> str:
        """Say in one line how many of how many, what became of the rest, and what to do."""
        parts = reasons_in_words(self.rejected)
        num_near = len(self.kept) - self.num_distinct
        parts += [f"{num_near} near copies stored but not counted"] if num_near else []
        rest = ": " + ", ".join(parts) if parts else ""
        advice = "; add queries or pages" if self.num_missing else ""
        return (
            f"{self.character}: {self.num_distinct} of {self.target}; "
            f"{self.num_examined} candidates{rest}{advice}"
        )


class Shelf:
    """Decides about one image after the other and fills a `Collection`."""

    def __init__(
        self, collection: Collection, *, near_distance_bits: int, denied: DeniedList
    ) -> None:
        """Start with an empty collection."""
        self._collection = collection
        self._near_distance_bits = near_distance_bits
        self._denied = denied
        self._sha256s: set[str] = set()
        # Of the images kept, in front; there are at most twice as many as wanted.
        self._phashes: Hashes = np.zeros(2 * collection.target, np.uint64)

    def judge(self, candidate: Candidate, found: Found | Rejected) -> None:
        """Keep an image, and count it if it is like no other; or note why it is not kept."""
        is_near = isinstance(found, Found) and self._is_near(found)
        kept = found if isinstance(found, Rejected) else self._accept(found, is_near=is_near)
        if isinstance(kept, Rejected):
            row = RejectedRow(image_url=candidate.image_url, reason=kept.reason, detail=kept.detail)
            self._collection.rejected.append(row)
            return
        self._sha256s.add(kept.sha256)
        self._phashes[len(self._collection.kept)] = int(kept.phash, 16)
        self._collection.kept.append((candidate, kept))
        self._collection.num_distinct += not is_near

    def _accept(self, found: Found, *, is_near: bool) -> Found | Rejected:
        denied = self._denied.judge_sha256(found.sha256)
        if denied:
            return denied
        if found.sha256 in self._sha256s:
            return Rejected(reason=Reason.EXACT_DUPLICATE, detail=found.sha256)
        num_near = len(self._collection.kept) - self._collection.num_distinct
        if is_near and num_near >= self._collection.target:  # so at most 2 x target are stored
            return Rejected(reason=Reason.SURPLUS, detail=found.sha256)
        return found

    def _is_near(self, found: Found) -> bool:
        """Compare with all that is kept, as it is and mirrored."""
        others = self._phashes[: len(self._collection.kept)]
        bits = bits_either_way((found.phash, found.mirrored_phash), others)
        return bool((bits <= self._near_distance_bits).any())
