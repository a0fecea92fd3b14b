"""Comparisons laid side by side."""

from dataclasses import replace

from pipeline.evaluation.slices import Slice
from pipeline.report.findings import COLOURS, slices_of, stress_of


def part(kind, value, accuracy):
    """Make one slice."""
    return Slice(slice=kind, value=value, num=5, num_groups=5, accuracy=accuracy, low=0.1, high=0.9)


def test_network_and_floor_are_compared_in_colour_and_grey(findings):
    """An untrained network loses in colour; on grey pictures both guess."""
    assert findings.than_colour["cnn"].is_worse
    assert 9 == findings.on_grey["cnn"].num
    assert [("cnn", COLOURS)] == [(each.first, each.second) for each in findings.pairs]


def test_stress_has_a_row_for_each_perturbation(inputs):
    """The pictures as they are come first, with one number; corruptions have three."""
    stress = stress_of(inputs)

    assert ("cnn", COLOURS) == stress.columns
    assert "none" == next(iter(stress.rows))
    assert [1, 1] == [len(cells) for cells in stress.rows["none"]]
    assert [3, 3] == [len(cells) for cells in stress.rows["blur"]]


def test_slices_that_all_share_tell_nothing(inputs):
    """A kind with one value is left out; a network without a value has a gap."""
    one = replace(
        inputs.networks[0],
        slices=(
            part("source", "studio", 0.5),
            part("side", "0-199", 0.4),
            part("side", "200-399", 0.6),
        ),
    )
    other = replace(one, slices=(part("side", "0-199", 0.7),))
    rows = slices_of([one, other])

    assert ["0-199", "200-399"] == [row.value for row in rows]
    assert [0.4, 0.7] == [each.accuracy for each in rows[0].scores]
    assert rows[1].scores[1] is None
