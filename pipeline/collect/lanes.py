"""A pool of threads in which no lane holds more hands than it may.

Without lanes, eight addresses of a slow site at the head of a list would take all eight threads,
six of them only to wait for its two connections, while other sites have nothing to do.
"""

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

ResultT = TypeVar("ResultT")
Lane = tuple[str, int]  # name, how many pieces of work at once


class LanePool(Generic[ResultT]):
    """Threads that work on the pieces of each lane in order, and on many lanes at once."""

    def __init__(self, num_threads: int) -> None:
        """Start with nothing to do."""
        self._pool = ThreadPoolExecutor(num_threads)
        self._lock = threading.Lock()
        self._is_closed = False
        self._busy: Counter[str] = Counter()
        self._waiting: defaultdict[str, deque[Callable[[], None]]] = defaultdict(deque)

    def submit(self, work: Callable[[], ResultT], *, lane: Lane | None) -> Future[ResultT]:
        """Have a piece of work done, at once or when its lane has a hand free."""
        future: Future[ResultT] = Future()

        def run() -> None:
            _fulfil(future, work)
            if lane:
                self._leave(lane[0])

        self._enter(run, lane)
        return future

    def close(self) -> None:
        """Wait for what is under way; what has not begun never does."""
        with self._lock:
            self._is_closed = True
        self._pool.shutdown(cancel_futures=True)

    def _enter(self, run: Callable[[], None], lane: Lane | None) -> None:
        with self._lock:
            if lane:
                name, most = lane
                if self._busy[name] >= most:
                    self._waiting[name].append(run)
                    return
                self._busy[name] += 1
            self._pool.submit(run)

    def _leave(self, name: str) -> None:
        """Hand the place in a lane to the next who waits for it."""
        with self._lock:
            if self._waiting[name] and not self._is_closed:
                self._pool.submit(self._waiting[name].popleft())
            else:
                self._busy[name] -= 1


def _fulfil(future: Future[ResultT], work: Callable[[], ResultT]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
        future.set_exception(error)
