"""Answers as lines: text for people, JSON or CSV for programs, and a file that can be resumed."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, Self

from pipeline.errors import DataError, printable
from pipeline.files import csv_line, csv_rows
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
)  # in a file what it answers, then top_1, probability_1, …
AS_GIVEN = "surrogateescape"  # a name of a file that is not UTF-8 is written as it was


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an answer depends on beside the picture; one that differs here is another answer."""

    network: str  # slug
    weights: str  # their sha256
    reject_below: float  # the least probability of a character that is named, in [0, 1]


def to_text(row: Row) -> str:
    """Say it to people.

    >>> to_text(Row(file="a.txt", answer=None, error="not an image (text)"))
    'a.txt: not an image (text)'
    """
    if row.answer is None:
        return printable(f"{row.file}: {row.error}")
    heat_map = f" {row.heat_map}" if row.heat_map else ""
    return printable(f"{row.file}: {_who(row.answer)}{heat_map}")


class Printer:
    """Turns rows into lines of one format."""

    def __init__(self, kind: Format, *, top: int, asked: Asked | None = None) -> None:
        """Choose a format.

        Args:
            kind: of the lines.
            top: how many characters an answer lists.
            asked: said in each line, with the picture's sha256; None: for whoever knows.
        """
        self.kind, self._top, self._asked = kind, top, asked

    @property
    def columns(self) -> list[str]:
        """Name the columns of a table."""
        numbered = [f"{name}_{n + 1}" for n in range(self._top) for name in ("top", "probability")]
        return [*FIXED, *self._source(""), *numbered]

    @property
    def header(self) -> str:
        """The first line; "" if there is none."""
        return csv_line(self.columns) if self.kind == "csv" else ""

    def line(self, row: Row) -> str:
        """Write one row."""
        if self.kind == "csv":
            return self._csv(row)
        return self._json(row) if self.kind == "json" else to_text(row)

    def _json(self, row: Row) -> str:
        """Write one object: `file`, and either `error` or the answer."""
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
        return json.dumps(values | self._source(row.sha256), ensure_ascii=False)

    def _csv(self, row: Row) -> str:
        """Write one row of a table; what does not apply is empty."""
        cells: list[object] = [row.file, "", "", "", "", row.error]
        if row.answer:
            cells[1:3] = row.answer.character or "", row.answer.probability
            cells[3:5] = row.answer.reason, row.heat_map
        cells += self._source(row.sha256).values()
        cells += [cell for pair in (row.answer.top if row.answer else ()) for cell in pair]
        return csv_line([*cells, *[""] * (len(self.columns) - len(cells))])

    def _source(self, sha256: str) -> dict[str, object]:
        return {"sha256": sha256} | asdict(self._asked) if self._asked else {}


