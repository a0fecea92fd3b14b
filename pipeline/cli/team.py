"""`disney team` and `disney characters add`: who has what, and one character more."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.app import Debug, app
from pipeline.cli.table import print_table

if TYPE_CHECKING:
    from pipeline.team.roster import Member

NUMBERS = ("target", "collected", "contributed", "accepted", "rejected", "missing", "reviews")
ADD_HELP = """Add a character to params.yaml, after its member's last one; comments and order stay.

\b
Examples:
  disney characters add olaf --member m3 --name Olaf --query "Olaf Frozen" --query "겨울왕국 올라프"
  disney characters add olaf --member m3 --name Olaf --page Olaf/Gallery --target 150
"""

characters = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Write the team's characters."
)
app.add_typer(characters, name="characters")


@app.command()
def team(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    debug: Debug = False,
) -> None:
    """Show who has which characters, and how far they are."""
    from pipeline.catalog.catalog import Catalog  # noqa: PLC0415
    from pipeline.params import find_project, load_params  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors, warn  # noqa: PLC0415
    from pipeline.team.progress import funnel  # noqa: PLC0415
    from pipeline.team.roster import members  # noqa: PLC0415

    with explaining_errors(debug=debug):
        project = find_project(Path.cwd())
        params = load_params(project)
        catalog = Catalog(project, characters=params.characters, strict=False)
        found = members(catalog, params, funnel=funnel(catalog, params))
        rows = [_row(member) for member in found]
        warn(catalog.problems)
        if as_json:
            for row in rows:
                print(json.dumps(row))
        else:
            cells = [
                [*(row | {"characters": ", ".join(row["characters"])}).values()] for row in rows
            ]
            print_table(list(rows[0]), cells, numbers=NUMBERS)
        sys.stdout.flush()


def _row(member: "Member") -> dict[str, Any]:
    counts = {"accepted": "kept"} | {name: name for name in NUMBERS[:-1] if name != "accepted"}
    totals = {name: member.total(counts[name]) for name in NUMBERS[:-1]}
    slugs = [row.character for row in member.characters]
    return {
        "member": member.slug,
        "characters": slugs,
        **totals,
        "reviews": member.num_reviews,
    }


@characters.command(help=ADD_HELP)
def add(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="Folder and class label.")],
    *,
    member: Annotated[str, typer.Option(help="Who collects it.")],
    name: Annotated[str, typer.Option(help="As shown to people.")],
    query: Annotated[list[str] | None, typer.Option(help="Search words; may be repeated.")] = None,
    page: Annotated[list[str] | None, typer.Option(help="Wiki page; may be repeated.")] = None,
    category: Annotated[
        list[str] | None, typer.Option(help="Wiki category; may be repeated.")
    ] = None,
    target: Annotated[int | None, typer.Option(help="Images wanted.", min=1)] = None,
    debug: Debug = False,
) -> None:
    """Write one character more."""
    from pipeline.params import Search, find_project  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors  # noqa: PLC0415
    from pipeline.team.roster import add_character  # noqa: PLC0415

    if not name.strip():
        raise typer.BadParameter("--name: empty")
    with explaining_errors(debug=debug):
        search = Search(name=name, queries=query or (), pages=page or (), categories=category or ())
        add_character(find_project(Path.cwd()), slug, member=member, search=search, target=target)
        print(f"params.yaml: {slug} is {member}'s; next: disney collect {slug}")
