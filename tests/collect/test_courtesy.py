"""Manners: how often a site is asked, and how waiting times are read."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect.courtesy import Manners, Turns, backoff_s, parse_retry_after, site_of

MANNERS = Manners(connections=4, requests_per_s=5, mbit_per_s=80)
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def test_starts_are_spread_over_time():
    """Requests to one host start at its rate at most; another host is not held up."""
    turns = Turns(MANNERS, wait=lambda _: None, clock=lambda: 100.0)

    waits = [turns.reserve("a.example") for _ in range(3)]

    step = 1 / MANNERS.requests_per_s
    assert pytest.approx([0, step, 2 * step]) == waits
    assert 0 == turns.reserve("b.example")


def test_a_resting_host_is_not_asked():
    """After Retry-After no thread asks the host until then."""
    turns = Turns(MANNERS, wait=lambda _: None, clock=lambda: 100.0)

    turns.rest("a.example", 30)

    assert 30 == turns.reserve("a.example")


def test_wikimedia_hosts_share_two_connections():
    """Wikimedia counts its media hosts together."""
    turns = Turns(MANNERS, wait=lambda _: None)

    assert ("wikimedia.org", 2) == turns.site("upload.wikimedia.org")
    assert ("wikimedia.org", 2) == turns.site("thumb.wikimedia.org")
    assert ("notwikimedia.org", 4) == turns.site("notwikimedia.org")
    assert 25 == site_of("commons.wikimedia.org")[1].mbit_per_s


def test_own_limits_can_be_stricter_than_a_sites():
    """Whoever asks for less than Wikimedia allows gets less, never more."""
    strict = Manners(connections=1, requests_per_s=5, mbit_per_s=80)

    assert 1 == Turns(strict, wait=lambda _: None).site("upload.wikimedia.org")[1]


def test_bytes_are_spread_over_time():
    """A site is read from at its rate: the next megabyte waits until the last one is paid for."""
    waits: list[float] = []
    turns = Turns(MANNERS, wait=waits.append, clock=lambda: 100.0)

    for _ in range(3):
        turns.receive("a.example", 1_000_000)
    turns.receive("b.example", 1_000_000)

    assert pytest.approx([0.1, 0.2]) == waits


def test_a_crawl_delay_is_kept():
    """A site that wants ten seconds between two requests gets them; a day is capped."""
    turns = Turns(MANNERS, wait=lambda _: None, clock=lambda: 100.0)
    turns.slow_down("a.example", 10)
    turns.slow_down("b.example", 86_400)

    assert [0, 10] == [turns.reserve("a.example") for _ in range(2)]
    assert [0, 60] == [turns.reserve("b.example") for _ in range(2)]


def test_connections_are_limited():
    """No more than the site's connections are held at once; a slot is given back."""
    turns = Turns(MANNERS, wait=lambda _: None, clock=lambda: 0.0)
    for _ in range(2 * MANNERS.connections):
        with turns.turn("a.example"):
            pass

    held = [turns.turn("a.example") for _ in range(MANNERS.connections)]
    for each in held:
        each.__enter__()

    assert not turns._slots["a.example"].acquire(blocking=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("7", 7),
        ("-3", 0),
        ("inf", 0),
        ("nan", 0),
        ("", 0),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("Tue, 24 Nov 2026 12:00:30", 30),
        ("Tue, 99 Nov 2026", 0),
    ],
)
def test_reads_retry_after(text: str, expected: float):
    """Seconds and HTTP dates are understood, the past and nonsense mean no wait."""
    assert expected == parse_retry_after(text, now=NOW)


@given(st.text() | st.none())
def test_no_retry_after_breaks_it(text: str | None):
    """Whatever a server writes, the wait is a number of seconds from 0 on."""
    assert parse_retry_after(text, now=NOW) >= 0


def test_backoff_is_bounded():
    """Waits double up to a minute."""
    assert [1, 2, 4, 60] == [backoff_s(attempt, first_s=1) for attempt in (0, 1, 2, 20)]
