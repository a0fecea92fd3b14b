"""`disney contribute`: a member's own pictures, from a folder to a merged branch."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.app import Debug, app
from pipeline.cli.table import print_table
from pipeline.errors import printable, shell_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.params import Params
    from pipeline.paths import Project
    from pipeline.progress import Progress
    from pipeline.team.contributions import Offered, Outcome

HELP = """Add your own pictures to the team's set, and see that they can be merged.

\b
A contribution, from clone to merge:
  git switch -c na-ariel
  disney contribute add --as na --character ariel ~/Pictures/ariel
  dvc push
  git add data && git commit -m "na: ariel"
  disney contribute check
  git push -u origin HEAD
"""
ADD_HELP = """Add pictures: files, folders, patterns and addresses.

Each is checked first: it decodes, is big enough, no film, denied by nobody, and no copy of a
picture that anybody has. It is stored without metadata, such as the place where it was taken.
The exit code is 0 if at least one was added.

\b
Examples:
  disney contribute add --as na --character ariel ~/Pictures/ariel
  disney contribute add --as na --character ariel a.jpg b.png --author "An Na" --licence "CC BY 4.0"
  disney contribute add --as na --character ariel https://pics.example/a.jpg
  disney contribute add --as na --character elsa --for-others elsa.jpg --dry-run
"""

CHECK_HELP = """Check a contribution as CI does: one line a mistake, with what to do about it.

Paths are the member's own, and params.yaml gains no more than the member's own characters;
manifests, licences and reviews are in order; rows say what the pictures are; no picture is
anywhere else already; rows and the pointer name the same images; nothing was taken out that no
review rejects; dvc.lock is as it was; DVC sees the pointer, and the remote has the images. What
cannot be asked is an error, never "fine". Files that are in no commit count only where
contributions lie.

\b
Examples:
  disney contribute check
  disney contribute check --member na --base origin/main --json
  disney contribute check --base HEAD     after merging: everybody's, whoever changed what
"""
MEND_HELP = """Let manifests and pointers agree again: after a merge, a kill, a wrong checkout.

Both sides of a merge are united; what an interrupted add left is undone; rows are sorted; what is
denied is taken out, and of two copies the one that was merged later; the pointer lists what the
manifest names. Images that are neither here nor in the remote are told: whoever has them pushes
them, or --drop-missing takes their rows out, and they can be added again.

\b
Two branches of one member, merged:
  git merge na-ariel-2           CONFLICT in data/contributions/na/ariel.dvc
  disney contribute mend --as na
  git add data && git commit
"""
ADDED = "added"
COUNTS = ("pictures", "here")

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=HELP)
app.add_typer(group, name="contribute")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@group.command(help=ADD_HELP)
def add(  # noqa: PLR0913 - a command has as many options as users need
    pictures: Annotated[list[str], typer.Argument(metavar="PICTURES...", show_default=False)],
    *,
    member: Annotated[str, typer.Option("--as", metavar="MEMBER", help="Who you are.")],
    character: Annotated[str, typer.Option(metavar="SLUG", help="Whom they show.")],
    url: Annotated[str, typer.Option(help="Address of the one picture.")] = "",
    page_url: Annotated[str, typer.Option(help="The page that shows them.")] = "",
    title: Annotated[str, typer.Option(help="Instead of the file's name.")] = "",
    author: Annotated[str, typer.Option(help="Who made them.")] = "",
    licence: Annotated[str, typer.Option(help="Such as CC0 or CC BY 4.0.")] = "",
    licence_url: Annotated[str, typer.Option(help="Where its text is.")] = "",
    for_others: Annotated[
        bool, typer.Option("--for-others", help="Add to another member's character.")
    ] = False,
    allow_near: Annotated[
        bool, typer.Option("--allow-near", help="Add also what looks like a known picture.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say it, do nothing.")] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Judge pictures and add the good ones."""
    from pipeline.params import find_project, load_params  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors, progress_bar  # noqa: PLC0415
    from pipeline.team.contributions import Facts, Rules, add_pictures  # noqa: PLC0415
    from pipeline.team.dvc import cache_folder  # noqa: PLC0415
    from pipeline.team.dvc_cache import DvcCache  # noqa: PLC0415
    from pipeline.team.offers import expand, offers  # noqa: PLC0415

    with explaining_errors(debug=debug):
        here = Path.cwd()
        project = find_project(here)
        params = load_params(project)
        names = expand([_home(each) for each in pictures], here=here, say=_say)
        if url and len(names) > 1:
            raise typer.BadParameter(f"--url is of one picture, these are {len(names)}")
        with progress_bar("check pictures") as progress:
            outcomes = add_pictures(
                project,
                params,
                member=member,
                character=character,
                pictures=_counted(
                    offers(names, project=project, params=params, here=here), names, progress
                ),
                cache=DvcCache(cache_folder(project)),
                facts=Facts(
                    url=url,
                    page_url=page_url,
                    title=title,
                    author=author,
                    licence=licence,
                    licence_url=licence_url,
                ),
                rules=Rules(for_others=for_others, allow_near=allow_near, dry_run=dry_run),
            )
        rows = [_outcome_row(outcome) for outcome in outcomes]
        if as_json:
            _print_json(rows)
        else:
            print_table(("picture", "result", "why or where"), [list(r.values()) for r in rows])
            print(_summary(rows, member=member, character=character, dry_run=dry_run))
        if not any(row["result"] == ADDED for row in rows):
            raise typer.Exit(1)


