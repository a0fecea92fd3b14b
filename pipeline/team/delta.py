"""What a branch changes in the funnel: counted as it is now and as a commit has it, from git alone.

So a pull request can say what it brings where no image is at hand and no stage has run.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.catalog.catalog import Catalog
from pipeline.errors import DataError, DisneyError
from pipeline.files import write_bytes
from pipeline.params import Params, load_params
from pipeline.paths import PARAMS_FILE, Project
from pipeline.team.git import base_of, content_at, is_repository, names_at
from pipeline.team.progress import FunnelRow, funnel

COUNTS = ("target", "candidates", "collected", "contributed", "kept", "rejected", "missing")
_COUNTED = (".csv", ".jsonl")  # what the funnel is counted from


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """How far one character has come."""

    now: FunnelRow
    change: Mapping[str, int]  # of `COUNTS`, only those that differ: how many more


def deltas(catalog: Catalog, params: Params, *, ref: str) -> list[Delta]:
    """Count each character's images, and how many more they are than where a branch began.

    Args:
        catalog: of a project in git; what is not committed counts as well. Its problems gain those
            of then.
        params: its settings as they are now.
        ref: the branch it goes into; compared is the commit that both have in common.

    Raises:
        DataError: there is no such branch, or params.yaml was broken then.
    """
    project = catalog.project
    if not is_repository(project):
        raise DataError("git: no repository here, so there is nothing to compare with")
    commit = base_of(project, ref)
    with _as_of(project, commit) as past:
        try:
            before, problems = _funnel_of(past)
        except DisneyError as error:
            raise DataError(f"{ref}, as it was at {commit[:12]}: {error}") from error
    catalog.problems += [f"{ref}, as it was at {commit[:12]}: {each}" for each in problems]
    then = {row.character: row for row in before}
    return [
        Delta(now=row, change=_difference(then.get(row.character), row))
        for row in funnel(catalog, params)
    ]


def _funnel_of(past: Project) -> tuple[list[FunnelRow], list[str]]:
    """Count what there was, and tell what was wrong with it."""
    if not past.params.is_file():
        return [], []
    params = load_params(past)
    catalog = Catalog(past, characters=params.characters, strict=False)
    return funnel(catalog, params), catalog.problems


@contextmanager
def _as_of(project: Project, commit: str) -> Iterator[Project]:
    """Lay the small text files of a commit out in a folder of their own."""
    names = [name for name in names_at(project, commit, "data") if name.endswith(_COUNTED)]
    with TemporaryDirectory() as folder:
        for name in (PARAMS_FILE, *names):
            content = content_at(project, commit, name)
            if content is not None:
                write_bytes(Path(folder) / name, content)
        yield Project(Path(folder))


def _difference(before: FunnelRow | None, now: FunnelRow) -> dict[str, int]:
    """Subtract count by count; a character that is new had nothing."""
    more = {name: getattr(now, name) - getattr(before, name, 0) for name in COUNTS}
    return {name: number for name, number in more.items() if number}
