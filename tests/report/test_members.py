"""Who contributed: counts follow from manifests, reviews and the split."""

from dataclasses import replace

from pipeline.files import read_rows, write_rows
from pipeline.params import load_params
from pipeline.records import GroupRow, ImageRecord
from pipeline.report.inputs import read_inputs
from pipeline.team.roster import members
from tests.rows import group_row


def members_of(project):
    """Read the members of a project."""
    inputs = read_inputs(project, load_params(project))
    return members(inputs.catalog, inputs.params, funnel=inputs.funnel)


def test_members_have_their_characters(site):
    """Targets and kept pictures add up over a member's characters; reviews are counted."""
    na, m2 = members_of(site)

    assert ("na", 20, 15) == (na.slug, na.total("target"), na.total("kept"))
    assert ("m2", 40, 30) == (m2.slug, m2.total("target"), m2.total("kept"))
    assert (3, (("keep", 2), ("reject", 1))) == (m2.num_reviews, m2.reviews)
    assert (0, 0) == (na.brought, na.brought_kept)


def test_what_is_brought_is_the_members_own(copied):
    """A contribution counts for who brought it, whoever has the character, and so may a guest."""
    (record, other, *_) = read_rows(copied.raw_manifest("elsa"), ImageRecord)
    file = f"data/contributions/m9/elsa/{record.sha256}.png"
    rows = [
        replace(record, member="m9", file=file),
        replace(other, member="m9", sha256="f" * 64, file=file.replace(record.sha256, "f" * 64)),
    ]
    write_rows(copied.raw_manifest("elsa"), ImageRecord, [])
    write_rows(copied.manifests / "m9" / "elsa.csv", ImageRecord, rows)
    others = [row for row in read_rows(copied.groups, GroupRow) if row.character != "elsa"]
    write_rows(copied.groups, GroupRow, [*others, group_row(rows[0])])

    guest = members_of(copied)[-1]

    assert ("m9", (), 2, 1) == (guest.slug, guest.characters, guest.brought, guest.brought_kept)
