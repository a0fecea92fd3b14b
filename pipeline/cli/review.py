"""`disney review`: look at every picture, on a page that this machine serves to itself."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import Debug, app

HELP = """Review pictures in the browser: keep, reject, move to another character, choose copies.

Each decision is saved at once in data/reviews/<member>.csv, which git merges; `dvc repro` applies
it. The page is served to this machine only. Ctrl-C ends it; ? on the page lists the keys.

\b
Examples:
  disney review --as na                    all characters, the most suspect pictures first
  disney review --as na --character ariel
  disney review --as na --no-browser       print the address, open nothing
  disney review --as lead --new-reviewer   the first time of somebody without a character
"""


@app.command(help=HELP)
def review(
    *,
    member: Annotated[str, typer.Option("--as", help="Who reviews.", metavar="MEMBER")],
    character: Annotated[str, typer.Option(help="Where to begin.", metavar="SLUG")] = "",
    new_reviewer: Annotated[
        bool, typer.Option("--new-reviewer", help="MEMBER has neither character nor reviews yet.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open nothing.")] = False,
    debug: Debug = False,
) -> None:
    """Serve the page until Ctrl-C."""
    from pipeline.catalog.catalog import Catalog  # noqa: PLC0415
    from pipeline.params import find_project, load_params  # noqa: PLC0415
    from pipeline.review.desk import Desk  # noqa: PLC0415
    from pipeline.review.server import serve  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors, warn  # noqa: PLC0415
    from pipeline.team.roster import known_members  # noqa: PLC0415

    with explaining_errors(debug=debug):
        project = find_project(Path.cwd())
        params = load_params(project)
        catalog = Catalog(project, characters=params.characters, strict=False)
        _check_reviewer(member, is_new=new_reviewer, known=known_members(catalog, params))
        own = [slug for slug, each in params.characters.items() if each.member == member]
        first = character or [*own, *params.characters][0]
        params.character(first)  # a name that nobody has is one line
        desk = Desk(project, params, member=member)
        warn(desk.shown().problems)  # a broken file is one line here, not a page that fails
        try:
            serve(desk, first=first, port=port, announce=_announce, open_browser=not no_browser)
        except KeyboardInterrupt:
            print(f"\nstopped; all decisions are in data/reviews/{member}.csv", flush=True)


def _check_reviewer(member: str, *, is_new: bool, known: list[str]) -> None:
    """Let anybody review who is in the team, and others who say that they are meant to.

    A member's id names a file, and a typo would begin a second one, of nobody.
    """
    from pipeline.params.section import check_slug  # noqa: PLC0415

    if member in known:
        return
    if not is_new:
        raise typer.BadParameter(
            f"--as: no member {member!r}; known: {', '.join(known)}; whoever reviews for the first "
            "time and has no character says --new-reviewer"
        )
    try:
        check_slug(member)
    except ValueError as error:
        raise typer.BadParameter(f"--as: {member!r}: {error}") from error


def _announce(address: str) -> None:
    print(f"review: {address}\nCtrl-C ends it; this address opens once", flush=True)
