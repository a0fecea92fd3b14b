"""`disney progress`: who has collected what, and what is missing and why."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.app import Debug, app

if TYPE_CHECKING:  # importing params and rich takes longer than showing --help
    from pipeline.team.progress import FunnelRow


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
                print(json.dumps({**asdict(row), "lost": dict(row.lost), "missing": row.missing}))
        else:
            _print_table(rows)
        sys.stdout.flush()  # a reader that went away is met here, not at exit


def _print_table(rows: "list[FunnelRow]") -> None:
    """Draw one line a character; a pipe or a file gets the whole width."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("member", "character"):
        table.add_column(heading)
    for heading in ("target", "candidates", "collected", "contributed", "kept", "missing"):
        table.add_column(heading, justify="right")
    table.add_column("lost on the way")
    for row in rows:
        numbers = (
            row.target,
            row.candidates,
            row.collected,
            row.contributed,
            row.kept,
            row.missing,
        )
        lost = ", ".join(f"{count} {reason}" for reason, count in row.lost) or "-"
        table.add_row(row.member, row.character, *map(str, numbers), lost)
    width = None if sys.stdout.isatty() else 200
    console = Console(width=width)
    with console.capture() as drawn:  # printed by rich, a closed pipe would exit with 1
        console.print(table)
    print(drawn.get(), end="")
