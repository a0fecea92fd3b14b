"""Run the cells of studies: each once, two at a time, and never again.

A cell is a call of a pure function that another process can make. What it gives is kept in
cells/<hash of code, arguments, seed, pictures, versions>.json beside the pictures, so a run that
was interrupted goes on, and what two studies ask for is computed once. Each process has one thread:
tiny networks gain nothing from two, and the answers do not depend on how many cores there are.
"""

import ast
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

import pipeline
from pipeline.errors import DisneyError, ModelError
from pipeline.files import read_checked, replacing_checked, sha256_of
from pipeline.paths import visible
from pipeline.progress import Progress, silent
from pipeline.studies.parts.data import StudyData

if TYPE_CHECKING:  # torch takes seconds, and a repeated run needs none of it
    from pipeline.training.runtime import Runtime

_PACKAGE = Path(str(pipeline.__file__)).parent
_ROOM = "pipeline/studies/parts"
# Files of this folder that say and draw what was measured, but measure nothing.
_SPEAKING = {
    f"{_ROOM}/{name}.py" for name in ("figure", "result", "setup", "study", "table", "verdict")
}
_LIBRARIES = ("torch", "timm", "numpy", "scikit-learn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a cell gives; JSON can hold it."""

    values: Mapping[str, Any]  # the same each time: numbers, texts, lists of numbers
    timing: Mapping[str, float]  # seconds, bytes: not the same twice


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What every cell finds: pictures, finished trainings, and what it runs on."""

    data: StudyData
    runs: Path  # of trainings
    root: Path  # of the project
    runtime: "Runtime"


CellFunction = Callable[..., Measured]  # (bench, *, seed, **arguments), at the top of a module


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One run of a study."""

    settings: Mapping[str, str | int | float | bool]  # columns of runs.csv: what varies
    seed: int
    function: CellFunction
    arguments: Mapping[str, Any]  # sections of params, dataclasses, plain values

    def compute(self, bench: Bench) -> Measured:
        """Make the call."""
        return self.function(bench, seed=self.seed, **self.arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A cell that could not be run, such as one whose loss was not a number."""

    why: str


Outcome = Measured | Failed


def grid(
    seeds: Sequence[int], **axes: Sequence[str | int | float | bool]
) -> Iterator[tuple[dict[str, Any], int]]:
    """Give every combination of settings with every seed.

    >>> list(grid([1], kernel_size=[3, 5]))
    [({'kernel_size': 3}, 1), ({'kernel_size': 5}, 1)]
    """
    settings: list[dict[str, Any]] = [{}]
    for name, values in axes.items():
        settings = [each | {name: value} for each in settings for value in values]
    yield from ((each, seed) for each in settings for seed in seeds)


def run_cells(
    cells: Sequence[Cell], *, bench: Bench, workers: int, progress: Progress = silent
) -> list[Outcome]:
    """Run cells, or find what they gave before.

    Args:
        cells: in any number; equal ones are run once.
        bench: where.
        workers: processes; 1 is this one, which a GPU needs.
        progress: called after each cell.

    Returns:
        What each cell gave, in their order.

    Raises:
        ModelError: the system killed one of the processes.
    """
    paths = [_path(cell, bench) for cell in cells]
    outcomes: dict[Path, Outcome] = {
        path: found for path in dict.fromkeys(paths) if (found := _read(path))
    }
    todo = {path: cell for path, cell in zip(paths, cells, strict=True) if path not in outcomes}
    progress(0, len(todo))
    for done, (path, outcome) in enumerate(_run_all(todo, bench=bench, workers=workers), start=1):
        outcomes[path] = outcome
        progress(done, len(todo), todo[path].function.__module__.rpartition(".")[2])
    return [outcomes[path] for path in paths]


def _run_all(
    todo: Mapping[Path, Cell], *, bench: Bench, workers: int
) -> Iterator[tuple[Path, Outcome]]:
    """Run cells and keep what they give; tells of each, as it is done, what came of it."""
    workers = min(workers, len(todo))
    if workers <= 1:
        yield from ((path, _run(cell, path, bench)) for path, cell in todo.items())
        return
    # Not fork: torch's threads do not survive it.
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_end_with_parent)
    try:
        futures = {pool.submit(_run, cell, path, bench): path for path, cell in todo.items()}
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenProcessPool as error:
        raise ModelError(
            "studies: a process was killed; is there memory enough? What is done is kept: run it "
            "again"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _run(cell: Cell, path: Path, bench: Bench) -> Outcome:
    try:
        with bench.runtime.applied():
            measured = cell.compute(bench)
    except DisneyError as error:
        return Failed(why=str(error))
    kept = {"values": dict(measured.values), "timing": dict(measured.timing)}
    data = json.dumps(kept, sort_keys=True, allow_nan=False).encode()
    with replacing_checked(path) as file:
        file.write(data)
    return Measured(**json.loads(data))  # as it will be found again


def _end_with_parent() -> None:
    """Let this process end when the one that started it is killed, or it would wait for ever.

    And at once on Ctrl-C, which reaches both: there is nothing to save, and no trace to print.
    """
    signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(1))

    def watch() -> None:
        cast("Any", parent_process()).join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _read(path: Path) -> Measured | None:
    data = read_checked(path)
    return None if data is None else Measured(**json.loads(data))


def _path(cell: Cell, bench: Bench) -> Path:
    runtime = bench.runtime
    identity = [
        cell.function.__qualname__,
        _plain(cell.arguments),
        cell.seed,
        bench.data.sha256,
        [runtime.device, runtime.threads, runtime.precision],
        [version(name) for name in _LIBRARIES],
        _code_sha256(Path(str(sys.modules[cell.function.__module__].__file__))),
    ]
    digest = sha256_of(json.dumps(identity, sort_keys=True).encode())
    return bench.data.folder / "cells" / f"{digest[:32]}.json"


def _plain(value: Any) -> Any:
    """Write arguments as JSON can."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value


@cache
def _code_sha256(file: Path) -> str:
    """Hash a file and all files of this package that it can load."""
    found, todo = set(), {file}
    while todo:
        path = todo.pop()
        found.add(path)
        todo |= _imported(path) - found
    return sha256_of(b"".join(path.read_bytes() for path in sorted(found)))


@cache
def _imported(path: Path) -> frozenset[Path]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return frozenset(_measuring(names))


def _measuring(names: Iterable[str]) -> Iterator[Path]:
    """Find the files of first-party modules, but not of those that only speak."""
    for name in names:
        if name == "pipeline.networks":  # architectures are found by name, where no import tells
            yield from visible(_PACKAGE / "networks", "*.py")
        base = _PACKAGE.parent.joinpath(*name.split("."))
        for file in (base.with_suffix(".py"), base / "__init__.py"):
            is_ours = name.startswith("pipeline.") and file.is_file()
            if is_ours and file.relative_to(_PACKAGE.parent).as_posix() not in _SPEAKING:
                yield file
