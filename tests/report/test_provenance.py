"""Where pictures came from: every kept one is counted."""

from pipeline.evaluation.manifests import read_records
from pipeline.files import read_rows, write_rows
from pipeline.params import load_params
from pipeline.records import ImageRecord, SplitRow
from pipeline.report.provenance import rights_of


def test_licences_are_counted(site, site_params):
    """Counts by source and licence, unknown ones said apart."""
    rows = read_rows(site.split, SplitRow)
    rights = rights_of(rows, read_records(site, site_params))

    assert (("mediawiki", "unknown", 24), ("mediawiki", "CC BY 4.0", 21)) == rights.by_licence
    assert (24, 0, False) == (rights.num_unknown, rights.num_others, rights.is_all_drawn)


def test_many_licences_are_summed_up(site, site_params):
    """The page names twelve licences and counts the rest."""
    rows = read_rows(site.split, SplitRow)
    records = read_records(site, site_params)
    fields = [
        {name: getattr(records[row.sha256], name) for name in ImageRecord.__dataclass_fields__}
        for row in rows
    ]
    odd = {
        each["sha256"]: ImageRecord(**(each | {"licence": str(number), "source": "studio"}))
        for number, each in enumerate(fields)
    }
    rights = rights_of(rows, odd)

    assert (12, 45 - 12, True) == (len(rights.by_licence), rights.num_others, rights.is_all_drawn)


def test_contributions_are_read_too(site, make_project):
    """Members' manifests count like collected ones."""
    project = make_project()
    (record, *_) = read_rows(site.raw_manifest("elsa"), ImageRecord)
    write_rows(project.manifests / "m2" / "elsa.csv", ImageRecord, [record])

    assert {record.sha256: record} == read_records(project, load_params(project))
