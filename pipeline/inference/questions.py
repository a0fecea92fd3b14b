"""What a user asks about: files, folders, patterns, addresses, or a list of these on stdin."""

import glob
import os.path
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ParamsError, SourceError
from pipeline.files import sha256_of
from pipeline.params import Params
from pipeline.pictures.folder import pictures_in
from pipeline.records import FORMATS, Rejected

if TYPE_CHECKING:
    from pipeline.collect.http import Client

STDIN = "-"
MAX_FILE_BYTES = 100_000_000  # a picture of 40 million px as PNG, and no film
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
_WEB = ("http://", "https://")
_NO_WEB = f"addresses begin with {' or '.join(_WEB)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One picture to look at, or why there is none."""

    name: str  # a path as given, or an address
    error: str = ""  # of a folder or pattern in which nothing was found


def find_questions(
    names: Iterable[str],
    *,
    stdin: Iterable[str] = (),
    say: Callable[[str], object] = lambda _: None,
) -> Iterator[Question]:
    """Find the pictures that names stand for, in the order given; folders in order of names.

    Args:
        names: files, folders (with all below), patterns such as `*.jpg` or `**/*.png`, addresses,
            or `-` for a list of these.
        stdin: lines of that list.
        say: told in a line what is passed over in a folder.
    """
    for name in names:
        if name == STDIN:
            lines = [line.rstrip("\r\n") for line in stdin]
            listed = [line for line in lines if line not in {"", STDIN}]
            yield from find_questions(listed, say=say)
            if not listed:
                yield Question(name=STDIN, error="no names on stdin, one a line")
        elif _SCHEME.match(name):
            yield Question(name=name, error="" if _is_web(name) else _NO_WEB)
        elif os.path.isdir(name):  # noqa: PTH112 - Path would tidy "./a" into "a"
            yield from _several(name, pictures_in(name, say=say), empty=_NO_PICTURE)
        elif glob.has_magic(name) and not Path(name).exists():
            found = sorted(each for each in glob.iglob(name, recursive=True) if _is_file(each))  # noqa: PTH207
            yield from _several(name, found, empty="no file fits this pattern")
        else:
            yield Question(name=name)


class Reader:
    """Reads the bytes of pictures, here or from the web; threads may share it."""

    def __init__(self, params: Params, *, root: Path) -> None:
        """Keep the limits of `collect`, whose client asks the web.

        It refuses private addresses, counts bytes and seconds, waits its turn with each host, and
        asks nobody without saying who asks.

        Args:
            params: limits and `contact`.
            root: of the project.
        """
        self._params, self._root = params, root
        self._client: Client | None = None  # who needs no address need not wait for its import
        self._lock = threading.Lock()

    def read(self, name: str) -> bytes | str:
        """Give the bytes, or say in a line why not.

        Args:
            name: of a `Question`.

        Raises:
            StoppedError: the reader was stopped meanwhile.
        """
        if _is_web(name):
            return self._fetch(name)
        try:
            return self._read_file(Path(name))
        except FileNotFoundError:
            return "no such file"
        except (OSError, ValueError) as error:  # a NUL in a name is a ValueError
            return getattr(error, "strerror", None) or "no name of a file"

    def sha256(self, name: str) -> str | None:
        """Hash what a file holds now, "" if it cannot be read; None for an address, asked once."""
        if _is_web(name):
            return None
        data = self.read(name)
        return sha256_of(data) if isinstance(data, bytes) else ""

    def stop(self) -> None:
        """End what is being read from the web."""
        if self._client:
            self._client.stop()

    def _fetch(self, address: str) -> bytes | str:
        try:
            answer = self._web().fetch(address)
        except (ParamsError, SourceError) as error:  # there is no contact, or none to be sent
            return str(error)
        return in_words(answer) if isinstance(answer, Rejected) else answer

    def _web(self) -> "Client":
        from pipeline.collect.sources import open_client  # noqa: PLC0415 - only where it is needed

        with self._lock:
            if self._client is None:
                self._client = open_client(self._params, root=self._root, for_addresses=True)
            return self._client

    def _read_file(self, path: Path) -> bytes | str:
        status = path.stat()
        if not path.is_file():  # a pipe would be waited for, for ever
            return "no file"
        if status.st_size > MAX_FILE_BYTES:
            return f"{status.st_size} bytes, at most {MAX_FILE_BYTES}"
        return path.read_bytes()


def in_words(rejected: Rejected) -> str:
    """Say in a line why a picture is unfit."""
    return f"{rejected.reason} ({rejected.detail})"


_NO_PICTURE = f"no picture in it ({', '.join(FORMATS)})"


def _is_web(name: str) -> bool:
    return name.lower().startswith(_WEB)


def _several(name: str, found: Iterable[str], *, empty: str) -> Iterator[Question]:
    is_empty = True
    for each in found:
        is_empty = False
        yield Question(name=each)
    if is_empty:
        yield Question(name=name, error=empty)


def _is_file(name: str) -> bool:
    return Path(name).is_file()
