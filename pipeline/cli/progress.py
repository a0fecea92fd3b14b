"""`disney progress`: who has collected what, and what is missing and why."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.app import Debug, app
from pipeline.cli.table import print_markdown, print_table

if TYPE_CHECKING:  # importing params and rich takes longer than showing --help
    from pipeline.catalog.catalog import Catalog
    from pipeline.params import Params
    from pipeline.team.delta import Delta
    from pipeline.team.progress import FunnelRow

COLUMNS = {  # heading: count
    "target": "target",
    "candidates": "candidates",
    "collected": "collected",
    "contributed": "contributed",
    "accepted": "kept",
    "rejected": "rejected",
    "missing": "missing",
}
NUMBERS = (*COLUMNS, "%")
HEADINGS = ("member", "character", *NUMBERS, "lost on the way")
HELP = """Show who has collected what, and what is missing and why.

From small text files alone: nothing is pulled. With --against, each number says how far it is from
where this branch began.

\b
Examples:
  disney progress
  disney progress --member na --json
  disney progress --against origin/main              12 (+2)
  disney progress --against origin/main --markdown   what a pull request brings
"""


@app.command(help=HELP)
def progress(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="As Markdown; with --against, only what differs.")
    ] = False,
    against: Annotated[
        str, typer.Option(metavar="REF", help="Compare with this branch or commit.")
    ] = "",
    member: Annotated[str, typer.Option(help="Only this member's characters.")] = "",
    debug: Debug = False,
) -> None:
    """Show who has collected what, and what is missing and why."""
    from pipeline.catalog.catalog import Catalog  # noqa: PLC0415
    from pipeline.params import find_project, load_params  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors, warn  # noqa: PLC0415

    if as_json and markdown:
        raise typer.BadParameter("--json or --markdown, not both")
    with explaining_errors(debug=debug):
        project = find_project(Path.cwd())
        params = load_params(project)
        known = sorted({character.member for character in params.characters.values()})
        if member and member not in known:
            raise typer.BadParameter(f"no member {member!r}; known: {', '.join(known)}")
        catalog = Catalog(project, characters=params.characters, strict=False)
        rows = [row for row in _count(catalog, params, against) if member in {"", row.now.member}]
        warn(catalog.problems)
        if as_json:
            for row in rows:
                print(json.dumps(_as_json(row, is_compared=bool(against))))
        elif markdown:
            _print_markdown(rows, against=against)
        else:
            print_table(HEADINGS, map(_cells, rows), numbers=NUMBERS)
        sys.stdout.flush()  # a reader that went away is met here, not at exit


def _count(catalog: "Catalog", params: "Params", against: str) -> "list[Delta]":
    from pipeline.team.delta import Delta, deltas  # noqa: PLC0415
    from pipeline.team.progress import funnel  # noqa: PLC0415

    if against:
        return deltas(catalog, params, ref=against)
    return [Delta(now=row, change={}) for row in funnel(catalog, params)]


def _as_json(row: "Delta", *, is_compared: bool) -> dict[str, Any]:
    now = row.now
    more = {"accepted": now.kept, "missing": now.missing, "reached": now.reached}
    change = {"change": dict(row.change)} if is_compared else {}
    return {**asdict(now), "lost": dict(now.lost), **more, **change}


def _cells(row: "Delta") -> list[str]:
    lost = ", ".join(f"{count} {reason}" for reason, count in row.now.lost) or "-"
    counts = [_number(row.now, name, row.change) for name in COLUMNS.values()]
    return [row.now.member, row.now.character, *counts, f"{row.now.reached:.0%}", lost]


def _number(now: "FunnelRow", name: str, change: Mapping[str, int]) -> str:
    """Write a count, and how far it is from what it was.

    >>> from types import SimpleNamespace
    >>> _number(SimpleNamespace(kept=12), "kept", {"kept": 2})
    '12 (+2)'
    """
    more = change.get(name)
    return f"{getattr(now, name)} ({more:+d})" if more else f"{getattr(now, name)}"


def _print_markdown(rows: "Sequence[Delta]", *, against: str) -> None:
    """Print what a pull request brings in one sentence, then the characters it is about."""
    shown = [row for row in rows if row.change or not against]
    if against:
        print(f"**{_sentence(shown)}**, compared with `{against}`.\n")
    if shown:
        print_markdown(HEADINGS, map(_cells, shown), numbers=NUMBERS)


def _sentence(rows: "Sequence[Delta]") -> str:
    sums = {
        heading: sum(row.change.get(name, 0) for row in rows) for heading, name in COLUMNS.items()
    }
    said = [f"{sums[heading]:+d} {heading}" for heading in COLUMNS if sums[heading]]
    return ", ".join(said) or ("Some numbers moved" if rows else "No number changed")
