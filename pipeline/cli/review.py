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
"""


@app.command(help=HELP)
def review(
    *,
    member: Annotated[str, typer.Option("--as", help="Who reviews.", metavar="MEMBER")],
    character: Annotated[str, typer.Option(help="Where to begin.", metavar="SLUG")] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open nothing.")] = False,
    debug: Debug = False,
) -> None:
    """Serve the page until Ctrl-C."""
    from pipeline.params import find_project, load_params  # noqa: PLC0415
    from pipeline.review.desk import Desk  # noqa: PLC0415
    from pipeline.review.server import serve  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors  # noqa: PLC0415

    with explaining_errors(debug=debug):
        project = find_project(Path.cwd())
        params = load_params(project)
        members = sorted({each.member for each in params.characters.values()})
        if member not in members:
            raise typer.BadParameter(f"--as: no member {member!r}; known: {', '.join(members)}")
        own = [slug for slug, each in params.characters.items() if each.member == member]
        first = character or own[0]
        params.character(first)  # a name that nobody has is one line
        desk = Desk(project, params, member=member)
        desk.shown()  # a broken file is one line here, not a page that fails
        try:
            serve(desk, first=first, port=port, announce=_announce, open_browser=not no_browser)
        except KeyboardInterrupt:
            print(f"\nstopped; all decisions are in data/reviews/{member}.csv", flush=True)


def _announce(address: str) -> None:
    print(f"review: {address}\nCtrl-C ends it; this address opens once", flush=True)
