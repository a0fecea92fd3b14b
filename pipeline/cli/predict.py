"""`disney predict`: who is in these pictures?"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

import typer

from pipeline.cli.app import Debug, app
from pipeline.errors import printable
from pipeline.progress import Progress, silent

if TYPE_CHECKING:
    from pipeline.inference.lines import Format, Journal, Printer
    from pipeline.inference.many import Row
    from pipeline.paths import Project

HELP = """Say who is in pictures: files, folders, patterns, addresses, or - for a list on stdin.

\b
Examples:
  disney predict photo.jpg                       by the network with the best val macro-F1, of those
                                                 that learned the present characters and pictures
  disney predict pictures/ --csv > answers.csv   a folder and all below it, found by content
  disney predict --network vit --json *.png      one JSON object a line
  find / -name '*.jpg' | disney predict - --out answers.jsonl
                                                 appends; run it again to go on where it stopped
  disney predict photo.jpg --reject-below 0.8    so that "none of these" is an answer
  disney predict photo.jpg --explain maps/       and a picture of what the network looked at

A line of --out also says what it answers: sha256 of the picture, network, sha256 of its weights,
and reject_below. All that an answer depends on lies in models/<network>/, the calibration too. Exit
code 1 if any picture failed; the others are answered.
"""


@app.command(help=HELP)
def predict(  # noqa: PLR0913 - options of a command
    pictures: Annotated[list[str], typer.Argument(metavar="PICTURES", show_default=False)],
    *,
    network: Annotated[
        str | None, typer.Option(metavar="SLUG", help="Of params.yaml.", show_default=False)
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many characters an answer lists.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table with a header.")] = False,
    reject_below: Annotated[
        float, typer.Option(min=0, max=1, help="Name nobody who is less probable.")
    ] = 0.0,
    backend: Annotated[
        Literal["auto", "torch", "onnx"], typer.Option(help="auto: onnx where it is installed.")
    ] = "auto",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Append JSON lines or (--csv, *.csv) CSV; what is there of this picture (its"
            " bytes, an address's name), network and --reject-below is skipped, failed too.",
            show_default=False,
        ),
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write a heat map of each.", show_default=False),
    ] = None,
    debug: Debug = False,
) -> None:
    """Ask a network about pictures and print or append its answers."""
    if as_json and as_csv:
        raise typer.BadParameter("give one of --json and --csv")
    from pipeline.files import sha256_of_file  # noqa: PLC0415
    from pipeline.inference.lines import Asked, Journal, Printer  # noqa: PLC0415
    from pipeline.inference.many import answer_all  # noqa: PLC0415
    from pipeline.inference.predict import load_predictor  # noqa: PLC0415
    from pipeline.inference.questions import Reader, find_questions  # noqa: PLC0415
    from pipeline.params import find_project, load_params  # noqa: PLC0415
    from pipeline.params.card import WEIGHTS  # noqa: PLC0415
    from pipeline.stages.console import explaining_errors  # noqa: PLC0415

    with explaining_errors(debug=debug):
        project = find_project(Path.cwd())
        params = load_params(project)
        kind = _format(out, as_json=as_json, as_csv=as_csv)
        predictor = load_predictor(project, params, network, backend, say=_say)
        weights = sha256_of_file(project.model(predictor.slug) / WEIGHTS)
        asked = Asked(network=predictor.slug, weights=weights, reject_below=reject_below)
        output = Journal(out, kind, top=top, asked=asked) if out else Screen(Printer(kind, top=top))
        reader = Reader(params, root=project.root)
        found = find_questions(pictures, stdin=sys.stdin, say=_say)
        once = dict.fromkeys(found) if out else found
        wanted = [each for each in once if not output.knows(each.name, reader.sha256)]
        rows = answer_all(
            wanted,
            predictor,
            reader=reader,
            top=top,
            reject_below=reject_below,
        )
        finish = _explaining(project, predictor.slug, explain)
        with output, _progress(predictor.slug, is_shown=out is not None) as progress:
            for done, row in enumerate(rows, start=1):
                output.add(finish(row))
                progress(done, len(wanted))
        _conclude(output, out)


class Screen:
    """Prints each answer; in text, what failed goes to stderr."""

    def __init__(self, printer: "Printer") -> None:
        self._printer = printer
        self._num, self.num_failed = 0, 0

    def __enter__(self) -> Self:
        """Begin with the header, if there is one."""
        sys.stdout.reconfigure(errors="surrogateescape")  # type: ignore[union-attr]  # AS_GIVEN
        if self._printer.header:
            print(self._printer.header)
        return self

    def __exit__(self, *_: object) -> None:
        """Hand over what is buffered."""
        sys.stdout.flush()

    def knows(self, *_: object) -> bool:
        """Nothing is there before it is printed."""
        return False

    def __len__(self) -> int:
        """Count the pictures."""
        return self._num

    def add(self, row: "Row") -> None:
        """Print one row, so that a reader in a pipe sees it at once."""
        is_error = row.answer is None
        self._num, self.num_failed = self._num + 1, self.num_failed + is_error
        is_text = self._printer.kind == "text"
        print(
            self._printer.line(row),
            file=sys.stderr if is_error and is_text else sys.stdout,
            flush=True,
        )


def _format(out: Path | None, *, as_json: bool, as_csv: bool) -> "Format":
    if as_csv or (out and not as_json and out.suffix == ".csv"):
        return "csv"
    return "json" if as_json or out else "text"


def _explaining(project: "Project", network: str, folder: Path | None) -> "Callable[[Row], Row]":
    """Give what is done with each row before it is written."""
    if folder is None:
        return lambda row: row
    from pipeline.inference.backends import load_torch  # noqa: PLC0415

    model = load_torch(project.model(network)).model
    from pipeline.inference.explained import Explainer  # noqa: PLC0415 - torch

    return Explainer(model, folder).explain


def _say(text: str) -> None:
    print(printable(text), file=sys.stderr)


@contextmanager
def _progress(title: str, *, is_shown: bool) -> Iterator[Progress]:
    """Draw a bar on stderr, unless the answers themselves scroll by on the same terminal."""
    from pipeline.stages.console import progress_bar  # noqa: PLC0415

    if not is_shown and sys.stdout.isatty():
        yield silent
        return
    with progress_bar(title) as progress:
        yield progress


def _conclude(output: "Journal | Screen", out: Path | None) -> None:
    """Say how many failed, and exit accordingly."""
    if out:
        _say(f"{out}: {len(output)} pictures, {output.num_failed} failed")
    elif output.num_failed and len(output) > 1:
        _say(f"{output.num_failed} of {len(output)} pictures failed")
    if output.num_failed:
        raise typer.Exit(1)
