"""Work done ahead by threads, results strictly in order."""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

from pipeline.collect.lanes import Lane, LanePool

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


def in_order(
    items: Sequence[ItemT],
    *,
    work: Callable[[ItemT], ResultT],
    is_at_hand: Callable[[ItemT], bool],
    num_ahead: Callable[[], int],
    num_threads: int,
    stop: Callable[[], None],
    lane_of: Callable[[ItemT], Lane | None] = lambda _: None,
) -> Generator[tuple[ItemT, ResultT], None, None]:
    """Yield (item, result) in the order of the items, working on the next ones meanwhile.

    Nothing is asked of a server on suspicion: as long as every result that was wanted was at hand,
    only items at hand are worked on ahead. So whoever takes the same results a second time, all of
    them remembered by then, causes no request.

    Args:
        items: what to work on.
        work: does the work, in a thread.
        is_at_hand: tells whether the work on an item needs no request.
        num_ahead: how many items may be in work, at least 1; asked before each result.
        num_threads: how many are worked on at once.
        stop: makes work that is under way end at once with an exception. It is called when a
            piece of work fails and when the caller closes this iterator before its end.
        lane_of: whose item it is and how many of that lane may be in work at once, so that one
            slow lane does not hold all threads; None: no matter.

    Raises:
        Exception: the first that `work` raised, at once, whichever item it was.
    """
    todo = deque(items)
    window: deque[tuple[ItemT, Future[ResultT]]] = deque()
    faults: list[BaseException] = []
    is_asking = is_finished = False

    def watched(item: ItemT) -> ResultT:
        try:
            return work(item)
        except BaseException as error:
            faults.append(error)
            stop()
            raise

    pool: LanePool[ResultT] = LanePool(num_threads)
    try:
        while todo or window:
            while todo and len(window) < num_ahead():
                is_request = not is_at_hand(todo[0])
                if window and is_request and not is_asking:
                    break
                is_asking = is_asking or is_request
                item = todo.popleft()
                window.append((item, pool.submit(partial(watched, item), lane=lane_of(item))))
            item, future = window.popleft()
            yield item, _result(future, faults)
        is_finished = True
    finally:
        if not is_finished:
            stop()
        pool.close()


def _result(future: Future[ResultT], faults: list[BaseException]) -> ResultT:
    """Wait for a result; work that was stopped says so, but the fault that caused it counts."""
    if future.exception() is not None:
        raise faults[0]
    return future.result()
