"""Tables of the commands: as wide as the terminal, whole in a pipe or a file, or in Markdown."""

import sys
from collections.abc import Collection, Iterable, Sequence

from pipeline.errors import printable


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Collection[str] = ()
) -> None:
    """Print one line a row.

    Args:
        headings: of the columns.
        rows: a cell per column.
        numbers: headings of those columns that are aligned to the right.
    """
    from rich.console import Console  # noqa: PLC0415 - importing rich takes longer than --help
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in numbers else "left")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))  # a title may hold "[a]"
    console = Console(width=None if sys.stdout.isatty() else 200)
    with console.capture() as drawn:  # printed by rich, a closed pipe would exit with 1
        console.print(table)
    print("\n".join(line.rstrip() for line in drawn.get().splitlines()))


def print_markdown(
    headings: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Collection[str] = ()
) -> None:
    """Print the same table for a page that shows Markdown, as GitHub does."""
    rule = ["--:" if heading in numbers else "---" for heading in headings]
    for cells in (headings, rule, *rows):
        print(f"| {' | '.join(printable(cell).replace('|', chr(92) + '|') for cell in cells)} |")
