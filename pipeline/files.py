r"""Files that are whole or absent: atomic writes, and rows that are typed dataclasses.

Caches carry a digest as well: what a disk has changed since is made anew, never used.

Same input, same bytes: UTF-8, "\n" line ends, sorted keys, no time stamps.
"""

import csv
import hashlib
import io
import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import UnionType
from typing import IO, Any, ClassVar, Protocol, TypeVar, get_args, get_type_hints

from pipeline.errors import DataError


class Row(Protocol):
    """Any frozen dataclass of `pipeline.records`."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


RowT = TypeVar("RowT", bound=Row)
_SEAL = b"\nsha256 %b\n"  # the last line of a cache: the digest of all before it
_SEAL_BYTES = len(_SEAL % bytes(64))
_log = logging.getLogger(__name__)
_SHA256 = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


@dataclass(frozen=True, slots=True)
class PixelCopy:
    """A file or folder that holds pixels of an image, and how they leave it.

    What writes such files also finds them: `pixel_copies(project, sha256s)` beside the writer, all
    of them listed in `pipeline.cli.pixel_copies`.
    """

    path: Path
    rewrite: Callable[[], None] | None = None  # without the image; None: the whole of it goes

    def remove(self) -> None:
        """Take the pixels out; the file may be gone already."""
        if self.rewrite:
            self.rewrite()
        elif self.path.is_dir() and not self.path.is_symlink():
            shutil.rmtree(self.path)
        else:
            self.path.unlink(missing_ok=True)


def names_any(data: bytes, sha256s: Collection[str]) -> bool:
    """Tell whether a text names one of these images."""
    return any(found.decode() in sha256s for found in set(_SHA256.findall(data)))


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `path`; on success it takes the place of `path` in one step.

    A crash, a kill or a full disk leaves the old file, or none, and never half of the new one.

    Raises:
        OSError: the disk is full or fails; it names `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)  # mkstemp makes private files; data is shared in a team
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)
        raise


@contextmanager
def replacing_checked(path: Path) -> Iterator[IO[bytes]]:
    """Write a cache as `replacing` does, and the digest of what was written as its last line."""
    with replacing(path) as file:
        yield file
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
        file.seek(0, os.SEEK_END)
        file.write(_SEAL % digest.encode())


def read_checked(path: Path) -> bytes | None:
    """Read what `replacing_checked` wrote, without its last line.

    Returns:
        None where it is not there, or is damaged, which is said: either way it is to be made anew.
    """
    try:
        with path.open("rb") as file:
            data = file.read(max(0, path.stat().st_size - _SEAL_BYTES))
            seal = file.read()
    except FileNotFoundError:
        return None
    if seal == _SEAL % sha256_of(data).encode():
        return data
    say_damaged(f"{path}: damaged; it is made anew")
    return None


def say_damaged(text: str) -> None:
    """Tell in a line of the log, which stages and commands show, what a cache has lost."""
    _log.warning("%s", text)


def empty_folder(folder: Path) -> None:
    """Make a folder, or clear it of what an earlier run left there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def make_private(folder: Path) -> None:
    """Let only its owner enter a folder; what others left in it while they could is removed.

    In a checkout of another account nothing is changed.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    mine = os.geteuid()
    if folder.stat().st_uid != mine or not folder.stat().st_mode & 0o077:
        return
    folder.chmod(0o700)  # first: from now on nobody adds to what is looked through
    for path in sorted(folder.rglob("*")):  # a folder before what is in it
        if os.path.lexists(path) and path.lstat().st_uid != mine:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes atomically."""
    with replacing(path) as file:
        file.write(data)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys, one item a line."""
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    write_text(path, text + "\n")


def read_json(path: Path) -> Any:
    """Read one JSON value.

    Raises:
        DataError: the file is missing or is not JSON.
    """
    try:
        return json.loads(_read_text(path))
    except json.JSONDecodeError as error:
        raise DataError(f"{path}:{error.lineno}: not JSON ({error.msg})") from error


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file with a header row."""
    write_text(path, "".join(f"{csv_line(row)}\n" for row in (header, *rows)))


def csv_line(cells: Iterable[object]) -> str:
    r"""Write one row of CSV without its line end: all CSV of this project is written here.

    >>> csv_line(["a\rb", 'c"d', None, 1.5])
    '"a\rb","c""d",,1.5'
    """
    # Python before 3.11.9 quotes a cell with a line end only for the ends of its own lines.
    line: str = csv.writer(_Given(), lineterminator="\r\n").writerow(cells)
    return line.removesuffix("\r\n")


