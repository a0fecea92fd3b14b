"""Work ahead of time: order, how much, and how it ends."""

import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from pipeline.collect.ahead import in_order


def run(work: Callable[[int], Any], *, count: int = 20, **options: Any):
    """Work on 0..count-1 with 4 threads, at most 6 ahead."""
    defaults: dict[str, Any] = {
        "is_at_hand": lambda _: False,
        "num_ahead": lambda: 6,
        "num_threads": 4,
        "stop": lambda: None,
    }
    return in_order(range(count), work=work, **(defaults | options))


def test_results_come_in_order_whatever_is_first():
    """A slow first item does not let others overtake it."""
    second_is_done = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_is_done.wait(10)
        if item == 1:
            second_is_done.set()
        return item * item

    assert [(n, n * n) for n in range(20)] == list(run(work))


def test_no_more_is_in_work_than_allowed():
    """When result n is taken, nothing beyond n + num_ahead has been started."""
    started: list[int] = []

    for item, _ in run(started.append):
        assert max(started) < item + 6


def test_nothing_is_asked_on_suspicion_while_all_is_at_hand():
    """Whoever needs only what is at hand causes no other work, so reruns make no request."""
    started: list[int] = []
    results = run(started.append, is_at_hand=lambda item: item < 10)

    with closing(results):
        for item, _ in results:
            if item == 9:
                break

    assert set(range(10)) == set(started)


def test_the_first_gap_that_is_needed_starts_working_ahead():
    """Once a request was needed, the next ones are fetched ahead as usual."""
    started: list[int] = []
    results = run(started.append, is_at_hand=lambda item: item < 10)

    with closing(results):
        for item, _ in results:
            if item == 10:
                break

    assert max(started) > 10


def test_a_fault_surfaces_at_once_and_stops_the_others():
    """A full disk under item 3 ends the wait for item 0, and is what the caller sees."""
    stopped = threading.Event()

    def work(item: int) -> None:
        if item == 3:
            raise OSError(28, "No space left on device")
        assert stopped.wait(10)
        raise RuntimeError("stopped")

    with pytest.raises(OSError, match="No space left"):
        list(run(work, stop=stopped.set))


def test_leaving_early_stops_the_rest():
    """Closing the iterator ends work under way and never starts what is queued."""
    stopped = threading.Event()
    started: list[int] = []

    def work(item: int) -> None:
        started.append(item)
        assert item == 0 or stopped.wait(10)

    results = run(work, stop=stopped.set)
    with closing(results):
        next(results)

    assert stopped.is_set()
    assert len(started) <= 6


def test_a_walk_to_the_end_stops_nothing():
    """After the last item the client can still be used."""
    list(run(lambda item: item, stop=lambda: pytest.fail("stopped")))
