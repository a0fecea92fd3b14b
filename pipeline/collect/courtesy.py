"""Manners towards a host: how many connections, how often, and how long to wait when asked to."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER_S = 60.0  # a host that wants a longer rest is left alone
MAX_BACKOFF_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What a site is asked for at most."""

    connections: int  # at once
    requests_per_s: float


DEFAULT = Manners(connections=4, requests_per_s=5)
# Wikimedia's robot policy counts all of its media hosts together: two connections.
_WIKIMEDIA = Manners(connections=2, requests_per_s=5)
_SITES = {"wikimedia.org": _WIKIMEDIA, "wikipedia.org": _WIKIMEDIA}


class Turns:
    """Hands out turns to ask a site, over all threads of one client."""

    def __init__(
        self, wait: Callable[[float], object], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Wait with `wait(seconds)`; it may raise to end the wait."""
        self._wait = wait
        self._clock = clock
        self._lock = threading.Lock()
        self._slots: dict[str, threading.BoundedSemaphore] = {}
        self._next_start: dict[str, float] = {}

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Hold one connection to the site of `host`, not before its time has come."""
        site, manners = site_of(host)
        with self._lock:
            slot = self._slots.setdefault(site, threading.BoundedSemaphore(manners.connections))
        with slot:
            delay_s = self.reserve(host)
            if delay_s > 0:
                self._wait(delay_s)
            yield

    def reserve(self, host: str) -> float:
        """Take the next free start time of a site; return how long it is until then, seconds."""
        site, manners = site_of(host)
        with self._lock:
            now = self._clock()
            start = max(now, self._next_start.get(site, now))
            self._next_start[site] = start + 1 / manners.requests_per_s
        return start - now

    def rest(self, host: str, seconds: float) -> None:
        """Ask nothing of a site for a while: it said so."""
        site, _ = site_of(host)
        with self._lock:
            until = self._clock() + seconds
            self._next_start[site] = max(until, self._next_start.get(site, until))


def site_of(host: str) -> tuple[str, Manners]:
    """Find whose manners a host wants: its own, or those of the site it belongs to.

    >>> site_of("upload.wikimedia.org")[0]
    'wikimedia.org'
    """
    for site, manners in _SITES.items():
        if host == site or host.endswith(f".{site}"):
            return site, manners
    return host, DEFAULT


def backoff_s(attempt: int, *, first_s: float) -> float:
    """Double the wait with each attempt; no jitter, so that a run can be repeated.

    >>> [backoff_s(attempt, first_s=1.0) for attempt in range(4)]
    [1.0, 2.0, 4.0, 8.0]
    """
    return min(MAX_BACKOFF_S, first_s * 2.0**attempt)


def parse_retry_after(text: str | None, *, now: datetime | None = None) -> float:
    """Read a Retry-After header: seconds or an HTTP date, as seconds from now; 0.0 if unreadable.

    >>> parse_retry_after("120"), parse_retry_after("soon"), parse_retry_after(None)
    (120.0, 0.0, 0.0)
    """
    if not text:
        return 0.0
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until(text, now=now or datetime.now(UTC))
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0


def _seconds_until(text: str, *, now: datetime) -> float:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    return (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds()
