"""Slices: each test picture counts once in each kind of slice."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.evaluation.proportions import proportion_interval
from pipeline.evaluation.slices import slice_scores
from tests.rows import catalog_image, image_record


def origin(*, source="studio", member="na", side_px=300, copies=1):
    """Know one picture."""
    facts = {"source": source, "width_px": side_px, "height_px": side_px + 1}
    return catalog_image(replace(image_record("a" * 64, **facts), member=member), copies=copies)


def test_accuracy_by_source_member_side_and_copies(answers):
    """Six pictures, cut four ways; sizes sort by number, not by letter."""
    test = answers([0, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1])
    known = [
        origin(side_px=120),
        origin(side_px=1000, copies=2),
        origin(side_px=800, copies=12),
        origin(source="urls", side_px=199),
        origin(source="urls", member="m2", side_px=200, copies=4),
        origin(source="urls", member="m2", side_px=399, copies=3),
    ]
    groups = ["a", "b", "c", "d", "e", "e"]
    rows = slice_scores(test, groups, dict(zip(test.sha256s, known, strict=True)))

    assert [
        ("source", "studio", 3, 3, 1.0),
        ("source", "urls", 3, 2, 0.0),
        ("member", "m2", 2, 1, 0.0),
        ("member", "na", 4, 4, 0.75),
        ("side", "0-199", 2, 2, 0.5),
        ("side", "200-399", 2, 1, 0.0),
        ("side", "800 or more", 2, 2, 1.0),
        ("copies", "1", 2, 2, 0.5),
        ("copies", "2", 1, 1, 1.0),
        ("copies", "3-4", 2, 1, 0.0),
        ("copies", "5 or more", 1, 1, 1.0),
    ] == [(row.slice, row.value, row.num, row.num_groups, row.accuracy) for row in rows]
    assert all(row.low <= row.accuracy <= row.high for row in rows)


def test_the_interval_is_that_of_the_slice_alone(answers):
    """A slice of twenty pictures is as unsure as twenty pictures are."""
    predicted = [0] * 15 + [1] * 25
    test = answers([0] * 40, predicted)
    known = [origin(member="na" if place < 20 else "m2") for place in range(40)]
    groups = [f"g{place}" for place in range(40)]
    rows = slice_scores(test, groups, dict(zip(test.sha256s, known, strict=True)))
    row = next(row for row in rows if row.value == "na")

    assert proportion_interval(np.arange(20) < 15, groups[:20]) == pytest.approx(
        (row.low, row.high), abs=1e-6
    )


def test_a_picture_of_unknown_origin_is_told(answers):
    """predictions.csv of an older run names pictures that are gone."""
    with pytest.raises(DataError, match=r"not kept in groups\.csv"):
        slice_scores(answers([0], [0]), ["a"], {})
