"""How often one client may ask: a bucket of tokens each, filled evenly."""

from collections.abc import Callable
from math import ceil
from time import monotonic


class Rate:
    """Counts the requests of each client; memory is of those who asked in the last minute."""

    def __init__(self, *, per_minute: int, clock_s: Callable[[], float] = monotonic) -> None:
        """Allow so many a minute, all of them at once if need be.

        Args:
            per_minute: size of a bucket, and how much flows in.
            clock_s: seconds that only grow.
        """
        self._size, self._clock_s = per_minute, clock_s
        self._full_at_s: dict[str, float] = {}  # when each bucket will be full again

    def wait_s(self, client: str) -> int:
        """Take a token, or say in how many seconds there will be one; 0: it was taken."""
        now_s, token_s = self._clock_s(), 60 / self._size
        self._forget(now_s)
        full_at_s = max(self._full_at_s.get(client, now_s), now_s) + token_s
        missing_s = full_at_s - now_s - 60  # an empty bucket takes a minute
        if missing_s > 1e-6:  # noqa: PLR2004 - rounding
            return ceil(missing_s)
        self._full_at_s[client] = full_at_s
        return 0

    def _forget(self, now_s: float) -> None:
        for client in [each for each, full_s in self._full_at_s.items() if full_s <= now_s]:
            del self._full_at_s[client]
