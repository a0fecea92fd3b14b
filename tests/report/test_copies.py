"""Copies on the page: counted by step, the keeper first, missing files left out."""

from pipeline.catalog.catalog import Catalog
from pipeline.files import read_rows, write_rows
from pipeline.records import Band, ConflictRow, GroupRow, PairRow, SplitRow
from pipeline.report.copies import read_copies
from tests.report.sites import group_row


def pair(one, other, band, *, bits=2):
    """Make the evidence of two images that are alike."""
    first, second = sorted((one, other))
    return PairRow(
        sha256=first,
        other_sha256=second,
        band=band,
        distance_bits=bits,
        has_same_colours=True,
        window_bits=None,
        is_mirrored=False,
        num_inliers=0,
        agreement=0.0,
        overlap=0.0,
    )


def test_groups_near_pairs_and_conflicts(copied):
    """Each is shown with its pictures and why; counts follow from groups.csv."""
    rows = read_rows(copied.split, SplitRow)
    keeper, copy, one, other, *rest = [row for row in rows if row.character == "ariel"]
    elsa = next(row for row in rows if row.character == "elsa")
    groups = [
        group_row(keeper),
        group_row(copy, group=keeper.group, keep=False, reason="near duplicate"),
        *(group_row(row) for row in (one, other, *rest, elsa)),
    ]
    pairs = [
        pair(keeper.sha256, copy.sha256, Band.DUPLICATE),
        pair(one.sha256, other.sha256, Band.NEAR, bits=7),
        pair(one.sha256, rest[0].sha256, Band.DUPLICATE, bits=None),
    ]
    conflict = ConflictRow(
        sha256=one.sha256,
        character="ariel",
        other_sha256=elsa.sha256,
        other_character="elsa",
        distance_bits=3,
    )
    write_rows(copied.groups, GroupRow, groups)
    write_rows(copied.pairs, PairRow, sorted(pairs, key=lambda each: each.sha256))
    write_rows(copied.conflicts, ConflictRow, [conflict])
    copies = read_copies(Catalog(copied))

    assert {"in hand": 15, "near duplicate": 1, "kept": 14} == copies.counts["ariel"]
    assert (1, 1, 1) == (copies.num_groups, copies.num_near, copies.num_conflicts)
    assert ["kept", "near duplicate: 2 of 64 bits differ, same colours"] == [
        tile.words for tile in copies.groups[0].tiles
    ]
    assert ["ariel", "elsa"] == [tile.character for tile in copies.conflicts[0].tiles]
    assert 2 == len(copies.near[0].tiles)
    assert [(0, 0, 0), (2, 1, 0), (8, 1, 1)] == [
        (each.bits, each.duplicates, each.near) for each in copies.sweep if each.bits in {0, 2, 8}
    ]
    assert 1 == copies.num_beyond


def test_pictures_that_are_not_here_are_left_out(copied):
    """Without the pulled images counts remain and sheets are empty."""
    rows = read_rows(copied.split, SplitRow)
    (keeper, copy) = rows[:2]
    write_rows(
        copied.groups,
        GroupRow,
        [group_row(keeper), group_row(copy, group=keeper.group, keep=False, reason="denied")],
    )
    for row in (keeper, copy):
        (copied.root / row.file).unlink()
    copies = read_copies(Catalog(copied))

    assert (1, ()) == (copies.num_groups, copies.groups)
    assert 1 == copies.counts[copy.character]["denied"]
