"""The study of filter sizes."""

import pytest
import torch

from pipeline.networks import build_network
from pipeline.networks.parts.cost import stride_px
from pipeline.studies.filter_size import (
    COMPUTE,
    EPOCHS,
    MIRRORS,
    STUDY,
    middle_gradient,
    mirrored,
    side_px,
)
from pipeline.studies.parts.cells import Bench
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table


def planted(effect: float, *, noise: float = 0.001) -> Table:
    """Make up runs in which 11 x 11 scores `effect` more than 3 x 3."""
    settings = [
        *((EPOCHS, "depthwise", size) for size in (3, 7, 11)),
        *((EPOCHS, "dense", size) for size in (3, 7)),
        *((COMPUTE, "depthwise", size) for size in (7, 11)),
    ]
    return Table(
        [
            Run(
                settings={"equal": equal, "convolution": convolution, "kernel_size": size},
                seed=seed,
                values={
                    "accuracy": 0.5 + effect * (size == 11) + noise * seed * (size == 11),
                    "sees_px": 10 * size,
                    "can_see_px": 40 * size,
                    "canvas_px": 432,
                    "middle_px": 224,
                    "macs": 1e6 * size,
                    "epochs": 6,
                    "field": [[0.0, 1.0], [0.5, 0.0]],
                },
                timing={},
            )
            for equal, convolution, size in settings
            for seed in (-1, 0, 1)
        ]
    )


@pytest.mark.parametrize(
    ("effect", "noise", "verdict"),
    [
        (0.1, 0.001, Verdict.SUPPORTED),
        (-0.1, 0.001, Verdict.SUPPORTED),
        (0.0, 0.001, Verdict.REFUTED),
        (0.0, 0.1, Verdict.UNDECIDED),
    ],
)
def test_the_rule(effect: float, noise: float, verdict: Verdict) -> None:
    """A size matters whichever way; it does not if the difference is surely small."""
    found = STUDY.conclude(planted(effect, noise=noise))

    assert verdict == found.verdict
    assert ["figure.svg", "fields.svg"] == [figure.file for figure in found.figures]


def test_equal_compute_is_fewer_epochs_of_a_dearer_network(setup: Setup) -> None:
    """Whole epochs, at least one; with equal epochs all train alike."""
    cells = STUDY.plan(setup)

    epochs = {(c.settings["equal"], c.arguments["train"].epochs) for c in cells}
    assert {(EPOCHS, 1), (COMPUTE, 1)} == epochs
    assert len(cells) == len({str((c.settings, c.seed)) for c in cells})


def test_a_run_measures_score_and_reach(bench: Bench, setup: Setup) -> None:
    """A wider filter can see farther, and what it sees is drawn."""
    cells = [c for c in STUDY.plan(setup) if c.seed == 1 and c.settings["equal"] == EPOCHS]
    narrow, _, wide = (each.compute(bench).values for each in cells[:3])

    assert 15 == len(narrow["is_right"])
    assert sum(narrow["is_right"]) / 15 == pytest.approx(narrow["accuracy"])
    assert narrow["can_see_px"] < wide["can_see_px"]
    assert narrow["sees_px"] < narrow["can_see_px"]
    assert narrow["sees_px"] < wide["sees_px"]
    assert 1.0 == max(max(row) for row in narrow["field"])


def test_mirrored_pictures_have_no_seam() -> None:
    """Neighbours across an edge are the same pixel, and the middle tile is the picture itself."""
    x_BCSS = torch.rand(2, 3, 4, 4)

    tiled_BCTT = mirrored(x_BCSS)

    assert (2, 3, 4 * MIRRORS, 4 * MIRRORS) == tuple(tiled_BCTT.shape)
    start = 4 * (MIRRORS // 2)
    assert torch.equal(x_BCSS, tiled_BCTT[..., start : start + 4, start : start + 4])
    assert torch.equal(tiled_BCTT[..., start - 1], tiled_BCTT[..., start])


def test_the_field_lies_around_the_middle(setup: Setup) -> None:
    """Nothing outside the theoretical field has a gradient, and the square holds 95 %."""
    network = setup.network("cnn", kernel_size=3)
    chain = build_network(network, classes=("a", "b")).eval().chain()

    field_TT = middle_gradient(chain, torch.randn(2, 3, 256, 256))

    side = side_px(field_TT, step_px=stride_px(chain))
    reach, middle = side // 2, 128
    inside = field_TT[middle - reach : middle + reach + 1, middle - reach : middle + reach + 1]
    assert 0.95 <= float(inside.sum() / field_TT.sum()) < 1
    assert 0.0 == float(field_TT[0].sum())
