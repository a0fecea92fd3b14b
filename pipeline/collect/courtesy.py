"""Manners towards a host: how many connections, how often, how fast, and when to leave it alone."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from pipeline.params import Collect

MAX_RETRY_AFTER_S = 60.0  # a host that wants a longer rest is left alone
MAX_BACKOFF_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What a site is asked for at most."""

    connections: int  # at once
    requests_per_s: float
    mbit_per_s: float

    @classmethod
    def of(cls, limits: Collect) -> Self:
        """Read them from params."""
        return cls(
            connections=limits.host_connections,
            requests_per_s=limits.host_requests_per_s,
            mbit_per_s=limits.host_mbit_per_s,
        )

    def no_more_than(self, other: Self) -> Self:
        """Combine with another's wishes: the stricter of each counts."""
        return replace(
            self,
            connections=min(self.connections, other.connections),
            requests_per_s=min(self.requests_per_s, other.requests_per_s),
            mbit_per_s=min(self.mbit_per_s, other.mbit_per_s),
        )


# Wikimedia's robot policy counts all of its media hosts together: 2 connections, 25 Mbit/s
# (https://wikitech.wikimedia.org/wiki/Robot_policy, read 2026-11).
_WIKIMEDIA = Manners(connections=2, requests_per_s=5, mbit_per_s=25)
_SITES = {"wikimedia.org": _WIKIMEDIA, "wikipedia.org": _WIKIMEDIA}


class Turns:
    """Hands out turns to ask a site, over all threads of one client."""

    def __init__(
        self,
        manners: Manners,
        *,
        wait: Callable[[float], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with all sites idle.

        Args:
            manners: towards a site that has no stricter rules of its own.
            wait: sleeps for so many seconds; it may raise to end the wait.
            clock: seconds, never going back.
        """
        self._manners = manners
        self._wait = wait
        self._clock = clock
        self._lock = threading.Lock()
        self._slots: dict[str, threading.BoundedSemaphore] = {}
        self._next_start: dict[str, float] = {}
        self._next_byte: dict[str, float] = {}
        self._delays: dict[str, float] = {}  # s between two requests, where a site asks for it

    def site(self, host: str) -> tuple[str, int]:
        """Find who answers for a host, and how many connections that site allows."""
        site, manners = self._site(host)
        return site, manners.connections

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Hold one connection to the site of `host`, not before its time has come."""
        site, manners = self._site(host)
        with self._lock:
            slot = self._slots.setdefault(site, threading.BoundedSemaphore(manners.connections))
        with slot:
            self._wait_if(self.reserve(host))
            yield

    def reserve(self, host: str) -> float:
        """Take the next free start time of a site; return how long it is until then, seconds."""
        site, manners = self._site(host)
        with self._lock:
            step = max(1 / manners.requests_per_s, self._delays.get(site, 0.0))
            return self._take(self._next_start, site, step)

    def receive(self, host: str, num_bytes: int) -> None:
        """Wait as long as a site's rate wants before more than these bytes are read from it."""
        site, manners = self._site(host)
        with self._lock:
            delay_s = self._take(self._next_byte, site, 8 * num_bytes / (1e6 * manners.mbit_per_s))
        self._wait_if(delay_s)

    def rest(self, host: str, seconds: float) -> None:
        """Ask nothing of a site for a while: it said so."""
        site, _ = self._site(host)
        with self._lock:
            until = self._clock() + seconds
            self._next_start[site] = max(until, self._next_start.get(site, until))

    def slow_down(self, host: str, delay_s: float) -> None:
        """Leave so long between two requests from now on: the site's robots.txt said so."""
        site, _ = self._site(host)
        self._delays[site] = min(delay_s, MAX_RETRY_AFTER_S)

    def _site(self, host: str) -> tuple[str, Manners]:
        site, manners = site_of(host)
        return site, self._manners.no_more_than(manners) if manners else self._manners

    def _take(self, times: dict[str, float], site: str, step: float) -> float:
        """Take the next free time of a site and put the one after it `step` later."""
        now = self._clock()
        start = max(now, times.get(site, now))
        times[site] = start + step
        return start - now

    def _wait_if(self, delay_s: float) -> None:
        if delay_s > 0:
            self._wait(delay_s)


def site_of(host: str) -> tuple[str, Manners | None]:
    """Find the site that a host belongs to, and its own rules if they are known.

    >>> site_of("upload.wikimedia.org")[0], site_of("pics.example")
    ('wikimedia.org', ('pics.example', None))
    """
    for site, manners in _SITES.items():
        if host == site or host.endswith(f".{site}"):
            return site, manners
    return host, None


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
