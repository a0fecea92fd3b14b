"""The command itself: its help, its version, and what all its commands share."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from pipeline import __version__

# "\b" keeps the lines of a paragraph as they are.
HELP = """Collect, clean and classify images of Disney characters as a team.

\b
Examples:
  dvc repro                    run what has changed, from search to report
  disney collect ariel         search and collect one character
  disney progress              who has how many, what is missing and why
  disney progress --json       the same for scripts
  disney team                  who has which characters
  disney characters add olaf --member m3 --name Olaf
  disney contribute add --as na --character ariel PICTURES…
  disney contribute check      what stands against merging a branch
  disney duplicates            copies side by side, and why
  disney review --as na        look at the pictures: keep, reject, move, choose copies
  disney predict PICTURES…     who is in these pictures
  disney serve                 the same on a page, with what the network looks at
  disney export --format onnx --out best.onnx
  disney attribution           write who made what, under which licence
  disney forget --url URL      take an image down, everywhere and for good
"""

app = typer.Typer(
    epilog="Settings: params.yaml. Stages: dvc.yaml. Files: data/README.md.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Debug = Annotated[bool, typer.Option("--debug", help="Show a traceback on errors.")]


def main() -> None:
    """Run the command line: exit code 0 done, 1 a one-line error, 2 wrong usage."""
    app()


def _show_version(*, value: bool) -> None:
    if value:
        print(f"disney {__version__}")
        raise typer.Exit


@app.callback(help=HELP)
def _root(
    *,
    version: Annotated[  # noqa: ARG001 - typer has shown it
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Hold the options of `disney` itself; DVC, which commands start, is made safe to start."""
    from pipeline.errors import DisneyError  # noqa: PLC0415
    from pipeline.params import find_project  # noqa: PLC0415 - pydantic
    from pipeline.stages.console import keep_site_cache_private  # noqa: PLC0415

    # Not in a project, or on a disk that is read only: the command says so where it matters.
    with suppress(DisneyError, OSError):
        keep_site_cache_private(find_project(Path.cwd()))