def csv_rows(text: str, *, name: Path | str) -> Iterator[list[str]]:
    """Give the header and the rows of CSV text; `name` is what messages call it.

    Raises:
        DataError: there is no header, or it is not CSV.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        yield next(reader)
        yield from reader
    except StopIteration:
        raise DataError(f"{name}: empty, expected a header row") from None
    except csv.Error as error:  # such as a quote that is never closed
        raise DataError(f"{name}:{reader.line_num}: not CSV ({error})") from error


def read_csv(path: Path) -> tuple[list[str], list[list[str]]]:
    """Read a CSV file: its header and its rows, all as text.

    Raises:
        DataError: the file is missing, empty, not UTF-8, not CSV, or a row has another number of
            columns.
    """
    header, *rows = csv_rows(_read_text(path), name=path)
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise DataError(f"{path}:{number}: {_uneven(row, header)}")
    return header, rows


def write_rows(path: Path, kind: type[Row], rows: Iterable[Row]) -> None:
    """Write dataclasses as CSV, a column per field, in the order given."""
    names = column_names(kind)
    write_csv(path, names, ([_to_text(getattr(row, name)) for name in names] for row in rows))


def read_rows(
    path: Path,
    kind: type[RowT],
    *,
    check: Callable[[RowT], object] | None = None,
    missing_ok: bool = False,
    problems: list[str] | None = None,
) -> list[RowT]:
    """Read dataclasses from CSV.

    Args:
        path: the file.
        kind: of its rows.
        check: called with each row; a ValueError says what is wrong with it.
        missing_ok: a file that is not there has no rows.
        problems: where to say what breaks the contract: the rows that keep it are given. None
            stops at the first that breaks it.

    Raises:
        DataError: file, row and column that break the contract of `kind`.
    """
    if missing_ok and not path.is_file():
        return []
    try:
        return parse_rows(_read_text(path), kind, name=path, check=check, problems=problems)
    except DataError as error:  # of the file as a whole
        return _refuse(error, problems)


def parse_rows(
    text: str,
    kind: type[RowT],
    *,
    name: Path | str,
    check: Callable[[RowT], object] | None = None,
    problems: list[str] | None = None,
) -> list[RowT]:
    """Parse dataclasses from CSV as `read_rows` does; `name` is what messages call the text."""
    cells = csv_rows(text, name=name)
    header, names, parse = next(cells), column_names(kind), _parser(kind)
    if header != names:
        raise DataError(f"{name}:1: columns are {','.join(header)}; expected {','.join(names)}")
    rows: list[RowT] = []
    for number, row in enumerate(cells, start=2):
        try:
            found = parse(row)
            if check:
                check(found)
            rows.append(found)
        except ValueError as error:
            rows += _refuse(DataError(f"{name}:{number}: {error}"), problems)
    return rows


def write_jsonl(path: Path, rows: Iterable[Row]) -> None:
    """Write dataclasses as JSON, one object a line, in the order given."""
    lines = (json.dumps(asdict(row), ensure_ascii=False) for row in rows)
    write_text(path, "".join(f"{line}\n" for line in lines))


def read_jsonl(path: Path, kind: type[RowT], *, missing_ok: bool = False) -> list[RowT]:
    """Read dataclasses from JSON lines; with `missing_ok`, a file that is not there has none.

    Raises:
        DataError: file and line that break the contract of `kind`.
    """
    if missing_ok and not path.is_file():
        return []
    rows = []
    for number, line in enumerate(_read_text(path).split("\n"), start=1):
        if not line:
            continue
        try:
            rows.append(kind(**json.loads(line)))
        except (TypeError, ValueError) as error:  # JSONDecodeError is a ValueError
            raise DataError(f"{path}:{number}: {error}") from error
    return rows


def joined(kind: type[RowT], *sources: Row, **columns: object) -> RowT:
    """Make a row of the columns that are given, and of what the sources know of the others.

    Of several sources that have a field of a column's name, the first counts.
    """
    known: dict[str, object] = {}
    for source in reversed(sources):
        known |= {name: getattr(source, name) for name in column_names(type(source))}
    return kind(**{name: known[name] for name in column_names(kind) if name in known} | columns)


def column_names(kind: type[Row]) -> list[str]:
    """Name the columns of a record, in order."""
    return [field.name for field in fields(kind)]


def sha256_of(data: bytes) -> str:
    """Hash bytes: 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Hash a file without holding it in memory: 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Given:
    """What a csv.writer writes into: it gives each line back."""

    def write(self, line: str) -> str:
        return line


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")  # Excel writes a byte order mark
    except FileNotFoundError as error:
        raise DataError(f"{path}: not there; run the stage that writes it (dvc repro)") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 at byte {error.start}") from error


def _refuse(error: DataError, problems: list[str] | None) -> list[Any]:
    """Stop; or say it, and give nothing in place of what is wrong."""
    if problems is None:
        raise error
    problems.append(str(error))
    return []


def _parser(kind: type[RowT]) -> Callable[[list[str]], RowT]:
    """Build what turns the cells of a row into a dataclass; it raises ValueError."""
    names, types = column_names(kind), get_type_hints(kind)
    others = [(name, types[name]) for name in names if types[name] is not str]

    def parse(cells: list[str]) -> RowT:
        if len(cells) != len(names):
            raise ValueError(_uneven(cells, names))
        values: dict[str, Any] = dict(zip(names, cells, strict=True))
        for name, column in others:
            try:
                values[name] = _from_text(values[name], column)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
        return kind(**values)

    return parse


def _uneven(row: Sequence[str], header: Sequence[str]) -> str:
    return f"{len(row)} columns, the header has {len(header)}"


def _to_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _from_text(text: str, kind: Any) -> object:
    if isinstance(kind, UnionType):  # only "T | None" is used; an empty cell is None
        return None if text == "" else _from_text(text, get_args(kind)[0])
    if kind is bool:
        if text not in {"true", "false"}:
            raise ValueError(f"got {text!r}, allowed: true, false")
        return text == "true"
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"got {text!r}, expected {kind.__name__}") from None
