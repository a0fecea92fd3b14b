"""`disney progress`: who has collected what, and what is missing and why."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.app import Debug, app
from pipeline.cli.table import print_table

if TYPE_CHECKING:  # importing params and rich takes longer than showing --help
    from pipeline.team.progress import FunnelRow

NUMBERS = (
    "target",
    "candidates",
    "collected",
    "contributed",
    "accepted",
    "rejected",
    "missing",
    "%",
)


@app.command()
def progress(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    member: Annotated[str, typer.Option(help="Only this member's characters.")] = "",
    debug: Debug = False,
) -> None:
    """Show who has collected what, and what is missing and why."""
    from pipeline.params import find_project, load_params  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors  # noqa: PLC0415
    from pipeline.team.progress import funnel  # noqa: PLC0415

    with explaining_errors(debug=debug):
        project = find_project(Path.cwd())
        params = load_params(project)
        known = sorted({character.member for character in params.characters.values()})
        if member and member not in known:
            raise typer.BadParameter(f"no member {member!r}; known: {', '.join(known)}")
        rows = [row for row in funnel(project, params) if member in {"", row.member}]
        if as_json:
            for row in rows:
                print(json.dumps(_as_json(row)))
        else:
            _print_table(rows)
        sys.stdout.flush()  # a reader that went away is met here, not at exit


def _as_json(row: "FunnelRow") -> dict[str, Any]:
    more = {"accepted": row.kept, "missing": row.missing, "reached": row.reached}
    return {**asdict(row), "lost": dict(row.lost), **more}


def _print_table(rows: "list[FunnelRow]") -> None:
    headings = ("member", "character", *NUMBERS, "lost on the way")
    cells = []
    for row in rows:
        lost = ", ".join(f"{count} {reason}" for reason, count in row.lost) or "-"
        numbers = (row.target, row.candidates, row.collected, row.contributed)
        state = (row.kept, row.rejected, row.missing, f"{row.reached:.0%}")
        cells.append((row.member, row.character, *numbers, *state, lost))
    print_table(headings, cells, numbers=NUMBERS)
