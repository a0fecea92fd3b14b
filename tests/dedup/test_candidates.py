"""Who may be a copy: found once, whichever images came first."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageOps

from pipeline.dedup.candidates import MAX_BITS, MAX_COARSE_BITS, window_pairs
from pipeline.dedup.fingerprint import joined
from pipeline.dedup.search import Pairs
from pipeline.dedup.windows import NUM_FORMS, NUM_VIEWS, form, is_mirrored
from tests.dedup.bits import share_a_band
from tests.dedup.scenes import fingerprint_of, scene

IMAGES = [scene(seed, size=(200, 160)) for seed in range(4)]
COPIES = [
    IMAGES[0].crop((0, 0, 160, 128)),
    ImageOps.mirror(IMAGES[1]),
    IMAGES[2].rotate(90, expand=True),
    ImageOps.expand(ImageOps.mirror(IMAGES[3].rotate(90, expand=True)), 16, "black"),
    ImageOps.expand(IMAGES[0], 12, "white"),
]
VIEWS = tuple(product(range(NUM_VIEWS), repeat=2))
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

    assert {(0, 4), (2, 6), (0, 8)} == {(i, j) for i, j, _ in found(mirrored=False, new=everyone)}
    assert {(1, 5), (3, 7)} <= {(i, j) for i, j, _ in found(mirrored=True, new=everyone)}


def meets(differing: np.ndarray) -> bool:
    """Tell whether a crop and a whole, by their bits that differ, are worth a closer look."""
    bits = np.bitwise_count(differing)
    return share_a_band(int(differing[0]), 0) and bits[0] <= 18 and bits.sum() <= 100


def by_definition(mirrored: bool) -> set[tuple[int, int, int]]:  # noqa: FBT001
    """Compare every window with every other that it may be a copy of, one pair at a time."""
    forms = [number for number in range(NUM_FORMS) if is_mirrored(number) == mirrored]
    least: dict[tuple[int, int], int] = {}
    for i, j in permutations(range(len(WINDOWS)), 2):
        wholes = [(WINDOWS[i, v], form(WINDOWS[j, w], f)) for f in forms for v, w in VIEWS]
        bits = [np.bitwise_count(one ^ other) for one, other in wholes]
        counts = [int(each.sum()) for each in bits if each[0] <= MAX_COARSE_BITS]
        differing = WINDOWS[i, NUM_VIEWS:] ^ form(WINDOWS[j, 0], forms[0])
        if any(meets(crop) for crop in differing):
            counts.append(int(np.bitwise_count(differing).sum(axis=1).min()))
        if counts and min(counts) <= MAX_BITS:
            pair = (min(i, j), max(i, j))
            least[pair] = min(least.get(pair, 256), *counts)
    return {(*pair, bits) for pair, bits in least.items()}


@pytest.mark.parametrize("mirrored", [False, True])
def test_no_pair_is_lost_to_speed(mirrored: bool) -> None:  # noqa: FBT001
    """What is compared once, in tiles and one way round is what comparing everything finds."""
    expected = by_definition(mirrored)

    assert expected
    assert expected == found(mirrored=mirrored, new=[True] * len(WINDOWS))


@pytest.mark.parametrize("mirrored", [False, True])
@settings(max_examples=20)
@given(st.lists(st.booleans(), min_size=9, max_size=9))
def test_old_and_new_together_are_all(mirrored: bool, new: list[bool]) -> None:  # noqa: FBT001
    """What a first search and a second over what is new find is what one over all finds."""
    at_once = found(mirrored=mirrored, new=[True] * 9)
    old = np.flatnonzero(~np.array(new))
    first = triples(window_pairs(WINDOWS[old], mirrored=mirrored, is_new_N=np.ones(len(old), bool)))
    first = {(int(old[i]), int(old[j]), bits) for i, j, bits in first}

    assert at_once == first | found(mirrored=mirrored, new=new)
