"""Some pictures of several packs, as if they were one."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.dataset.pack import Pack, read_pack, write_pack
from pipeline.dataset.selection import select
from pipeline.params import Augment
from pipeline.records import SplitRow

CLASSES = ("ariel", "elsa", "merida")


@pytest.fixture
def packs(draw_split: Callable[..., list[SplitRow]], tmp_path: Path) -> list[Pack]:
    """Pack five pictures in one place and four others in another."""
    rows = draw_split(9)
    for name, part in (("one", rows[:5]), ("two", rows[5:])):
        write_pack(
            part,
            tmp_path / name,
            root=tmp_path,
            classes=CLASSES,
            augment=Augment(image_size_px=32, variants=0),
            seed=7,
        )
    return [read_pack(tmp_path / name) for name in ("one", "two")]


def test_reads_the_right_pixels_in_any_order(packs: list[Pack]) -> None:
    """Pictures of both packs, asked for to and fro and twice, are those asked for."""
    chosen = select(packs, [[4, 1], [0, 3]])
    origins = [(0, 4), (0, 1), (1, 0), (1, 3)]
    places = [3, 0, 2, 1, 0]

    pixels_BSSC = chosen.read(np.array(places))

    expected = [packs[pack].images_NSSC[place] for pack, place in (origins[n] for n in places)]
    assert np.array_equal(np.stack(expected), pixels_BSSC)
    assert 4 == len({each.tobytes() for each in pixels_BSSC})


def test_rows_labels_and_sizes_go_with_the_pixels(packs: list[Pack]) -> None:
    """All that is known about a picture comes along, in the order of the choice."""
    chosen = select(packs, [[4, 1], [3]])

    assert 3 == len(chosen)
    assert (packs[0].rows[4], packs[0].rows[1], packs[1].rows[3]) == chosen.rows
    assert [CLASSES.index(row.character) for row in chosen.rows] == chosen.labels_N.tolist()
    sizes = [[row.width_px, row.height_px] for row in chosen.rows]
    assert sizes == chosen.content_N2.tolist()
    assert CLASSES == chosen.classes


def test_a_pack_may_give_nothing(packs: list[Pack]) -> None:
    """A fold may hold pictures of one pack only."""
    chosen = select(packs, [[], [2]])

    assert np.array_equal(packs[1].images_NSSC[2:3], chosen.read(np.array([0])))


def test_the_hash_names_choice_order_and_packs(packs: list[Pack]) -> None:
    """Another choice, another order or other packs are other data; the same are the same."""
    asked = [[[0, 1], [2]], [[0, 2], [2]], [[1, 0], [2]], [[0, 1], []]]

    hashes = [select(packs, each).sha256() for each in asked]

    assert 4 == len(set(hashes))
    assert hashes[0] == select(packs, asked[0]).sha256()
    assert select(packs, [[0], [0]]).sha256() != select(packs[::-1], [[0], [0]]).sha256()


def test_packs_of_other_classes_are_refused(packs: list[Pack]) -> None:
    """A label must mean the same in all of them."""
    other = dataclasses.replace(packs[1], classes=("elsa", "ariel", "merida"))

    with pytest.raises(ValueError, match="different classes"):
        select([packs[0], other], [[0], [0]])
