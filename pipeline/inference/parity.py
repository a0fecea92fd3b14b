"""Whether a network says the same in ONNX as in torch, and how long each takes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from pipeline.dataset.pack import Pack
from pipeline.inference.backends import ExportError, Network
from pipeline.inference.squares import Squares

BATCH_SIZES = (1, 4, 7)  # the graph was traced with another
MAX_DIFFERENCE = 1e-3  # of a logit
_WARM_UP = 5  # runs that are not counted
_NOISE_SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """How far two networks are apart."""

    num_pictures: int  # each at each batch size
    max_difference: float  # of a logit
    num_other_answers: int  # the likeliest class is another

    @property
    def holds(self) -> bool:
        """Tell whether the two are one network."""
        return self.max_difference < MAX_DIFFERENCE and not self.num_other_answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long one picture takes, from packed square to logits."""

    p50_ms: float
    p95_ms: float


def compare(one: Network, other: Network, batches: Iterable[Squares]) -> Parity:
    """Ask two networks about the same batches."""
    num_pictures, max_difference, num_other_answers = 0, 0.0, 0
    for squares in batches:
        ours_BK, theirs_BK = one.logits(squares), other.logits(squares)
        num_pictures += len(squares)
        # A logit that is no number is no parity, whatever max() makes of it.
        differences_BK = np.nan_to_num(np.abs(ours_BK - theirs_BK), nan=np.inf)
        max_difference = max(max_difference, float(differences_BK.max()))
        num_other_answers += int((ours_BK.argmax(axis=1) != theirs_BK.argmax(axis=1)).sum())
    return Parity(
        num_pictures=num_pictures,
        max_difference=max_difference,
        num_other_answers=num_other_answers,
    )


def check_parity(parity: Parity, *, network: str) -> None:
    """Refuse an export that says something else.

    Raises:
        ExportError: the logits or the answers differ.
    """
    if not parity.holds:
        raise ExportError(
            f"{network}: as ONNX it is another network: logits differ by up to "
            f"{parity.max_difference:.1g} (allowed: {MAX_DIFFERENCE:g}), "
            f"{parity.num_other_answers} of {parity.num_pictures} answers differ"
        )


def packed_batches(pack: Pack) -> Iterator[Squares]:
    """Give all pictures of a pack, in batches of each size in turn."""
    for size in BATCH_SIZES:
        for first in range(0, len(pack), size):
            chosen_B = np.arange(first, min(first + size, len(pack)))
            yield Squares(images_BPPC=pack.read(chosen_B), content_B2=pack.content_N2[chosen_B])


def noise_batches(*, side_px: int) -> Iterator[Squares]:
    """Give drawn noise of all shapes in batches of each size: where no pictures are at hand."""
    rng = np.random.default_rng(_NOISE_SEED)
    for size in BATCH_SIZES:
        content_B2 = rng.integers(1, side_px + 1, (size, 2))
        content_B2[np.arange(size), rng.integers(0, 2, size)] = side_px  # one side is full
        yield Squares(
            images_BPPC=rng.integers(0, 256, (size, side_px, side_px, 3), dtype=np.uint8),
            content_B2=content_B2,
        )


def measure_latencies(
    networks: Sequence[Network], squares: Squares, *, runs: int = 100
) -> list[Latency]:
    """Ask about one picture again and again, the networks in turn: a busy machine is fair so."""
    times_ms: list[list[float]] = [[] for _ in networks]
    for run in range(-_WARM_UP, runs):
        place = run % len(squares)
        for network, own_ms in zip(networks, times_ms, strict=True):
            start_s = perf_counter()
            network.logits(squares[place : place + 1])
            if run >= 0:
                own_ms.append(1000 * (perf_counter() - start_s))
    percentiles = [np.percentile(own_ms, [50, 95]).tolist() for own_ms in times_ms]
    return [Latency(p50_ms=p50_ms, p95_ms=p95_ms) for p50_ms, p95_ms in percentiles]