class Journal:
    """A file of answers that grows line by line, so a run that ends early is gone on with.

    It is appended to, never replaced; of a line that a kill cut short nothing remains. Each line
    names what it answers: of pictures of one name, and of networks, each has its own.
    """

    def __init__(self, path: Path, kind: Format, *, top: int, asked: Asked) -> None:
        """Read what is there.

        Args:
            path: the file; it need not be there.
            kind: its format, "json" or "csv".
            top: how many characters an answer lists.
            asked: whose answers are added; those of others stay, and do not count.

        Raises:
            DataError: the file holds something else; it is left as it is.
        """
        self._path, self._printer = path, Printer(kind, top=top, asked=asked)
        self._file: IO[str] | None = None
        self._done: dict[str, dict[str, bool]] = {}  # name, sha256, whether there is an answer
        data = path.read_bytes() if path.exists() else b""
        self._num_whole = _end_of_rows(data) if kind == "csv" else data.rfind(b"\n") + 1
        whole, cut = (
            part.decode("utf-8", errors=AS_GIVEN)
            for part in (data[: self._num_whole], data[self._num_whole :])
        )
        read = _read_csv if kind == "csv" else _read_json
        for values in read(whole, cut=cut, path=path, header=self._printer.header):
            if {name: values[name] for name in _ASKED} == _as_read(asked, kind):
                self._note(values["file"], values["sha256"], is_good=not values.get("error"))

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

    def knows(self, name: str, sha256_of: Callable[[str], str | None]) -> bool:
        """Tell whether there is an answer, or a reason for none, already.

        Args:
            name: of the picture, as given.
            sha256_of: hashes what has this name now, "" where nothing can be read; None says that
                the name is enough. It is called for names that were answered before.
        """
        known = self._done.get(name)
        if known is None:
            return False
        sha256 = sha256_of(name)
        return sha256 is None or sha256 in known

    def __len__(self) -> int:
        """Count the pictures, of this run and earlier ones."""
        return sum(map(len, self._done.values()))

    @property
    def num_failed(self) -> int:
        """Count the pictures without an answer, of this run and earlier ones."""
        return len(self) - sum(sum(each.values()) for each in self._done.values())

    def add(self, row: Row) -> None:
        """Append one row; it is out of this process's hands when this returns."""
        self._write(self._printer.line(row))
        self._note(row.file, row.sha256, is_good=row.answer is not None)

    def _note(self, name: str, sha256: str, *, is_good: bool) -> None:
        known = self._done.setdefault(name, {})
        known.pop("", None)  # what could not be read then is there now
        known[sha256] = is_good

    def _write(self, line: str) -> None:
        if self._file is None:
            raise ValueError("the journal is not open")
        self._file.write(f"{line}\n")
        self._file.flush()


def _end_of_rows(data: bytes) -> int:
    """Find where the last whole row of CSV ends: a line end within quotes is one of a name."""
    end = data.rfind(b"\n") + 1
    while data.count(b'"', 0, end) % 2:
        end = data.rfind(b"\n", 0, end - 1) + 1
    return end


def _read_json(
    whole: str,
    *,
    cut: str,
    path: Path,
    header: str,  # noqa: ARG001 - as below
) -> Iterator[dict[str, Any]]:
    """Give the answers that are whole; `cut` is what a kill left of one more."""
    if not whole and not cut.startswith(_JSON_START[: len(cut)]):
        raise DataError(f"{path}: {_FOREIGN}")
    for number, line in enumerate(whole.split("\n")[:-1], start=1):
        try:
            values = json.loads(line)
            yield {name: values[name] for name in ("file", *_SOURCE)} | values
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(f"{path}:{number}: {_FOREIGN}") from error


def _read_csv(whole: str, *, cut: str, path: Path, header: str) -> Iterator[dict[str, Any]]:
    """Do the same for a table, whose first line must be the header."""
    first = (whole or cut).split("\n", maxsplit=1)[0]
    if first != header and (whole or not header.startswith(cut)):
        raise DataError(f"{path}:1: columns are not {header}: {_FOREIGN}")
    if not whole:
        return
    names, *rows = csv_rows(whole, name=path)
    for cells in rows:
        if len(cells) != len(names):
            raise DataError(f"{path}: a row without all columns: {_FOREIGN}")
        yield dict(zip(names, cells, strict=True))


def _as_read(asked: Asked, kind: Format) -> dict[str, object]:
    """Give what lines of this network say, as a file of this format says it."""
    return {name: str(value) if kind == "csv" else value for name, value in asdict(asked).items()}


_ASKED = tuple(Asked.__dataclass_fields__)
_SOURCE = ("sha256", *_ASKED)
_JSON_START = '{"file": "'
_FOREIGN = "no answers of disney predict; name another file with --out"


def _who(answer: Answer) -> str:
    (best, _), *others = answer.top
    if answer.character is None:
        return f"none of these: {best}'s {answer.reason}"
    rest = ", ".join(f"{slug} {_short(probability)}" for slug, probability in others)
    return f"{best} {_short(answer.probability)}{f' ({rest})' if rest else ''}"


def _short(probability: float) -> str:
    return f"{probability:.3f}"
