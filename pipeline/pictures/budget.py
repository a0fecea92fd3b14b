"""How many pixels the decoders of a process may hold at once; who wants more waits in line.

A file of 110 kB can hold 25 megapixels, and a pixel takes up to 17 bytes while it is decoded: what
a crowd of threads may hold must not depend on who asks them.
"""

import ctypes
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from threading import Condition, Lock

_M_MMAP_THRESHOLD = -3  # of <malloc.h>
_BLOCK_BYTES = 4_000_000  # Pillow takes 16 MB at once for a large picture


class PixelBudget:
    """Pixels in flight, shared by threads."""

    def __init__(self, total: int) -> None:
        """Allow so many pixels at once."""
        self._total = self._free = total
        self._first_in_line = Lock()
        self._freed = Condition()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Hold pixels for the length of a block, first waiting until there are enough.

        The one who has waited longest goes first, so a large picture is not overtaken for ever; one
        larger than the whole budget goes alone. A thread that holds some must not take more.

        Args:
            pixels: width x height.
        """
        share = min(pixels, self._total)
        with self._first_in_line, self._freed:
            self._freed.wait_for(lambda: share <= self._free)
            self._free -= share
        try:
            yield
        finally:
            with self._freed:
                self._free += share
                self._freed.notify()


SMALL_PX = 1_000_000
SMALL, LARGE = PixelBudget(4_000_000), PixelBudget(25_000_000)  # 0.5 GB together, at worst


def in_flight(pixels: int) -> AbstractContextManager[None]:
    """Hold the pixels of a picture for a block; small pictures do not wait behind large ones."""
    return (SMALL if pixels <= SMALL_PX else LARGE).taken(pixels)


def free_at_once() -> None:
    """Have the C library give large blocks back to the system once they are freed.

    Of itself glibc learns to keep them, for each thread: eight threads that have each decoded 25
    megapixels, one after the other, held 2.1 GB. Other libraries are left as they are.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _BLOCK_BYTES)
