"""Every file fetched once: a cache by content, outside the outputs that DVC deletes at will.

.cache/downloads/<first two digits>/<sha256> is written under another name and then renamed, so a
file under its final name is whole. It is not forced to the disk (that costs more than fetching
it); instead its hash is checked when it is read, and after a power cut it is fetched again.
"""

import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from pipeline.collect.http import Client, Judge
from pipeline.collect.lanes import Lane
from pipeline.collect.ledger import Ledger
from pipeline.collect.sources import folder
from pipeline.collect.whole import write_whole
from pipeline.files import PixelCopy, say_damaged, sha256_of
from pipeline.params import Collect
from pipeline.paths import Project
from pipeline.records import Reason, Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One file in hand."""

    sha256: str
    data: bytes


class Downloads:
    """URL -> bytes or a reason, from the cache where it can be, else through the client."""

    def __init__(
        self, project: Project, *, character: str, client: Client, limits: Collect
    ) -> None:
        """Open the cache and the ledger of a project.

        Args:
            project: whose `.cache/` it is; other characters may use it at the same time.
            character: whose half-written files, left by a kill, are cleared away.
            client: asks for what is not there yet.
            limits: what a file may weigh, cached or not.
        """
        self._client = client
        self._limits = limits
        self._folder = project.downloads
        self._parts = project.parts / character
        self._ledger = Ledger(project.ledger, rules=_rules(limits))
        self._numbers = count()  # of half-written files
        self._made: set[Path] = set()  # folders of the cache
        shutil.rmtree(self._parts, ignore_errors=True)
        self._parts.mkdir(parents=True)
        self._folder.mkdir(exist_ok=True)

    def obtain(
        self, url: str, *, judge: Judge | None = None, obeys_robots: bool = False
    ) -> Download | Rejected:
        """Give a file's bytes, or say why not; both are remembered. Threads may call it.

        Args:
            url: where it lies.
            judge: looks at each address on the way to it; what is in the cache has passed.
            obeys_robots: leave out what robots.txt disallows.

        Raises:
            StoppedError: the client was stopped meanwhile; nothing is remembered.
            OSError: the disk is full, or another fault of this machine.
        """
        known = self._recall(url)
        if known is not None:
            return known
        data = self._client.fetch(url, judge=judge, obeys_robots=obeys_robots)
        if isinstance(data, Rejected):
            if not _changes(url):
                self._ledger.add_failure(url, data)
            return data
        download = Download(sha256=sha256_of(data), data=data)
        self._store(download)
        if not _changes(url):
            self._ledger.add_success(url, sha256=download.sha256)
        return download

    def is_at_hand(self, url: str) -> bool:
        """Tell whether `obtain` needs no request for this URL."""
        entry = self._ledger.get(url)
        if entry is None:
            return _changes(url)
        return entry.status != "ok" or self.path(entry.sha256).is_file()

    def lane(self, url: str) -> Lane | None:
        """Tell which site `obtain` would ask, and how many files at once that allows."""
        return None if self.is_at_hand(url) else self._client.lane(url)

    def hosts(self) -> list[str]:
        """Name the hosts that are being asked at this moment."""
        return self._client.hosts()

    def path(self, sha256: str) -> Path:
        """Where the bytes of a download lie."""
        return _path(self._folder, sha256)

    def ask_again(self) -> set[str]:
        """Forget the passing failures of earlier runs; return their URLs."""
        return self._ledger.forget_earlier_transients()

    def stop(self) -> None:
        """Stop the client: threads in `obtain` return at once with `StoppedError`."""
        self._client.stop()

    def _recall(self, url: str) -> Download | Rejected | None:
        entry = self._ledger.get(url)
        if entry is None:
            return None
        if entry.status != "ok":
            return entry.rejected
        try:
            data = self.path(entry.sha256).read_bytes()
        except FileNotFoundError:
            return None
        if sha256_of(data) != entry.sha256:
            say_damaged(f"{self.path(entry.sha256)}: damaged; it is fetched again")
            return None
        if len(data) > self._limits.max_file_bytes:  # fetched when the limit was higher
            detail = f"more than {self._limits.max_file_bytes} bytes"
            return Rejected(reason=Reason.TOO_MANY_BYTES, detail=detail)
        return Download(sha256=entry.sha256, data=data)

    def _store(self, download: Download) -> None:
        path = self.path(download.sha256)
        part = self._parts / f"{next(self._numbers)}.part"
        if path.parent not in self._made:
            path.parent.mkdir(exist_ok=True)
            self._made.add(path.parent)
        write_whole(download.data, path, part=part)


def pixel_copies(project: Project, sha256s: Collection[str]) -> Iterator[PixelCopy]:
    """Find downloads of images, and what a killed run left half-written: nobody knows whose."""
    paths = (_path(project.downloads, sha256) for sha256 in sorted(sha256s))
    for path in (*paths, *sorted(project.parts.glob("*/*"))):
        if path.is_file():
            yield PixelCopy(path)


def _path(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256


def _changes(url: str) -> bool:
    """Tell files that their owner can change at any time, and that cost nothing to read again."""
    return url.startswith(folder.PREFIX)


def _rules(limits: Collect) -> str:
    hosts = ",".join(sorted(limits.allow_hosts))
    noai = "respected" if limits.respect_noai else "not respected"
    return (
        f"{limits.max_file_bytes} bytes, {limits.deadline_s:g} s, "
        f"{limits.min_bytes_per_s} bytes/s, noai {noai}, allowed: {hosts}"
    )
