"""What is never collected: data/denied.csv names hashes, addresses and hosts; params, licences."""

from collections.abc import Iterable
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pipeline.catalog.licences import LicenceFilter
from pipeline.files import read_rows
from pipeline.records import Candidate, Denied, ImageRecord, Reason, Rejected


class DeniedList:
    """The rows of data/denied.csv and, while collecting, the licences that are wanted."""

    def __init__(
        self, rows: Iterable[Denied] = (), *, licences: LicenceFilter | None = None
    ) -> None:
        """Take the rows, and the filter of licences; None lets every licence through."""
        self._reasons = {row.item: row.reason for row in rows}
        self._licences = licences or LicenceFilter()

    @classmethod
    def read(cls, path: Path, *, licences: LicenceFilter | None = None) -> Self:
        """Read the file; where there is none, nothing is denied."""
        return cls(read_rows(path, Denied, missing_ok=True), licences=licences)

    def judge_candidate(self, candidate: Candidate | ImageRecord) -> Rejected | None:
        """Refuse a candidate by its address, its page, its host or a domain above, its licence."""
        items = [candidate.image_url, candidate.page_url]
        items += [host for url in items for host in domains_of(url)]
        return self._judge(items) or self._licences.judge(candidate)

    def judge_sha256(self, sha256: str) -> Rejected | None:
        """Refuse an image by its bytes."""
        return self._judge([sha256])

    def among(self, records: Iterable[ImageRecord]) -> frozenset[str]:
        """Name the images that were denied after they came in."""
        return frozenset(
            row.sha256
            for row in records
            if self.judge_sha256(row.sha256) or self.judge_candidate(row)
        )

    def _judge(self, items: Iterable[str]) -> Rejected | None:
        for item in items:
            if item and item in self._reasons:
                return Rejected(reason=Reason.DENIED, detail=self._reasons[item])
        return None


def domains_of(url: str) -> list[str]:
    """List a URL's host and the domains above it.

    >>> domains_of("https://static.pics.example/a.jpg")
    ['static.pics.example', 'pics.example', 'example']
    """
    try:
        labels = (urlsplit(url).hostname or "").split(".")
    except ValueError:  # no address at all; the client will say so
        return []
    return [".".join(labels[start:]) for start in range(len(labels))]
