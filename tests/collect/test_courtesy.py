"""Manners: how often a site is asked, and how waiting times are read."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect.courtesy import DEFAULT, Turns, backoff_s, parse_retry_after, site_of

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def test_starts_are_spread_over_time():
    """Requests to one host start at its rate at most; another host is not held up."""
    turns = Turns(lambda _: None, clock=lambda: 100.0)

    waits = [turns.reserve("a.example") for _ in range(3)]

    step = 1 / DEFAULT.requests_per_s
    assert pytest.approx([0, step, 2 * step]) == waits
    assert 0 == turns.reserve("b.example")


def test_a_resting_host_is_not_asked():
    """After Retry-After no thread asks the host until then."""
    turns = Turns(lambda _: None, clock=lambda: 100.0)

    turns.rest("a.example", 30)

    assert 30 == turns.reserve("a.example")


def test_wikimedia_hosts_share_two_connections():
    """Wikimedia counts its media hosts together."""
    upload, manners = site_of("upload.wikimedia.org")
    thumb, _ = site_of("thumb.wikimedia.org")

    assert upload == thumb
    assert 2 == manners.connections
    assert "notwikimedia.org" == site_of("notwikimedia.org")[0]


def test_connections_are_limited():
    """No more than the site's connections are held at once; a slot is given back."""
    turns = Turns(lambda _: None, clock=lambda: 0.0)
    for _ in range(2 * DEFAULT.connections):
        with turns.turn("a.example"):
            pass

    held = [turns.turn("a.example") for _ in range(DEFAULT.connections)]
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
