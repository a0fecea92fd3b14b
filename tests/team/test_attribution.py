"""Credits: who made what is kept."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.files import read_csv, write_rows
from pipeline.records import GroupReason, GroupRow
from pipeline.team.attribution import attributions, write_attributions

RIGHTS = {
    "page_url": "https://wiki.example/File:A.png",
    "title": "Ariel [cosplay] <b>",
    "author": "An_Artist",
    "licence": "CC BY 4.0",
    "licence_url": "https://creativecommons.org/licenses/by/4.0",
}


def group_row(sha256: str, *, keep: bool, **fields: Any) -> GroupRow:
    """Describe one image after deduplication."""
    defaults: dict[str, Any] = {
        "file": f"data/raw/ariel/images/{sha256}.png",
        "character": "ariel",
        "group": "g",
        "reason": GroupReason.KEPT,
        "nearest_sha256": "",
        "distance_bits": None,
    }
    return GroupRow(sha256=sha256, keep=keep, **(defaults | fields))


def test_a_credit_names_all_four(hoard):
    """Title, author, licence and source, in one line."""
    hoard.collect(b"one", "https://pics.example/1.png", **RIGHTS)

    (row,) = attributions(hoard.project)

    assert (
        '"Ariel [cosplay] <b>" by An_Artist, CC BY 4.0 '
        "(https://creativecommons.org/licenses/by/4.0), https://wiki.example/File:A.png"
    ) == row.attribution


def test_what_is_not_known_is_said(hoard):
    """Nothing is made up: an image without title, author and page has its hash and address."""
    sha256 = hoard.collect(b"one", "https://pics.example/1.png")

    (row,) = attributions(hoard.project)

    assert (
        f"image {sha256[:12]} by unknown author, licence unknown, https://pics.example/1.png"
    ) == row.attribution


def test_after_deduplication_only_what_is_kept(hoard):
    """Copies that were left out need no credit; a relabelled image stands under its character."""
    kept = hoard.collect(b"one", "https://pics.example/1.png")
    left_out = hoard.collect(b"two", "https://pics.example/2.png")
    before = attributions(hoard.project)
    rows = [group_row(kept, keep=True, character="elsa"), group_row(left_out, keep=False)]
    write_rows(hoard.project.groups, GroupRow, rows)

    after = attributions(hoard.project)

    assert 2 == len(before)
    assert [(kept, "elsa")] == [(row.sha256, row.character) for row in after]


def test_contributions_are_credited(hoard):
    """Members' own images count like collected ones."""
    sha256 = hoard.contribute(b"own", "")

    assert [sha256] == [row.sha256 for row in attributions(hoard.project)]


def test_writes_a_page_and_a_table(hoard, tmp_path: Path):
    """Titles stay words in Markdown; the table has a column for each part."""
    sha256 = hoard.collect(b"one", "https://pics.example/1.png", **RIGHTS)
    rows = attributions(hoard.project)
    markdown, table = tmp_path / "A.md", tmp_path / "A.csv"

    write_attributions(rows, markdown=markdown, table=table)

    expected = (
        r"- [Ariel \[cosplay\] \<b\>](<https://wiki.example/File:A.png>) by An\_Artist, "
        f"[CC BY 4.0](<https://creativecommons.org/licenses/by/4.0>) `{sha256[:12]}`"
    )
    assert expected in markdown.read_text(encoding="utf-8").splitlines()
    header, (cells,) = read_csv(table)
    assert RIGHTS == {key: dict(zip(header, cells, strict=True))[key] for key in RIGHTS}


@pytest.mark.parametrize("url", ["studio://pictures/ariel/1.jpg", ""])
def test_only_web_addresses_become_links(hoard, tmp_path: Path, url: str):
    """A browser can open no other."""
    hoard.collect(b"one", url, title="Ariel")

    write_attributions(
        attributions(hoard.project), markdown=tmp_path / "A.md", table=tmp_path / "A.csv"
    )

    assert "- Ariel by unknown author, unknown `" in (tmp_path / "A.md").read_text("utf-8")


def test_nothing_collected_is_an_empty_page(hoard, tmp_path: Path):
    """The files are written, and same input gives same bytes."""
    for name in ("one", "two"):
        write_attributions(
            attributions(hoard.project),
            markdown=tmp_path / f"{name}.md",
            table=tmp_path / f"{name}.csv",
        )

    assert (tmp_path / "one.md").read_bytes() == (tmp_path / "two.md").read_bytes()
    assert (tmp_path / "one.csv").read_text("utf-8").startswith("sha256,file,character,title")
