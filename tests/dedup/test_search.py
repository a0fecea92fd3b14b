"""All near pairs are found, each once and at its smallest distance."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageOps

from pipeline.dedup.fingerprint import GRID, Fingerprints, joined
from pipeline.dedup.search import WAYS, Pairs, closest_ways, near_pairs
from pipeline.dedup.windows import HASH_WORDS, NUM_WINDOWS
from tests.dedup.scenes import fingerprint_of, scene

WORDS = st.integers(0, 2**64 - 1)
PLAIN, MIRRORED = WAYS[0], WAYS[1]


def from_words(words: list[list[int]], *, bordered: bool = False) -> Fingerprints:
    """Make fingerprints of given hashes (per picture: as it is, mirrored), in both views."""
    hashes_NO = np.array(words, dtype=np.uint64)
    colours = np.zeros((len(words), 2, GRID, GRID, 3), np.uint8)
    colours[:, 1] = 1 if bordered else 0
    return Fingerprints(
        hashes_NVO=np.stack([hashes_NO, hashes_NO], 1),
        colours_NVSSC=colours,
        windows_NWH=np.zeros((len(words), NUM_WINDOWS, HASH_WORDS), np.uint64),
        sharpness_N=np.ones(len(words)),
        num_pixels_N=np.ones(len(words), np.int64),
        measures_NM=np.zeros((len(words), 0)),
    )


def triples(pairs: Pairs) -> list[tuple[int, int, int]]:
    """List pairs with their distance."""
    columns = (pairs.first_K, pairs.second_K, pairs.distance_bits_K)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@given(st.lists(st.tuples(WORDS, WORDS), min_size=2, max_size=8), st.integers(0, 64))
def test_pairs_are_those_of_the_plain_definition(
    words: list[tuple[int, int]], max_distance_bits: int
) -> None:
    """Blocks and numpy find exactly what counting bits pair by pair finds."""
    expected = [
        (i, j, (words[i][0] ^ words[j][0]).bit_count())
        for i, j in combinations(range(len(words)), 2)
        if (words[i][0] ^ words[j][0]).bit_count() <= max_distance_bits
    ]

    found = near_pairs(
        from_words([list(each) for each in words]), PLAIN, max_distance_bits=max_distance_bits
    )

    assert expected == triples(found)


def test_more_pictures_than_a_block() -> None:
    """Pairs across blocks are found, too."""
    words = [[2**n, 0] for n in range(60)] + [[2**n + 2**61, 0] for n in range(60)] + [[0, 0]] * 40

    found = near_pairs(from_words(words), PLAIN, max_distance_bits=1)

    assert {(n, 60 + n, 1) for n in range(60)} <= set(triples(found))
    assert len(found) == 60 + 60 * 40 + 40 * 39 // 2


@given(st.lists(WORDS, min_size=4, max_size=4))
def test_mirrored_distance_is_symmetric(words: list[int]) -> None:
    """Which of two pictures comes first changes no distance."""
    one, other = words[:2], words[2:]

    distances = [
        triples(near_pairs(from_words(pair), MIRRORED, max_distance_bits=64))
        for pair in ([one, other], [other, one])
    ]

    assert distances[0] == distances[1]


def test_second_view_is_searched_only_where_there_is_a_border() -> None:
    """Without a border the second view is the first, and every pair would be found twice."""
    words = [[7, 0], [7, 0]]
    both_inside = next(way for way in WAYS if (way.first_view, way.second_view) == (1, 1))

    assert 0 == len(near_pairs(from_words(words), both_inside, max_distance_bits=0))
    framed = from_words(words, bordered=True)
    assert 1 == len(near_pairs(framed, both_inside, max_distance_bits=0))


@pytest.mark.parametrize("seed", range(3))
def test_mirror_images_and_framed_copies_are_near(seed: int) -> None:
    """A mirrored and a framed copy are found in one way or other; another picture in none."""
    image = scene(seed)
    copies = [image, ImageOps.mirror(image), ImageOps.expand(image, 24, "black"), scene(seed + 99)]
    fingerprints = joined([fingerprint_of(each) for each in copies])

    found = closest_ways([near_pairs(fingerprints, way, max_distance_bits=8) for way in WAYS])

    assert {(0, 1), (0, 2), (1, 2)} == {(i, j) for i, j, _ in triples(found)}


def test_closest_ways_keeps_the_smallest_distance() -> None:
    """A pair that is near in several ways counts once."""
    far, near = (
        Pairs(
            first_K=np.array([0, 3]),
            second_K=np.array([2, 4]),
            distance_bits_K=np.array(bits, np.uint8),
        )
        for bits in ([5, 1], [2, 6])
    )

    assert [(0, 2, 2), (3, 4, 1)] == triples(closest_ways([far, near]))
