"""Parity finds what differs, and says it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from pipeline.dataset.pack import read_pack
from pipeline.inference.backends import ExportError, Logits
from pipeline.inference.parity import (
    check_parity,
    compare,
    measure_latencies,
    noise_batches,
    packed_batches,
)
from pipeline.inference.squares import Squares
from pipeline.paths import Project
from tests.inference.conftest import draw_squares


@dataclass(frozen=True)
class Brightness:
    """A network that only sees how bright a picture is."""

    change: Callable[[Logits], Logits] = np.copy
    classes: tuple[str, ...] = ("bright", "dark")

    def logits(self, squares: Squares) -> Logits:
        """Give how bright, and a constant."""
        bright_B = squares.images_BPPC.mean(axis=(1, 2, 3)) / 255
        return self.change(np.stack([bright_B, np.full_like(bright_B, 0.5)], axis=1))


def test_a_network_is_itself() -> None:
    """Nothing differs; every picture of every batch is counted."""
    parity = compare(Brightness(), Brightness(), noise_batches(side_px=8))

    assert (12, 0.0, 0, True) == (
        parity.num_pictures,
        parity.max_difference,
        parity.num_other_answers,
        parity.holds,
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda logits: logits + 0.002, "up to 0.002"),
        (lambda logits: logits[:, ::-1], "3 of 3 answers differ"),
        (lambda logits: logits * np.nan, "up to inf"),
    ],
    ids=["shifted", "swapped", "no number"],
)
def test_another_network_is_refused(change: Callable[[Logits], Logits], words: str) -> None:
    """A logit too far off, another answer, or no number at all: the message says which."""
    parity = compare(Brightness(), Brightness(change), [draw_squares(3, side_px=8)])

    with pytest.raises(ExportError, match=words):
        check_parity(parity, network="bright")


def test_another_answer_is_another_network() -> None:
    """However little the logits differ: where two are nearly equal, the answer may be the other."""
    even = Brightness(lambda logits_BK: 0 * logits_BK + np.array([0.5001, 0.5]))
    odd = Brightness(lambda logits_BK: 0 * logits_BK + np.array([0.5, 0.5001]))
    parity = compare(even, odd, [draw_squares(3, side_px=8)])

    with pytest.raises(ExportError, match=r"up to 0\.0001 .*, 3 of 3 answers differ"):
        check_parity(parity, network="bright")


def test_every_test_picture_at_each_size(trained: Project) -> None:
    """A pack comes whole three times, in batches of 1, 4 and 7, the last ones smaller."""
    pack = read_pack(trained.pack("test"))

    sizes = [len(squares) for squares in packed_batches(pack)]

    assert [1, 1, 1, 1, 1, 1, 4, 2, 6] == sizes
    squares = list(packed_batches(pack))[-1]
    np.testing.assert_array_equal(pack.images_NSSC, squares.images_BPPC)
    np.testing.assert_array_equal(pack.content_N2, squares.content_B2)


def test_latency_is_of_one_picture() -> None:
    """Half of the runs are at most p50 long, and p95 is no shorter."""
    latencies = measure_latencies([Brightness()] * 2, draw_squares(3, side_px=8), runs=20)

    assert 2 == len(latencies)
    assert all(0 < each.p50_ms <= each.p95_ms for each in latencies)
