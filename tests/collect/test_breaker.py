"""The circuit breaker: a host that has had enough is left alone, the run goes on."""

from collections.abc import Callable

import pytest

from pipeline.collect.breaker import STRIKES, Breaker
from pipeline.collect.faults import FetchError
from pipeline.collect.http import Client
from pipeline.params import Collect
from pipeline.records import Reason, Rejected
from tests.collect.fault_server import FaultServer, picture

HOST = "a.example"
DOWN = FetchError(Reason.UNREACHABLE, "no connection, or it broke", again=True)


def is_open(breaker: Breaker, host: str = HOST) -> bool:
    """Tell whether a host is left alone."""
    try:
        breaker.check(host)
    except FetchError as error:
        return error.rejected.reason == Reason.BLOCKED
    return False


@pytest.mark.parametrize(
    "reason", [Reason.UNREACHABLE, Reason.BLOCKED, Reason.TOO_SLOW, Reason.SERVER_ERROR]
)
def test_opens_after_failures_in_a_row(reason: Reason):
    """Only after `STRIKES` failures, and for that host alone."""
    breaker = Breaker()
    states = []
    for _ in range(STRIKES):
        states.append(is_open(breaker))
        breaker.note_failure(HOST, FetchError(reason, "x"))

    assert [False] * STRIKES == states
    assert is_open(breaker)
    assert not is_open(breaker, "b.example")


@pytest.mark.parametrize("reason", [Reason.GONE, Reason.TOO_MANY_BYTES, Reason.INCOMPLETE])
def test_a_fault_of_a_file_shows_that_the_host_is_well(reason: Reason):
    """A 404 between failures takes the strikes back, as a success does."""
    breaker = Breaker()
    for _ in range(3):
        for _ in range(STRIKES - 1):
            breaker.note_failure(HOST, DOWN)
        breaker.note_failure(HOST, FetchError(reason, "x"))

    assert not is_open(breaker)


@pytest.mark.parametrize(
    "error",
    [
        FetchError(Reason.BLOCKED, "challenge", is_final=True),
        FetchError(Reason.SERVER_ERROR, "HTTP 429", retry_after_s=86_400),
    ],
)
def test_opens_at_once_when_the_host_says_so(error: FetchError):
    """A challenge, or a wish to be left alone for a day, is not asked for five times."""
    breaker = Breaker()
    breaker.note_failure(HOST, error)

    assert is_open(breaker)


def test_what_was_never_sent_counts_against_nobody():
    """A refusal of our own has no host."""
    breaker = Breaker()
    for _ in range(2 * STRIKES):
        breaker.note_failure("", DOWN)

    assert not is_open(breaker, "")


def test_a_challenge_stops_the_host_and_not_the_run(
    server: FaultServer, make_client: Callable[..., Client], make_limits: Callable[..., Collect]
):
    """After Cloudflare's challenge the host is not asked again; its candidates say why."""
    client = make_client(make_limits(allow_hosts=[server.host, f"localhost:{server.server_port}"]))
    client.fetch(server.url("/challenge/1.jpg"))

    rejected = client.fetch(server.url("/ok/1.jpg"))
    other = client.fetch(f"http://localhost:{server.server_port}/ok/1.jpg")

    expected = Rejected(reason=Reason.BLOCKED, detail=f"{server.host}: left alone, as it asked")
    assert expected == rejected
    assert picture(1) == other
    assert 1 == server.asked["/ok/1.jpg"]


def test_a_host_that_answers_403_is_soon_left_alone(
    server: FaultServer, make_client: Callable[..., Client]
):
    """Several 403 in a row are taken as an answer."""
    client = make_client()
    found = [client.fetch(server.url(f"/403/{number}.jpg")) for number in range(9)]

    assert STRIKES == server.asked.total()
    assert {Reason.BLOCKED} == {each.reason for each in found}
    assert f"{server.host}: left alone after 5 failures in a row" == found[-1].detail


def test_a_redirect_counts_against_the_host_it_leads_to(
    server: FaultServer, make_client: Callable[..., Client], make_limits: Callable[..., Collect]
):
    """A host that only redirects to one that refuses is not the one that is left alone."""
    client = make_client(make_limits(allow_hosts=[server.host, f"localhost:{server.server_port}"]))
    away = f"http://localhost:{server.server_port}/challenge/1.jpg"
    server.answers["/away"] = lambda handler: handler.send(b"", status=302, Location=away)

    assert f"localhost:{server.server_port}: challenge" == client.fetch(server.url("/away")).detail
    assert picture(2) == client.fetch(server.url("/ok/2.jpg"))
