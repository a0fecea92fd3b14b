"""Answers as lines: text for people, JSON or CSV for programs, and a file that can be resumed."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

from pipeline.errors import DataError, printable
from pipeline.inference.answers import Answer
from pipeline.inference.many import Row

Format = Literal["text", "json", "csv"]
FIXED = (
    "file",
    "character",
    "probability",
    "reason",
    "heat_map",
    "error",
)  # then top_1, probability_1, …
AS_GIVEN = "surrogateescape"  # a name of a file that is not UTF-8 is written as it was


def to_text(row: Row) -> str:
    """Say it to people.

    >>> to_text(Row(file="a.txt", answer=None, error="not an image (text)"))
    'a.txt: not an image (text)'
    """
    if row.answer is None:
        return printable(f"{row.file}: {row.error}")
    heat_map = f" {row.heat_map}" if row.heat_map else ""
    return printable(f"{row.file}: {_who(row.answer)}{heat_map}")


def to_json(row: Row) -> str:
    """Write one object: `file`, and either `error` or the answer.

    >>> to_json(Row(file="a.txt", answer=None, error="not an image (text)"))
    '{"file": "a.txt", "error": "not an image (text)"}'
    """
    values: dict[str, object] = {"file": row.file}
    if row.answer is None:
        values["error"] = row.error
    else:
        values["character"] = row.answer.character
        values["probability"] = row.answer.probability
        values["top"] = row.answer.top
        if row.answer.reason:
            values["reason"] = row.answer.reason
        if row.heat_map:
            values["heat_map"] = row.heat_map
    return json.dumps(values, ensure_ascii=False)


def csv_header(top: int) -> str:
    """Name the columns of answers that list `top` characters."""
    numbered = (f"{name}_{place}" for place in range(1, top + 1) for name in ("top", "probability"))
    return _csv_line([*FIXED, *numbered])


def to_csv(row: Row, *, top: int) -> str:
    """Write one row; what does not apply is empty."""
    if row.answer is None:
        cells: list[object] = [row.file, "", "", "", "", row.error]
    else:
        answer = row.answer
        cells = [row.file, answer.character or "", answer.probability]
        cells += [answer.reason, row.heat_map, ""]
        cells += [cell for pair in answer.top for cell in pair]
    return _csv_line([*cells, *[""] * (len(FIXED) + 2 * top - len(cells))])


class Printer:
    """Turns rows into lines of one format."""

    def __init__(self, kind: Format, *, top: int) -> None:
        self.kind, self.top = kind, top

    @property
    def header(self) -> str:
        """The first line; "" if there is none."""
        return csv_header(self.top) if self.kind == "csv" else ""

    def line(self, row: Row) -> str:
        """Write one row."""
        if self.kind == "csv":
            return to_csv(row, top=self.top)
        return to_json(row) if self.kind == "json" else to_text(row)


class Journal:
    """A file of answers that grows line by line, so a run that ends early is gone on with.

    It is appended to, never replaced; of a line that a kill cut short nothing remains.
    """

    def __init__(self, path: Path, printer: Printer) -> None:
        """Read what is there.

        Raises:
            DataError: the file holds something else; it is left as it is.
        """
        self._path, self._printer = path, printer
        self._file: IO[str] | None = None
        data = path.read_bytes() if path.exists() else b""
        self._num_whole = data.rfind(b"\n") + 1
        read = _read_csv if printer.kind == "csv" else _read_json
        self._done = read(data.decode("utf-8", errors=AS_GIVEN), path=path, header=printer.header)

    def __enter__(self) -> Self:
        """Open the file without an unfinished line, and begin it if it is new."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("a", encoding="utf-8", errors=AS_GIVEN, newline="")
        self._file.truncate(self._num_whole)
        if not self._num_whole and self._printer.header:
            self._write(self._printer.header)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def __contains__(self, name: object) -> bool:
        """Tell whether there is an answer, or a reason for none, already."""
        return name in self._done

    def __len__(self) -> int:
        """Count the pictures, of this run and earlier ones."""
        return len(self._done)

    @property
    def num_failed(self) -> int:
        """Count the pictures without an answer, of this run and earlier ones."""
        return sum(not is_good for is_good in self._done.values())

    def add(self, row: Row) -> None:
        """Append one row; it is out of this process's hands when this returns."""
        self._write(self._printer.line(row))
        self._done[row.file] = row.answer is not None

    def _write(self, line: str) -> None:
        if self._file is None:
            raise ValueError("the journal is not open")
        self._file.write(f"{line}\n")
        self._file.flush()


def _read_json(text: str, *, path: Path, header: str) -> dict[str, bool]:  # noqa: ARG001 - as below
    """Say of each file whether it was answered; the last line may be unfinished."""
    done = {}
    *lines, unfinished = text.split("\n")
    if not lines and not unfinished.startswith(_JSON_START[: len(unfinished)]):
        raise DataError(f"{path}: {_FOREIGN}")
    for number, line in enumerate(lines, start=1):
        try:
            values = json.loads(line)
            done[str(values["file"])] = "error" not in values
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(f"{path}:{number}: {_FOREIGN}") from error
    return done


def _read_csv(text: str, *, path: Path, header: str) -> dict[str, bool]:
    """Do the same for a table, whose first line must be the header."""
    first, *rows = text.split("\n", maxsplit=1)
    if first != header and (rows or not header.startswith(first)):
        raise DataError(f"{path}:1: columns are not {header}: {_FOREIGN}")
    whole = rows[0][: rows[0].rfind("\n") + 1] if rows else ""
    table = list(csv.reader(io.StringIO(whole, newline="")))
    if any(len(cells) != header.count(",") + 1 for cells in table):
        raise DataError(f"{path}: a row without all columns: {_FOREIGN}")
    where = FIXED.index("error")
    return {cells[0]: not cells[where] for cells in table}


_JSON_START = '{"file": "'
_FOREIGN = "no answers of disney predict; name another file with --out"


def _csv_line(cells: Iterable[object]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _who(answer: Answer) -> str:
    (best, _), *others = answer.top
    if answer.character is None:
        return f"none of these: {best}'s {answer.reason}"
    rest = ", ".join(f"{slug} {_short(probability)}" for slug, probability in others)
    return f"{best} {_short(answer.probability)}{f' ({rest})' if rest else ''}"


def _short(probability: float) -> str:
    return f"{probability:.3f}"
