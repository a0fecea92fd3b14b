r"""What was asked and what came of it: append-only, crash-safe, shared by all characters.

One line of JSON per answer in .cache/ledger.jsonl. A line is one `write` to a file opened for
appending, so several processes can write at once, and it *begins* with "\n": a line that a crash
or a full disk cut short is lost alone and never swallows the next. Each carries a digest of itself;
one that does not fit is told and blanked, and its address is asked again.

A success and a permanent failure are never asked again. A failure that may pass ("server error")
counts as one for as long as the target is reached without it, see `pipeline.collect.collector`;
`forget_transient` has it asked again whatever the target.
"""

import errno
import json
import os
import threading
from collections.abc import Container, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.files import say_damaged, sha256_of
from pipeline.records import Reason, Rejected

TRANSIENT = frozenset(
    {
        Reason.BLOCKED,
        Reason.INCOMPLETE,
        Reason.SERVER_ERROR,
        Reason.TOO_SLOW,
        Reason.UNREACHABLE,
    }
)
# These hold for as long as the rules they broke: a raised limit is a new question.
BY_RULE = frozenset({Reason.FORBIDDEN, Reason.NO_AI, Reason.TOO_MANY_BYTES, Reason.TOO_SLOW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger."""

    url: str
    status: str  # ok, permanent, transient or forgotten
    sha256: str = ""  # of an ok
    reason: str = ""  # of a failure: a `Reason`
    detail: str = ""
    rules: str = ""  # the limits that a failure by rule was judged under

    @property
    def rejected(self) -> Rejected:
        """The failure that this line holds."""
        return Rejected(reason=Reason(self.reason), detail=self.detail)


class Ledger:
    """URL -> what came of it. Threads may share it."""

    def __init__(self, path: Path, *, rules: str) -> None:
        """Read the ledger, if there is one.

        Args:
            path: the file.
            rules: the limits of this run in words; failures judged under others are forgotten.
        """
        self._path = path
        self._rules = rules
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        last = {entry.url: entry for entry in _read(path)}
        self._entries = {url: entry for url, entry in last.items() if self._holds(entry)}
        self._earlier = {url for url, e in self._entries.items() if e.status == "transient"}

    def get(self, url: str) -> Entry | None:
        """Look up what came of a URL."""
        return self._entries.get(url)

    def add_success(self, url: str, *, sha256: str) -> None:
        """Note that a URL gave these bytes."""
        self._add(Entry(url=url, status="ok", sha256=sha256))

    def add_failure(self, url: str, rejected: Rejected) -> None:
        """Note why a URL gave nothing."""
        reason = rejected.reason
        status = "transient" if reason in TRANSIENT else "permanent"
        rules = self._rules if reason in BY_RULE else ""
        self._add(Entry(url=url, status=status, reason=reason, detail=rejected.detail, rules=rules))

    def forget_earlier_transients(self) -> set[str]:
        """Forget the passing failures of earlier runs, so that they are asked again.

        Returns:
            Their URLs.
        """
        with self._lock:
            forgotten, self._earlier = self._earlier, set()
            for url in forgotten:
                self._entries.pop(url, None)
        return forgotten

    def _holds(self, entry: Entry) -> bool:
        return entry.status != "forgotten" and entry.rules in {"", self._rules}

    def _add(self, entry: Entry) -> None:
        with self._lock:
            _append(self._path, _line(entry))
            self._entries[entry.url] = entry
            self._earlier.discard(entry.url)


def forget_transient(path: Path, *, urls: Container[str] | None = None) -> list[str]:
    """Forget failures that may pass, so that the next run asks again. For `--retry-failed`.

    Nothing else is forgotten: what was fetched is not fetched again, what is gone stays gone.

    Args:
        path: the ledger, which no run must be using; it may be missing.
        urls: of these only, such as the candidates of one character; None for all.

    Returns:
        The URLs that were forgotten, in the order of the ledger.
    """
    last = {entry.url: entry for entry in _read(path)}
    failed = [url for url, entry in last.items() if entry.status == "transient"]
    forgotten = [url for url in failed if urls is None or url in urls]
    for url in forgotten:
        _append(path, _line(Entry(url=url, status="forgotten")))
    return forgotten


def fetched(path: Path) -> Iterator[tuple[str, str]]:
    """Give each address that gave bytes, and their sha256; one that changed is there twice.

    Only reads: damaged lines stay.

    Args:
        path: the ledger; it may be missing.
    """
    entries = _read(path, is_written=False)
    yield from ((each.url, each.sha256) for each in entries if each.status == "ok")


def _line(entry: Entry) -> bytes:
    values = asdict(entry)
    return ("\n" + json.dumps(values | {"check": _check(values)})).encode()


def _check(values: dict[str, str]) -> str:
    return sha256_of(json.dumps(values).encode())[:16]


def _append(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        if os.write(descriptor, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    finally:
        os.close(descriptor)


def _read(path: Path, *, is_written: bool = True) -> list[Entry]:
    """Read the lines that are whole; damaged ones are said and, unless only read, blanked."""
    if not path.exists():
        return []
    entries, damaged, end = [], [], 0
    for line in path.read_bytes().split(b"\n"):
        start, end = end, end + len(line) + 1
        try:
            entries.append(_entry(line))
        except (AttributeError, TypeError, ValueError):
            if line.strip():
                damaged.append((start, len(line)))
    if damaged:
        say_damaged(f"{path}: {len(damaged)} damaged lines; what they told of is asked again")
        if is_written:
            _blank(path, [(start, size) for start, size in damaged if start + size + 1 < end])
    return entries


def _entry(line: bytes) -> Entry:
    values = json.loads(line)
    check = values.pop("check", None)
    if check is not None and check != _check(values):  # lines of older versions have none
        raise ValueError("damaged")
    return Entry(**values)


def _blank(path: Path, lines: Iterable[tuple[int, int]]) -> None:
    """Overwrite lines with spaces; not the last one, which another process may be writing."""
    with path.open("r+b") as file:
        for start, size in lines:
            file.seek(start)
            file.write(b" " * size)
