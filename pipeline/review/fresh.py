"""Values read from files, and read again only when one of the files has changed."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
_Stamp = tuple[tuple[str, int, int], ...]


class Fresh(Generic[T]):
    """A value that is as new as its files. Callers see to it that one thread asks at a time."""

    def __init__(self, read: Callable[[], T], *, files: Callable[[], Iterable[Path]]) -> None:
        self._read, self._files = read, files
        self._kept: tuple[_Stamp, T] | None = None

    def get(self) -> T:
        """Give the value, read anew where a file came, went or changed."""
        stamp = tuple(_stamp(path) for path in self._files())
        if self._kept is None or self._kept[0] != stamp:
            self._kept = stamp, self._read()
        return self._kept[1]


def _stamp(path: Path) -> tuple[str, int, int]:
    """Tell versions of a file apart; files are replaced, never changed in place."""
    try:
        found = path.stat()
    except OSError:
        return str(path), -1, -1
    return str(path), found.st_mtime_ns, found.st_ino
