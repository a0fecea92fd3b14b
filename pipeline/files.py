r"""Files that are whole or absent: atomic writes, and rows that are typed dataclasses.

Same input, same bytes: UTF-8, "\n" line ends, sorted keys, no time stamps.
"""

import csv
import hashlib
import io
import json
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
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)  # mkstemp makes private files; data is shared in a team
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def empty_folder(folder: Path) -> None:
    """Make a folder, or clear it of what an earlier run left there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


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
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    # Before Python 3.13 a lone carriage return is written bare, and read back as a line break.
    quoting = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        (quoting if any("\r" in str(cell) for cell in row) else writer).writerow(row)
    write_text(path, text.getvalue())


def read_csv(path: Path) -> tuple[list[str], list[list[str]]]:
    """Read a CSV file: its header and its rows, all as text.

    Raises:
        DataError: the file is missing, empty, not UTF-8, not CSV, or a row has another number of
            columns.
    """
    reader = csv.reader(io.StringIO(_read_text(path), newline=""), strict=True)
    try:
        lines = list(reader)
    except csv.Error as error:  # such as a quote that is never closed
        raise DataError(f"{path}:{reader.line_num}: not CSV ({error})") from error
    if not lines:
        raise DataError(f"{path}: empty, expected a header row")
    header, *rows = lines
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise DataError(f"{path}:{number}: {len(row)} columns, the header has {len(header)}")
    return header, rows


def write_rows(path: Path, kind: type[Row], rows: Iterable[Row]) -> None:
    """Write dataclasses as CSV, a column per field, in the order given."""
    names = column_names(kind)
    write_csv(path, names, ([_to_text(getattr(row, name)) for name in names] for row in rows))


def read_rows(path: Path, kind: type[RowT]) -> list[RowT]:
    """Read dataclasses from CSV.

    Raises:
        DataError: file, row and column that break the contract of `kind`.
    """
    header, rows = read_csv(path)
    names = column_names(kind)
    if header != names:
        raise DataError(f"{path}:1: columns are {','.join(header)}; expected {','.join(names)}")
    types = get_type_hints(kind)  # once: it is slower than parsing a row
    return [
        _parse(dict(zip(names, row, strict=True)), kind, types=types, where=f"{path}:{number}")
        for number, row in enumerate(rows, start=2)
    ]


def write_jsonl(path: Path, rows: Iterable[Row]) -> None:
    """Write dataclasses as JSON, one object a line, in the order given."""
    lines = (json.dumps(asdict(row), ensure_ascii=False) for row in rows)
    write_text(path, "".join(f"{line}\n" for line in lines))


def read_jsonl(path: Path, kind: type[RowT]) -> list[RowT]:
    """Read dataclasses from JSON lines.

    Raises:
        DataError: file and line that break the contract of `kind`.
    """
    rows = []
    for number, line in enumerate(_read_text(path).split("\n"), start=1):
        if not line:
            continue
        try:
            rows.append(kind(**json.loads(line)))
        except (TypeError, ValueError) as error:  # JSONDecodeError is a ValueError
            raise DataError(f"{path}:{number}: {error}") from error
    return rows


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


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")  # Excel writes a byte order mark
    except FileNotFoundError as error:
        raise DataError(f"{path}: not there; run the stage that writes it (dvc repro)") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 at byte {error.start}") from error


def _parse(texts: dict[str, str], kind: type[RowT], *, types: dict[str, Any], where: str) -> RowT:
    values = {}
    for name, text in texts.items():
        try:
            values[name] = _from_text(text, types[name])
        except ValueError as error:
            raise DataError(f"{where}: {name}: {error}") from error
    try:
        return kind(**values)
    except ValueError as error:  # a rule of the record itself
        raise DataError(f"{where}: {error}") from error


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
