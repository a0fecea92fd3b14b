"""Cells: each is computed once, and never again."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ModelError
from pipeline.params import Cnn
from pipeline.studies.gradient_flow import measure as measure_gradients
from pipeline.studies.parts.cells import Bench, Cell, Failed, Measured, grid, run_cells
from tests.damage import Damage, every_damage, spoil

CALLS: list[tuple[int, int]] = []  # size and seed of every call that was made


def count_call(bench: Bench, *, seed: int, size: int) -> Measured:
    """Note the call; 13 fails as a training might, 99 is interrupted."""
    CALLS.append((size, seed))
    if size == 13:
        raise ModelError("the loss is nan")
    if size == 99:
        raise KeyboardInterrupt
    return Measured(
        values={"area": size * seed, "classes": len(bench.data.classes)}, timing={"seconds": 0.5}
    )


def name_kernel(_bench: Bench, *, seed: int, network: Cnn) -> Measured:
    """Take a section of params as argument."""
    CALLS.append((network.kernel_size, seed))
    return Measured(values={"kernel_size": network.kernel_size}, timing={})


@pytest.fixture
def own(bench: Bench, tmp_path: Path) -> Bench:
    """Give a bench on which nothing was run yet."""
    CALLS.clear()
    return elsewhere(bench, tmp_path / "one")


def elsewhere(bench: Bench, folder: Path) -> Bench:
    """Give the same bench with another folder of cells, which lies beside its pictures."""
    shutil.copytree(bench.data.folder, folder, ignore=shutil.ignore_patterns("cells"))
    return replace(bench, runs=folder, data=replace(bench.data, folder=folder))


def cell(size: int, *, seed: int = 1, **settings: Any) -> Cell:
    """Plan a call of `count_call`."""
    return Cell(settings=settings, seed=seed, function=count_call, arguments={"size": size})


def test_a_grid_is_every_setting_with_every_seed() -> None:
    """The last axis runs faster than the first, the seeds fastest."""
    found = list(grid([1, 2], heads=[1, 4], scale=[True]))

    assert [
        ({"heads": 1, "scale": True}, 1),
        ({"heads": 1, "scale": True}, 2),
        ({"heads": 4, "scale": True}, 1),
        ({"heads": 4, "scale": True}, 2),
    ] == found


def test_equal_cells_are_computed_once(own: Bench) -> None:
    """What two studies ask for is computed once, whatever they call it; never again after that."""
    cells = [cell(3, study="a"), cell(5), cell(3, study="b")]

    first = run_cells(cells, bench=own, workers=1)
    again = run_cells(cells, bench=own, workers=1)

    assert [(3, 1), (5, 1)] == CALLS
    assert first == again
    assert [3, 5, 3] == [each.values["area"] for each in first if isinstance(each, Measured)]
    assert first[0] == Measured(values={"area": 3, "classes": 3}, timing={"seconds": 0.5})


def test_another_argument_seed_or_picture_is_another_cell(own: Bench) -> None:
    """Nothing that decides a result is left out of its name."""
    other = replace(own, data=replace(own.data, sha256="0" * 64))

    run_cells([cell(3), cell(4), cell(3, seed=2)], bench=own, workers=1)
    run_cells([cell(3)], bench=other, workers=1)

    assert [(3, 1), (4, 1), (3, 2), (3, 1)] == CALLS


def test_sections_of_params_are_arguments(own: Bench) -> None:
    """Two networks are told apart by what they are, not by which object describes them."""
    networks = [Cnn(arch="cnn", kernel_size=k, image_size_px=24) for k in (3, 5, 3)]
    cells = [
        Cell(settings={}, seed=1, function=name_kernel, arguments={"network": each})
        for each in networks
    ]

    found = run_cells(cells, bench=own, workers=1)

    assert [(3, 1), (5, 1)] == CALLS
    assert [3, 5, 3] == [each.values["kernel_size"] for each in found if isinstance(each, Measured)]


def test_a_failed_cell_stops_no_other_and_is_tried_again(own: Bench) -> None:
    """An error that a user can cause becomes an answer; it is not kept."""
    cells = [cell(13), cell(2)]

    found = run_cells(cells, bench=own, workers=1)
    run_cells(cells, bench=own, workers=1)

    assert Failed(why="the loss is nan") == found[0]
    assert isinstance(found[1], Measured)
    assert [(13, 1), (2, 1), (13, 1)] == CALLS


def test_an_interrupted_run_goes_on(own: Bench) -> None:
    """Cells that were finished before Ctrl-C are found again."""
    with pytest.raises(KeyboardInterrupt):
        run_cells([cell(2), cell(99), cell(4)], bench=own, workers=1)

    run_cells([cell(2), cell(4)], bench=own, workers=1)

    assert [(2, 1), (99, 1), (4, 1)] == CALLS


@every_damage
def test_a_damaged_result_is_computed_anew(
    own: Bench, damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    """A digit that a disk has changed is in no study; the other cells stay as they are."""
    cells = [cell(12), cell(34)]
    first = run_cells(cells, bench=own, workers=1)
    path = max((own.data.folder / "cells").iterdir())
    spoil(path, damage)

    assert first == run_cells(cells, bench=own, workers=1)
    assert ([f"{path}: damaged; it is made anew"], 3) == (caplog.messages, len(CALLS))


def test_progress_counts_what_is_left(own: Bench) -> None:
    """The bar starts at 0 of the cells that are not there yet."""
    run_cells([cell(2)], bench=own, workers=1)
    told: list[tuple[int, int]] = []

    run_cells(
        [cell(2), cell(3), cell(4)],
        bench=own,
        workers=1,
        progress=lambda done, total, _note="": told.append((done, total)),
    )

    assert [(0, 2), (1, 2), (2, 2)] == told


@pytest.mark.slow  # two processes load torch
def test_processes_give_what_one_gives(own: Bench, tmp_path: Path) -> None:
    """The answers do not depend on how many cores there are."""
    cells = [
        Cell(settings={}, seed=seed, function=measure_gradients, arguments={"cell": "rnn"})
        for seed in (1, 2, 3)
    ]

    alone = run_cells(cells, bench=own, workers=1)
    together = run_cells(cells, bench=elsewhere(own, tmp_path / "other"), workers=2)

    assert alone == together
