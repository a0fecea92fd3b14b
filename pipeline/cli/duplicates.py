"""`disney duplicates`: what is a copy of what, with the evidence."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.app import Debug, app
from pipeline.cli.table import print_table
from pipeline.errors import printable

if TYPE_CHECKING:
    from pipeline.dedup.listing import Listed
    from pipeline.params import Params
    from pipeline.paths import Project

HELP = """List groups of images that are alike, or what in the dataset a picture is a copy of.

\b
Examples:
  disney duplicates                          groups, keeper first, then near pairs
  disney duplicates --json                   the same for scripts, one group a line
  disney duplicates --sheet duplicates.html  side by side, for a browser
  disney duplicates holiday.jpg              is this picture in our dataset?

Two that differ: say distinct in data/reviews/<member>.csv. A better copy: say keeper.
"""
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@app.command(help=HELP)
def duplicates(
    pictures: Annotated[
        list[Path] | None, typer.Argument(metavar="[PICTURE]...", show_default=False)
    ] = None,
    *,
    as_json: Json = False,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write an HTML page.", show_default=False)
    ] = None,
    debug: Debug = False,
) -> None:
    """List what is alike."""
    from pipeline.params import find_project, load_params  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors  # noqa: PLC0415

    if pictures and sheet:
        raise typer.BadParameter("--sheet shows the dataset's groups; leave the pictures out")
    with explaining_errors(debug=debug):
        project = find_project(Path.cwd())
        if pictures:
            _look_up(pictures, project, load_params(project), as_json=as_json)
        else:
            _list(project, sheet, as_json=as_json)
        sys.stdout.flush()  # a reader that went away is met here, not at exit


def _list(project: "Project", sheet: Path | None, *, as_json: bool) -> None:
    from pipeline.catalog.catalog import Catalog  # noqa: PLC0415
    from pipeline.dedup.listing import list_groups, write_sheet  # noqa: PLC0415

    catalog = Catalog(project)
    groups = list_groups(catalog.groups, catalog.pairs)
    if sheet:
        write_sheet(sheet, groups, project=project)
        print(f"{sheet}: {len(groups)} groups")
    elif as_json:
        for group in groups:
            print(json.dumps(asdict(group)))
    else:
        _print_groups(groups)


def _print_groups(groups: "Sequence[Listed]") -> None:
    rows = [
        (
            group.name[:8] if member is group.members[0] else "",
            group.band if member is group.members[0] else "",
            member.row.reason,
            member.row.file,
            member.evidence,
        )
        for group in groups
        for member in group.members
    ]
    print_table(("group", "band", "reason", "file", "evidence"), rows)


def _look_up(
    pictures: Sequence[Path], project: "Project", params: "Params", *, as_json: bool
) -> None:
    from pipeline.catalog.catalog import Catalog  # noqa: PLC0415
    from pipeline.catalog.file_checks import check_files  # noqa: PLC0415
    from pipeline.dedup.listing import in_words  # noqa: PLC0415
    from pipeline.dedup.lookup import look_up  # noqa: PLC0415
    from pipeline.files import sha256_of_file  # noqa: PLC0415

    catalog = Catalog(project, characters=params.characters)
    check_files(catalog.records_of)
    files = {image.sha256: image.file for image in catalog.records}
    paths = {sha256: project.root / file for sha256, file in files.items()}
    for picture in pictures:
        pairs = look_up(picture, paths, rules=params.dedup, cache=project.fingerprints)
        sha256 = sha256_of_file(picture)
        found = [("same bytes", files[sha256], "")] if sha256 in files else []
        for pair in pairs:
            other = pair.other_sha256 if pair.sha256 == sha256 else pair.sha256
            found.append((pair.band, files[other], in_words(pair)))
        if as_json:
            keys = ("band", "file", "evidence")
            like = [dict(zip(keys, each, strict=True)) for each in found]
            print(json.dumps({"file": str(picture), "alike": like}))
        else:
            lines = [f"  {band}: {file} ({words})" for band, file, words in found]
            lines = [f"{picture}:", *(lines or ["  nothing is like it"])]
            print("\n".join(map(printable, lines)))