@group.command(help=CHECK_HELP)
def check(
    *,
    member: Annotated[str, typer.Option(help="Whose it is; else its files tell.")] = "",
    base: Annotated[str, typer.Option(help="Branch it goes into; else the main one.")] = "",
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Find what stands against merging."""
    from pipeline.params import find_project, load_params  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors  # noqa: PLC0415
    from pipeline.team.branch import check_contribution, scope_of  # noqa: PLC0415
    from pipeline.team.dvc import cache_folder  # noqa: PLC0415
    from pipeline.team.dvc_cache import DvcCache  # noqa: PLC0415
    from pipeline.team.findings import grouped  # noqa: PLC0415

    with explaining_errors(debug=debug):
        project = find_project(Path.cwd())
        params = load_params(project)
        _check_member(member, project=project, params=params)
        scope = scope_of(project, member=member, base=base)
        cache = DvcCache(cache_folder(project))
        findings = check_contribution(project, params, scope=scope, cache=cache)
        if as_json:
            _print_json([asdict(finding) for finding in findings])
        else:
            whose = printable(", ".join(scope.members) if scope.members else "everybody")
            lines = "\n".join(map(str, grouped(findings)))
            print(lines or f"fine: the contributions of {whose}")
            _tell_uncommitted(sorted(scope.uncommitted))
        sys.stdout.flush()
        if findings:
            raise typer.Exit(1)


def _tell_uncommitted(paths: list[str]) -> None:
    """Name what was checked, but would not be pushed."""
    if paths:
        more = f" (and {len(paths) - 1} more)" if paths[1:] else ""
        tops = " ".join(sorted({path.partition("/")[0] for path in paths}))
        print(
            printable(f"not committed yet: {paths[0]}{more}; run git add {tops} && git commit"),
            file=sys.stderr,
        )


@group.command()
def status(*, as_json: AsJson = False, debug: Debug = False) -> None:
    """Show every member's own pictures: how many, here, committed, pushed."""
    from pipeline.params import find_project, load_params  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors  # noqa: PLC0415
    from pipeline.team.standing import standings  # noqa: PLC0415

    with explaining_errors(debug=debug):
        project = find_project(Path.cwd())
        rows = [asdict(row) for row in standings(project, load_params(project))]
        if as_json:
            _print_json(rows)
        elif rows:
            print_table(list(rows[0]), [list(row.values()) for row in rows], numbers=COUNTS)
        else:
            print("nobody has added a picture yet; see disney contribute add --help")
        sys.stdout.flush()


@group.command(help=MEND_HELP)
def mend(
    *,
    member: Annotated[str, typer.Option("--as", metavar="MEMBER", help="Who you are.")],
    drop_missing: Annotated[
        bool, typer.Option("--drop-missing", help="Give up images that nobody has any more.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Let a member's manifests and pointers agree."""
    from pipeline.params import find_project, load_params  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors  # noqa: PLC0415
    from pipeline.team.dvc import cache_folder  # noqa: PLC0415
    from pipeline.team.dvc_cache import DvcCache  # noqa: PLC0415
    from pipeline.team.mend import mend as make_agree  # noqa: PLC0415

    with explaining_errors(debug=debug):
        project = find_project(Path.cwd())
        _check_member(member, project=project, params=load_params(project))
        mended = make_agree(
            project,
            member=member,
            cache=DvcCache(cache_folder(project)),
            drop_missing=drop_missing,
        )
        print("\n".join(map(printable, mended.done)) or "nothing to mend")
        for line in mended.left:
            print(printable(line), file=sys.stderr)
        if mended.left:
            raise typer.Exit(1)


def _check_member(member: str, *, project: "Project", params: "Params") -> None:
    """Refuse a name that nobody has: a typo must not look as if all were well."""
    from pipeline.catalog.catalog import Catalog  # noqa: PLC0415
    from pipeline.team.roster import known_members  # noqa: PLC0415

    known = known_members(Catalog(project, strict=False), params)
    if member and member not in known:
        raise typer.BadParameter(f"no member {member!r}; known: {', '.join(known)}")


def _say(text: str) -> None:
    print(printable(text), file=sys.stderr)


def _home(word: str) -> str:
    """Read ~ where the shell did not, as within quotes."""
    return str(Path(word).expanduser()) if word.startswith("~") else word


def _counted(
    offered: "Iterable[Offered]", names: list[str], progress: "Progress"
) -> "Iterator[Offered]":
    """Tell a bar about each picture whose turn is over."""
    for done, each in enumerate(offered):
        progress(done, len(names), each.name)
        yield each


def _outcome_row(outcome: "Outcome") -> dict[str, str]:
    from pipeline.records import Rejected  # noqa: PLC0415

    result = outcome.result
    if isinstance(result, Rejected):
        why = f"{result.reason}: {result.detail}" if result.detail else str(result.reason)
        return {"picture": outcome.name, "result": "refused", "why": why}
    return {"picture": outcome.name, "result": ADDED, "why": result.file}


def _summary(rows: list[dict[str, str]], *, member: str, character: str, dry_run: bool) -> str:
    num_added = sum(row["result"] == ADDED for row in rows)
    counts = f"{num_added} added, {len(rows) - num_added} refused"
    if dry_run:
        return f"{counts}; a dry run: nothing was written"
    pointer = shell_word(f"data/contributions/{member}/{character}.dvc")
    following = f"; next: dvc push {pointer}, git add data, git commit" if num_added else ""
    return f"{counts}{following}"


def _print_json(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        print(json.dumps(row))  # in ASCII: no name of a file can move a terminal
    sys.stdout.flush()
