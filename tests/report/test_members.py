"""Who contributed: counts follow from manifests, reviews and the split."""

from dataclasses import replace

from pipeline.evaluation.manifests import read_records
from pipeline.files import read_rows, write_rows
from pipeline.params import load_params
from pipeline.records import ImageRecord, SplitRow
from pipeline.report.members import credits_of, read_members
from pipeline.team.progress import funnel


def members_of(project):
    """Read the members of a project."""
    params = load_params(project)
    return read_members(
        project,
        params,
        funnel=funnel(project, params),
        records=read_records(project, params),
        split_rows=read_rows(project.split, SplitRow),
    )


def test_members_have_their_characters(site):
    """Targets and kept pictures add up over a member's characters; reviews are counted."""
    na, m2 = members_of(site)

    assert ("na", 20, 15) == (na.slug, na.target, na.kept)
    assert ("m2", 40, 30) == (m2.slug, m2.target, m2.kept)
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

    guest = members_of(copied)[-1]

    assert ("m9", (), 2, 1) == (guest.slug, guest.characters, guest.brought, guest.brought_kept)


def test_makers_are_counted(inputs):
    """Named authors are listed with their pictures; nobody's are counted apart."""
    row, *rest = inputs.split_rows
    records = dict(inputs.records) | {row.sha256: replace(inputs.records[row.sha256], author="")}
    found = credits_of(inputs.split_rows, records)

    assert ((('<a href="https://evil.example">me</a>', len(rest)),), 1, 1) == (
        found.authors,
        found.num_authors,
        found.num_unnamed,
    )
