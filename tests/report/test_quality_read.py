"""Flags on the page: counted character by character, with pictures of each."""

from dataclasses import replace

from pipeline.catalog.catalog import Catalog
from pipeline.files import read_rows, write_rows
from pipeline.records import QualityRow, SplitRow
from pipeline.report.findings import Findings
from pipeline.report.inputs import Inputs
from pipeline.report.page import build_page
from pipeline.report.quality import read_quality


def measured(row, *flags):
    """Make the row of quality.csv of one picture."""
    measures = {name: 0.0 for name in QualityRow.__dataclass_fields__ if name.endswith("fraction")}
    return QualityRow(
        sha256=row.sha256,
        file=row.file,
        character=row.character,
        sharpness=1.0,
        num_colours=9,
        flags=";".join(flags),
        **measures,
    )


def test_flags_are_counted_by_character(copied):
    """A picture with two flags counts once for each, and once as flagged."""
    rows = read_rows(copied.split, SplitRow)
    ariel = [row for row in rows if row.character == "ariel"]
    elsa = next(row for row in rows if row.character == "elsa")
    flagged = [measured(row, "blurred", "text heavy") for row in ariel[:8]]
    write_rows(copied.quality, QualityRow, [*flagged, measured(ariel[9]), measured(elsa)])
    quality = read_quality(Catalog(copied))

    assert ("blurred", "text heavy") == quality.flags
    assert {"in hand": 9, "blurred": 8, "text heavy": 8} == quality.counts["ariel"]
    assert {"in hand": 1, "blurred": 0, "text heavy": 0} == quality.counts["elsa"]
    assert (8, 10) == (quality.num_flagged, quality.num_pictures)
    assert [("blurred", 6, 2), ("text heavy", 6, 2)] == [
        (sheet.name, len(sheet.tiles), sheet.num_more) for sheet in quality.sheets
    ]


def test_pictures_that_are_not_here_are_counted_all_the_same(copied):
    """Without the files there is a table and no sheet; without quality.csv there is nothing."""
    row = read_rows(copied.split, SplitRow)[0]
    write_rows(copied.quality, QualityRow, [measured(row, "near empty")])
    (copied.root / row.file).unlink()
    quality = read_quality(Catalog(copied))

    assert (1, ()) == (quality.num_flagged, quality.sheets)

    copied.quality.unlink()
    assert read_quality(Catalog(copied)) is None


def test_the_page_shows_flags_and_what_copies_would_have_made_you_believe(
    copied, inputs: Inputs, findings: Findings
):
    """Both stand under the copies, even if there are no copies."""
    rows = read_rows(copied.split, SplitRow)
    write_rows(copied.quality, QualityRow, [measured(row, "blurred") for row in rows])
    page = build_page(replace(inputs, project=copied, catalog=Catalog(copied)), findings)

    assert '<a href="#copies">' in page
    assert "45 of 45 pictures have a flag" in page
    assert "What copies would have made you believe" in page
