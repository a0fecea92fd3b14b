"""Who may be a copy: found once, whichever images came first."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageOps

from pipeline.dedup.candidates import window_pairs
from pipeline.dedup.fingerprint import joined
from pipeline.dedup.search import Pairs
from tests.dedup.scenes import fingerprint_of, scene

IMAGES = [scene(seed, size=(200, 160)) for seed in range(4)]
COPIES = [
    IMAGES[0].crop((0, 0, 160, 128)),
    ImageOps.mirror(IMAGES[1]),
    IMAGES[2].rotate(90, expand=True),
]
WINDOWS = joined([fingerprint_of(image) for image in (*IMAGES, *COPIES)]).windows_NWH


def triples(pairs: Pairs) -> set[tuple[int, int, int]]:
    """List pairs with their distance."""
    columns = (pairs.first_K, pairs.second_K, pairs.distance_bits_K)
    return set(zip(*(column.tolist() for column in columns), strict=True))


def found(*, mirrored: bool, new: list[bool]) -> set[tuple[int, int, int]]:
    """Search where some images are new."""
    return triples(window_pairs(WINDOWS, mirrored=mirrored, is_new_N=np.array(new)))


def test_crops_mirror_images_and_turned_copies_are_met() -> None:
    """Each copy is met in the way it was made."""
    everyone = [True] * len(WINDOWS)

    assert {(0, 4), (2, 6)} == {(i, j) for i, j, _ in found(mirrored=False, new=everyone)}
    assert (1, 5) in {(i, j) for i, j, _ in found(mirrored=True, new=everyone)}


@pytest.mark.parametrize("mirrored", [False, True])
@given(st.lists(st.booleans(), min_size=7, max_size=7))
def test_old_and_new_together_are_all(mirrored: bool, new: list[bool]) -> None:  # noqa: FBT001
    """What a first search and a second over what is new find is what one over all finds."""
    at_once = found(mirrored=mirrored, new=[True] * 7)
    old = np.flatnonzero(~np.array(new))
    first = triples(window_pairs(WINDOWS[old], mirrored=mirrored, is_new_N=np.ones(len(old), bool)))
    first = {(int(old[i]), int(old[j]), bits) for i, j, bits in first}

    assert at_once == first | found(mirrored=mirrored, new=new)
