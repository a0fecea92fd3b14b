"""What every stage and command shares: finding the project, a progress bar, one-line errors."""

import errno
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from pipeline.errors import DisneyError, printable
from pipeline.files import make_private
from pipeline.params import Params, find_project, load_params
from pipeline.paths import Project
from pipeline.progress import Progress

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130  # by Ctrl-C, as shells count it
_MOST_PROBLEMS = 10  # lines
_FULL = (errno.ENOSPC, errno.EDQUOT)
_SITE_CACHE = re.compile(r"^\s*site_cache_dir\s*=\s*[\"']?(.*?)[\"']?\s*$", re.MULTILINE)


def run_stage(main: Callable[[Project, Params], None]) -> None:
    """Run a stage without an item: `python -m pipeline.stages.split`."""
    arguments = [each for each in sys.argv[1:] if each != "--debug"]
    if arguments:
        _usage(f"this stage takes no item, got {arguments}")
    with explaining_errors(debug="--debug" in sys.argv):
        project = _find_project()
        main(project, load_params(project))


def run_item_stage(main: Callable[[Project, Params, str], None]) -> None:
    """Run a stage for one item: `python -m pipeline.stages.collect ariel`."""
    arguments = [each for each in sys.argv[1:] if each != "--debug"]
    if len(arguments) != 1:
        _usage(f"this stage takes one item, a slug of params.yaml; got {arguments}")
    with explaining_errors(debug="--debug" in sys.argv):
        project = _find_project()
        main(project, load_params(project), arguments[0])


def run_optional_item_stage(main: Callable[[Project, Params, str | None], None]) -> None:
    """Run a stage for all items, or for one: `python -m pipeline.stages.study filter_size`."""
    arguments = [each for each in sys.argv[1:] if each != "--debug"]
    if len(arguments) > 1:
        _usage(f"this stage takes one item at most; got {arguments}")
    with explaining_errors(debug="--debug" in sys.argv):
        project = _find_project()
        main(project, load_params(project), arguments[0] if arguments else None)


def keep_site_cache_private(project: Project) -> None:
    """Let DVC keep its pickles where no other account can plant one.

    `.dvc/config` names the folder as seen from where DVC is started, and DVC would make another one
    elsewhere, open to all; so `.dvc/config.local` names its place on this disk. Another choice of
    whose clone it is stays, and the clone of another account is left alone.
    """
    local = project.root / ".dvc" / "config.local"
    if not local.parent.is_dir() or local.parent.stat().st_uid != os.geteuid():
        return
    make_private(project.dvc_site)
    ours = str(project.dvc_site)
    found = _SITE_CACHE.search(local.read_text("utf-8")) if local.is_file() else None
    if found and (found[1] == ours or Path(found[1]).name != project.dvc_site.name):
        return
    command = [sys.executable, "-m", "dvc", "config", "--local", "core.site_cache_dir", ours]
    subprocess.run(command, cwd=project.root, check=False)  # noqa: S603 - our own words


def _find_project() -> Project:
    project = find_project(Path.cwd())
    keep_site_cache_private(project)
    return project


@contextmanager
def explaining_errors(*, debug: bool) -> Iterator[None]:
    """Turn what a user or a full disk can cause into one line and exit code 1."""
    try:
        yield
    except DisneyError as error:
        if debug:
            raise
        _fail(str(error))
    except KeyboardInterrupt:
        if debug:
            raise
        print("stopped; run it again to go on", file=sys.stderr)
        raise SystemExit(EXIT_INTERRUPTED) from None
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        # What is still buffered goes nowhere, or Python would complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if debug:
            raise
        advice = "; free some space and run it again" if error.errno in _FULL else ""
        _fail(printable(f"{error.filename or 'disk'}: {error.strerror or error}{advice}"))


def warn(problems: Iterable[str]) -> None:
    """Say what is wrong in files, where a command goes on without it: a screen, at most."""
    problems = list(problems)
    for problem in problems[:_MOST_PROBLEMS]:
        print(printable(f"left out: {problem}"), file=sys.stderr)
    if problems[_MOST_PROBLEMS:]:
        print(f"left out: {len(problems) - _MOST_PROBLEMS} more", file=sys.stderr)


@contextmanager
def catching_signals() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C and SIGTERM wait for a safe moment; yields a question: was one caught?

    A second Ctrl-C is obeyed at once.
    """
    caught: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, _frame: object) -> None:
        if caught and number == signal.SIGINT:
            raise KeyboardInterrupt
        caught.append(number)

    for number in before:
        signal.signal(number, note)
    try:
        yield lambda: bool(caught)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """Draw a bar with remaining time on a terminal; stay silent in a log."""
    console = Console(stderr=True)
    with RichProgress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),  # a note may hold "[a]"
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(title, total=None, note="")

        def report(done: int, total: int, note: str = "") -> None:
            bar.update(task, completed=done, total=total, note=printable(note))

        yield report


def _fail(text: str) -> None:
    print(text, file=sys.stderr)
    raise SystemExit(EXIT_ERROR)


def _usage(text: str) -> None:
    print(f"{text}\nusage: python -m pipeline.stages.<stage> [item] [--debug]", file=sys.stderr)
    raise SystemExit(EXIT_USAGE)
