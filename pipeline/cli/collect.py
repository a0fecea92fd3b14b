"""`disney collect`: run the stages that collect, through DVC, so that it knows what was done."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.app import Debug, app
from pipeline.errors import DataError

if TYPE_CHECKING:
    from pipeline.paths import Project

# Only this stage, even if nothing has changed; DVC's cache of earlier runs is not looked at either.
ANEW = ("--force", "--single-item")

HELP = """Search and collect images, of all characters or of those named.

\b
Examples:
  disney collect                       what has changed, of all characters
  disney collect ariel elsa            of two
  disney collect ariel --retry-failed  ask again for what failed in passing (503, time-outs)
  disney collect --search-again ariel  ask the sources anew; the list may change

Short of a target is no error: the last line says why, and `disney progress` what is missing.
"""


@app.command(help=HELP)
def collect(
    characters: Annotated[
        list[str] | None, typer.Argument(metavar="[CHARACTER]...", show_default=False)
    ] = None,
    *,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask again for files that failed in passing.")
    ] = False,
    search_again: Annotated[
        bool, typer.Option("--search-again", help="Ask the sources of these characters anew.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Turn options into runs of DVC."""
    from pipeline.cli.dvc import reproduce  # noqa: PLC0415
    from pipeline.params import find_project, load_params  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors  # noqa: PLC0415

    with explaining_errors(debug=debug):
        project = find_project(Path.cwd())
        params = load_params(project)
        slugs = list(characters or params.characters)
        for slug in slugs:
            params.character(slug)  # a name that nobody has is one line
        if search_again and not characters:
            raise typer.BadParameter("--search-again: name the characters to search for")
        if search_again:
            reproduce(project, [f"search@{slug}" for slug in slugs], options=ANEW)
        if retry_failed:
            _forget_failures(project, slugs)
        options = ANEW if retry_failed else ()
        reproduce(project, [f"collect@{slug}" for slug in slugs], options=options)


def _forget_failures(project: "Project", slugs: list[str]) -> None:
    """Have the failures of these characters that may pass asked again, whatever the target.

    Raises:
        DataError: nothing was asked for yet; DVC would say it in its own words.
    """
    from pipeline.collect.ledger import forget_transient  # noqa: PLC0415
    from pipeline.files import read_jsonl  # noqa: PLC0415
    from pipeline.records import Candidate  # noqa: PLC0415

    for slug in slugs:
        path = project.candidates(slug)
        if not path.is_file():
            raise DataError(
                f"{project.relative(path)}: not there, so nothing failed yet; "
                f"run disney collect {slug}"
            )
        urls = {candidate.image_url for candidate in read_jsonl(path, Candidate)}
        forgotten = forget_transient(project.ledger, urls=urls)
        print(f"{slug}: {len(forgotten)} failures are asked again")
