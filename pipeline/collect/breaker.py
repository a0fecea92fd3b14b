"""Hosts that have had enough of this run, or are down: they are left alone until the next one.

A circuit breaker per host. It opens at once when a host says so (a challenge of Cloudflare's, a
Retry-After of hours), else after several failures in a row. The run goes on with other hosts; each
candidate of a stopped host is a row "blocked", which the ledger counts as a failure that may pass.
"""

import threading
from collections import Counter

from pipeline.collect.courtesy import MAX_RETRY_AFTER_S
from pipeline.collect.faults import FetchError
from pipeline.records import Reason

STRIKES = 5  # failures in a row
_STRIKING = frozenset({Reason.BLOCKED, Reason.UNREACHABLE, Reason.TOO_SLOW, Reason.SERVER_ERROR})


class Breaker:
    """Counts the failures of each host over all threads of one client."""

    def __init__(self) -> None:
        """Trust every host."""
        self._lock = threading.Lock()
        self._strikes: Counter[str] = Counter()
        self._why: dict[str, str] = {}  # host -> why it is left alone

    def check(self, host: str) -> None:
        """Let a request to a host pass.

        Raises:
            FetchError: the host is left alone for the rest of the run.
        """
        if host in self._why:
            raise FetchError(Reason.BLOCKED, f"{host}: {self._why[host]}")

    def note_success(self, host: str) -> None:
        """Take back the strikes of a host that answers."""
        if self._strikes[host]:
            with self._lock:
                self._strikes[host] = 0

    def note_failure(self, host: str, error: FetchError) -> None:
        """Count what went wrong with a host; a fault of one file shows that the host is well."""
        if not host:
            return  # refused here, or by a local transport
        if error.rejected.reason not in _STRIKING:
            self.note_success(host)
            return
        with self._lock:
            self._strikes[host] += 1
            if error.is_final or error.retry_after_s > MAX_RETRY_AFTER_S:
                self._why.setdefault(host, "left alone, as it asked")
            elif self._strikes[host] >= STRIKES:
                self._why.setdefault(host, f"left alone after {STRIKES} failures in a row")
