"""`disney attribution` and `disney forget`: credit whom it is due to, and take down on demand."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import Debug, app
from pipeline.errors import printable

DENIED = "data/denied.csv"
ATTRIBUTION_HELP = """Write ATTRIBUTION.md and ATTRIBUTION.csv: who made each image that is kept.

\b
Examples:
  disney attribution                 into the project's folder
  disney attribution --out publish/  into another
"""
FORGET_HELP = """Take an image down: denied in data/denied.csv, deleted here and in DVC's remotes.

Its files, downloads, small copies, manifest rows, contributions and their .dvc pointers; packs and
pages that show it, which `dvc repro` makes anew; all of these in DVC's cache and remotes, too.
Nobody else's picture goes. Other machines keep their copies: commit data/denied.csv, and run the
same command there. `git fetch` first, so that what other branches made of it is known.

\b
Examples:
  disney forget --url https://pics.example/1.jpg --dry-run
  disney forget --url https://pics.example/1.jpg --reason "asked by the artist"
  disney forget --host pics.example
  disney forget --sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
"""


@app.command(help=ATTRIBUTION_HELP)
def attribution(
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where to write.", show_default=False)
    ] = None,
    debug: Debug = False,
) -> None:
    """Write the credits of what is kept."""
    from pipeline.params import find_project  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors  # noqa: PLC0415
    from pipeline.team.attribution import attributions, write_attributions  # noqa: PLC0415

    with explaining_errors(debug=debug):
        project = find_project(Path.cwd())
        folder = out or project.root
        rows = attributions(project)
        markdown, table = folder / "ATTRIBUTION.md", folder / "ATTRIBUTION.csv"
        write_attributions(rows, markdown=markdown, table=table)
        num_unknown = sum(row.licence == "unknown" for row in rows)
        print(f"{markdown}, {table}: {len(rows)} images, {num_unknown} of unknown licence")


@app.command(help=FORGET_HELP)
def forget(
    *,
    sha256: Annotated[str, typer.Option(help="The image's bytes.", metavar="HEX")] = "",
    url: Annotated[str, typer.Option(help="The image's address, or its page.")] = "",
    host: Annotated[str, typer.Option(help="A host and all below it.")] = "",
    reason: Annotated[str, typer.Option(help="Kept in data/denied.csv.")] = "taken down",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say it, do nothing.")] = False,
    debug: Debug = False,
) -> None:
    """Forget one image, or all of a host."""
    from pipeline.cli.pixel_copies import HOLDERS  # noqa: PLC0415
    from pipeline.params import find_project  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors  # noqa: PLC0415
    from pipeline.team.dvc import cache_folder  # noqa: PLC0415
    from pipeline.team.dvc_cache import DvcCache  # noqa: PLC0415
    from pipeline.team.forget import Wanted, carry_out, plan  # noqa: PLC0415
    from pipeline.team.object_store import local_store, remote_stores  # noqa: PLC0415
    from pipeline.team.stale import stale_stages  # noqa: PLC0415

    if [bool(sha256), bool(url), bool(host)].count(True) != 1:
        raise typer.BadParameter("give one of --sha256, --url and --host")
    with explaining_errors(debug=debug):
        project = find_project(Path.cwd())
        wanted = Wanted(sha256=sha256.lower(), url=url, host=host.lower())
        cache = cache_folder(project)
        stores = [local_store(cache), *remote_stores(project)]
        found = plan(project, wanted, reason=reason, stores=stores, holders=HOLDERS.values())
        for line in found.lines(project) or ["nothing to do: denied already, and not in hand"]:
            print(printable(f"would {line}" if dry_run and found.lines(project) else line))
        left_to_do = (
            list(found.unread) if dry_run else carry_out(project, found, cache=DvcCache(cache))
        )
        changed = [DENIED] if found.denied else []
        changed += [project.relative(removal.manifest.path) for removal in found.removals]
        stale = stale_stages(project, changed)
        if stale:
            print(f"stale, until the next dvc repro: {', '.join(stale)}")
        for line in left_to_do:
            print(printable(f"left to do: {line}"), file=sys.stderr)
        if left_to_do:
            raise typer.Exit(1)
