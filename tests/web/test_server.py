"""The server under clients that are slow, rude or gone."""

import http.client
import logging
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator

import h11
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pipeline.web.body import read_body
from pipeline.web.deadline import DeadlineProtocol
from pipeline.web.gate import Gate, content_policy
from pipeline.web.server import run_server

POLICY = content_policy()
HALF = {
    "nothing": b"",
    "half a head": b"POST / HTTP/1.1\r\nHo",
    "half a body": b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nhalf",
}


async def echo(request: Request) -> Response:
    """Answer who asked and with what."""
    body = await read_body(request, limit_bytes=100_000)
    return PlainTextResponse(f"{request.client.host} {len(body)}")


def think(_: Request) -> Response:
    """Answer later than any deadline of these tests."""
    time.sleep(0.6)
    return PlainTextResponse("done")


@pytest.fixture
def start(monkeypatch) -> Iterator[Callable[[], int]]:
    """Serve a small page from another thread; give its port."""
    servers: list[uvicorn.Server] = []
    threads: list[threading.Thread] = []

    class Known(uvicorn.Server):
        def __init__(self, config: uvicorn.Config) -> None:
            super().__init__(config)
            servers.append(self)

    monkeypatch.setattr("uvicorn.Server", Known)

    def run() -> int:
        ports: list[int] = []
        listening = threading.Event()

        def announce(port: int) -> None:
            ports.append(port)
            listening.set()

        routes = [Route("/", echo, methods=["POST"]), Route("/slow", think, methods=["POST"])]
        app = Starlette(routes=routes)
        thread = threading.Thread(
            target=run_server,
            args=(lambda port: Gate(app, hosts={f"127.0.0.1:{port}", "here"}, policy=POLICY),),
            kwargs={"announce": announce},
        )
        thread.start()
        threads.append(thread)
        assert listening.wait(10)
        return ports[0]

    yield run
    for server in servers:
        server.should_exit = True
    for thread in threads:
        thread.join()


def ask(port: int, body: bytes = b"", **headers: str) -> str:
    """Ask on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/", body, headers)
    text = connection.getresponse().read().decode()
    connection.close()
    return text


@pytest.mark.parametrize("size_bytes", [1, 60_000])
def test_a_kept_alive_connection_answers_at_once(start, size_bytes: int) -> None:
    """No answer waits for the client to acknowledge its head (Nagle: 44 ms)."""
    connection = http.client.HTTPConnection("127.0.0.1", start(), timeout=10)
    waits_s = []
    for _ in range(20):
        start_s = time.perf_counter()
        connection.request("POST", "/", bytes(size_bytes))
        connection.getresponse().read()
        waits_s.append(time.perf_counter() - start_s)
    connection.close()

    assert statistics.median(waits_s) < 0.02


@pytest.mark.parametrize("sent", HALF.values(), ids=HALF)
def test_half_a_request_ends_at_its_deadline(start, monkeypatch, sent: bytes) -> None:
    """Three hundred of them are closed, and meanwhile others are answered."""
    monkeypatch.setattr(DeadlineProtocol, "limits_s", {h11.IDLE: 1, h11.SEND_BODY: 1})
    port = start()
    halves = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(300)]
    for half in halves:
        half.sendall(sent)

    assert "127.0.0.1 3" == ask(port, b"abc")

    for half in halves:
        with half:
            assert is_closed(half)


def test_a_body_that_drips_ends_too(start, monkeypatch) -> None:
    """The deadline is of the whole, not of each piece."""
    monkeypatch.setattr(DeadlineProtocol, "limits_s", {h11.IDLE: 10, h11.SEND_BODY: 0.5})
    head = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 9000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", start()), timeout=0.05) as half:
        half.sendall(head)
        num_drops = 0
        while not is_closed(half):
            half.sendall(b"x")
            num_drops += 1

    assert 1 < num_drops < 100


def test_a_slow_answer_has_no_deadline(start, monkeypatch) -> None:
    """What has arrived in time may be thought about for long, again and again."""
    monkeypatch.setattr(DeadlineProtocol, "limits_s", {h11.IDLE: 0.3, h11.SEND_BODY: 0.3})
    connection = http.client.HTTPConnection("127.0.0.1", start(), timeout=10)
    found = []
    for _ in range(3):
        connection.request("POST", "/slow", b"x")
        found.append(connection.getresponse().read())
    connection.close()

    assert [b"done"] * 3 == found


def is_closed(connection: socket.socket) -> bool:
    """Tell whether the other side has ended it."""
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_a_broken_off_upload_is_no_error(start, caplog) -> None:
    """The server says nothing about it, and goes on."""
    port = start()
    logging.getLogger("uvicorn.error").addHandler(caplog.handler)
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", port)) as half:
            half.sendall(HALF["half a body"])
            half.shutdown(socket.SHUT_WR)
            assert is_closed(half)

    assert "127.0.0.1 1" == ask(port, b"x")
    assert [] == caplog.records


def test_nobody_says_who_they_are(start, monkeypatch) -> None:
    """X-Forwarded-For would make many of one client; it counts from a proxy that is named only."""
    told = {"X-Forwarded-For": "192.0.2.7"}

    assert "127.0.0.1 0" == ask(start(), **told)

    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1")

    assert "192.0.2.7 0" == ask(start(), **told)
