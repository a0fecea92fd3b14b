"""The client: what it fetches, what it refuses and how long it lets itself be held up."""

import io
import threading
import time
from collections.abc import Callable

import pytest
import requests
from requests.adapters import BaseAdapter

from pipeline.collect.faults import TOO_SLOW
from pipeline.collect.http import Client, StoppedError
from pipeline.errors import SourceError
from pipeline.params import Collect
from pipeline.records import Reason, Rejected
from tests.collect.fault_server import BEHAVIOURS, FaultServer, picture

MakeClient = Callable[..., Client]
MakeLimits = Callable[..., Collect]


@pytest.mark.parametrize(
    "behaviour", ["ok", "redirect", "redirect-endless", "503-once", "429-once", "gzip"]
)
def test_fetches_what_can_be_had(server: FaultServer, make_client: MakeClient, behaviour: str):
    """A picture is had directly, by way of a redirect, after one refusal, or compressed."""
    body = make_client().fetch(server.url(f"/{behaviour}/3.jpg"))

    assert picture(3) == body


@pytest.mark.parametrize(
    ("behaviour", "reason", "detail"),
    [
        ("404", Reason.GONE, "HTTP 404"),
        ("410", Reason.GONE, "HTTP 410"),
        ("401", Reason.REFUSED, "HTTP 401"),
        ("403", Reason.BLOCKED, "{host}: HTTP 403"),
        ("challenge", Reason.BLOCKED, "{host}: challenge"),
        ("noai", Reason.NO_AI, "X-Robots-Tag"),
        ("503", Reason.SERVER_ERROR, "HTTP 503"),
        ("hang-up", Reason.UNREACHABLE, "no connection, or it broke"),
        ("cut", Reason.INCOMPLETE, "fewer bytes than announced"),
        ("overstated", Reason.INCOMPLETE, "fewer bytes than announced"),
        ("endless", Reason.TOO_MANY_BYTES, "more than 1000000 bytes"),
        ("announced", Reason.TOO_MANY_BYTES, "more than 1000000 bytes"),
        ("gzip-bomb", Reason.TOO_MANY_BYTES, "more than 1000000 bytes"),
        ("redirect-loop", Reason.REFUSED, "more than 5 redirects"),
        ("redirect-away", Reason.FORBIDDEN, "port {port}"),
        ("redirect-file", Reason.FORBIDDEN, "redirect to file:"),
        ("redirect-studio", Reason.FORBIDDEN, "redirect to studio:"),
        ("redirect-nowhere", Reason.FORBIDDEN, "redirect to no address"),
    ],
)
def test_names_each_fault(
    server: FaultServer,
    make_client: MakeClient,
    behaviour: str,
    reason: Reason,
    detail: str,
):
    """Each fault has its reason and words that are the same on every run."""
    rejected = make_client().fetch(server.url(f"/{behaviour}/3.jpg"))

    detail = detail.format(host=server.host, port=server.server_port)
    assert Rejected(reason=reason, detail=detail) == rejected


@pytest.mark.parametrize("behaviour", ["hang", "drip-body", "drip-headers"])
def test_ends_by_the_deadline(
    server: FaultServer, make_client: MakeClient, make_limits: MakeLimits, behaviour: str
):
    """A server that stalls or sends a byte now and then holds a worker until the deadline only."""
    client = make_client(make_limits(deadline_s=0.4))
    start = time.monotonic()

    rejected = client.fetch(server.url(f"/{behaviour}/3.jpg"))

    assert Rejected(reason=Reason.TOO_SLOW, detail=TOO_SLOW) == rejected
    assert time.monotonic() - start < 3
    assert 1 == server.asked[f"/{behaviour}/3.jpg"]


@pytest.mark.parametrize("behaviour", ["drip-body", "drip-headers"])
def test_gives_up_what_comes_too_slowly(
    server: FaultServer,
    make_client: MakeClient,
    make_limits: MakeLimits,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: str,
):
    """A few bytes a second are not waited for until the deadline."""
    monkeypatch.setattr("pipeline.collect.transport.GRACE_S", 0.3)
    client = make_client(make_limits(deadline_s=60, min_bytes_per_s=1000))
    start = time.monotonic()

    rejected = client.fetch(server.url(f"/{behaviour}/3.jpg"))

    assert Rejected(reason=Reason.TOO_SLOW, detail=TOO_SLOW) == rejected
    assert time.monotonic() - start < 5


def test_a_look_up_that_hangs_ends_by_the_deadline(
    make_client: MakeClient, make_limits: MakeLimits
):
    """A name server that does not answer holds a worker until the deadline only."""
    is_over = threading.Event()
    client = make_client(
        make_limits(deadline_s=0.3, retries=0), resolve=lambda *_, **__: is_over.wait(20)
    )
    start = time.monotonic()

    rejected = client.fetch("http://slow.example/1.jpg")
    is_over.set()

    assert Rejected(reason=Reason.UNREACHABLE, detail="connecting timed out") == rejected
    assert time.monotonic() - start < 3


def test_a_judge_sees_every_hop(server: FaultServer, make_client: MakeClient):
    """An address that is not wanted is not asked, wherever it comes from."""
    unwanted = Rejected(reason=Reason.DENIED, detail="take-down")
    judge = {server.url("/ok/3.jpg"): unwanted}.get

    assert unwanted == make_client().fetch(server.url("/redirect/3.jpg"), judge=judge)
    assert {"/redirect/3.jpg": 1} == server.asked


def test_robots_txt_is_asked_once_and_obeyed(make_client: MakeClient):
    """A fetch that obeys robots.txt asks for it first and leaves out what it disallows."""
    rules = Local(io.BytesIO(b"User-agent: *\nDisallow: /no/"))
    client = make_client(
        adapters={
            "http://h.example/robots.txt": rules,
            "http://h.example/": Local(io.BytesIO(b"x")),
        }
    )

    rejected = client.fetch("http://h.example/no/1.jpg", obeys_robots=True)

    assert Rejected(reason=Reason.ROBOTS, detail="robots.txt") == rejected
    assert b"x" == client.fetch("http://h.example/yes/1.jpg", obeys_robots=True)


def test_robots_txt_is_not_asked_of_allowed_hosts(server: FaultServer, make_client: MakeClient):
    """An intranet that params name is asked for its files alone."""
    assert picture(1) == make_client().fetch(server.url("/ok/1.jpg"), obeys_robots=True)
    assert {"/ok/1.jpg": 1} == server.asked


def test_noai_can_be_overruled(
    server: FaultServer, make_client: MakeClient, make_limits: MakeLimits
):
    """Who has the right to a site's pictures can say so in params."""
    client = make_client(make_limits(respect_noai=False))

    assert picture(1) == client.fetch(server.url("/noai/1.jpg"))


def test_a_site_is_read_no_faster_than_its_rate(make_client: MakeClient, make_limits: MakeLimits):
    """Half a megabyte at 8 Mbit/s takes half a second, however fast the site is."""
    waits: list[float] = []
    client = make_client(
        make_limits(host_mbit_per_s=8, host_requests_per_s=1000),
        adapters={"http://h.example/": Local(io.BytesIO(bytes(500_000)))},
        waits=waits,
    )

    client.fetch("http://h.example/1.jpg")

    assert pytest.approx(0.5, abs=0.1) == max(waits)


def test_lanes_are_sites(server: FaultServer, make_client: MakeClient):
    """Addresses of one site share a lane; allowed hosts, drawings and nonsense have none."""
    client = make_client()

    assert ("wikimedia.org", 2) == client.lane("https://upload.wikimedia.org/a.jpg")
    assert ("pics.example", 4) == client.lane("http://pics.example/a.jpg")
    assert [None] * 3 == [client.lane(url) for url in (server.url("/x"), "studio://a", "http://[")]


def test_names_the_hosts_that_are_being_asked(server: FaultServer, make_client: MakeClient):
    """Whoever waits can be told for whom, and only while it lasts."""
    client = make_client()
    seen: list[list[str]] = []
    server.answers["/x"] = lambda handler: (seen.append(client.hosts()), handler.send(b"x"))

    client.fetch(server.url("/x"))

    assert [[server.host]] == seen
    assert [] == client.hosts()


def test_retries_only_what_may_pass(
    server: FaultServer, make_client: MakeClient, make_limits: MakeLimits
):
    """A 503 is asked again as often as allowed, a 404 never."""
    client = make_client(make_limits(retries=2))

    client.fetch(server.url("/503/1.jpg"))
    client.fetch(server.url("/404/1.jpg"))

    assert (3, 1) == (server.asked["/503/1.jpg"], server.asked["/404/1.jpg"])


def test_backs_off_and_honours_retry_after(
    server: FaultServer, make_client: MakeClient, make_limits: MakeLimits
):
    """Waits double from try to try and are never shorter than what the server asked for."""
    waits: list[float] = []
    client = make_client(make_limits(retries=3), waits=waits, first_backoff_s=0.25)

    client.fetch(server.url("/503/1.jpg"))
    client.fetch(server.url("/429-once/1.jpg"))

    assert [0.25, 0.5, 1.0, 1.0] == waits


def test_gives_up_on_a_host_that_wants_a_long_rest(server: FaultServer, make_client: MakeClient):
    """A Retry-After of a day is not waited for, and not disobeyed."""
    waits: list[float] = []

    rejected = make_client(waits=waits).fetch(server.url("/429-later/1.jpg"))

    assert Rejected(reason=Reason.SERVER_ERROR, detail="HTTP 429") == rejected
    assert [] == waits
    assert 1 == server.asked["/429-later/1.jpg"]


def test_follows_at_most_five_redirects(server: FaultServer, make_client: MakeClient):
    """A loop costs one request and five hops, once."""
    make_client().fetch(server.url("/redirect-loop/1.jpg"))

    assert 6 == server.asked["/redirect-loop/1.jpg"]


def test_says_who_asks(server: FaultServer, make_client: MakeClient):
    """The User-Agent names program, version and the operator's contact."""
    make_client(contact="lead@example.org").fetch(server.url("/ok/1.jpg"))

    (agent,) = server.agents
    assert agent.startswith("disney-characters/")
    assert "(lead@example.org) requests/" in agent


def test_refuses_loopback_unless_allowed(
    server: FaultServer, make_client: MakeClient, make_limits: MakeLimits
):
    """Without allow_hosts nothing on this machine is asked, whatever the port or spelling."""
    client = make_client(make_limits(allow_hosts=[]))

    for url in ("http://127.0.0.1/x", "http://localhost/x", "http://0x7f.1/x", "http://[::1]/x"):
        assert Reason.FORBIDDEN == client.fetch(url).reason
    assert f"port {server.server_port}" == client.fetch(server.url("/ok/1.jpg")).detail
    assert not server.asked


def test_an_allowed_host_without_port_is_allowed_on_every_port(
    server: FaultServer, make_client: MakeClient, make_limits: MakeLimits
):
    """An entry "host" exempts all its ports, "host:port" one."""
    client = make_client(make_limits(allow_hosts=["127.0.0.1"]))

    assert picture(1) == client.fetch(server.url("/ok/1.jpg"))


def test_a_name_that_resolves_privately_is_refused(make_client: MakeClient):
    """A public-looking name with one private address is not asked."""

    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("93.184.215.14", 80)), (2, 1, 6, "", ("10.0.0.7", 80))]

    rejected = make_client(resolve=resolve).fetch("http://pics.example/1.jpg")

    assert Reason.FORBIDDEN == rejected.reason
    assert "pics.example is 10.0.0.7, not a public address" == rejected.detail


def test_connects_to_the_address_that_was_checked(
    server: FaultServer, make_client: MakeClient, make_limits: MakeLimits
):
    """A name is looked up once per connection: an answer that changes later has no effect."""
    answers = iter(["127.0.0.1", "10.0.0.7"])

    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", (next(answers), server.server_port))]

    limits = make_limits(allow_hosts=[f"rebinding.example:{server.server_port}"])
    client = make_client(limits, resolve=resolve)

    body = client.fetch(f"http://rebinding.example:{server.server_port}/ok/4.jpg")

    assert picture(4) == body
    assert "10.0.0.7" == next(answers)


def test_a_name_that_does_not_resolve_is_unreachable(make_client: MakeClient):
    """A host that is no more is a row with a reason."""

    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        raise __import__("socket").gaierror(-2, "Name or service not known")

    rejected = make_client(resolve=resolve).fetch("http://gone.example/1.jpg")

    assert Rejected(reason=Reason.UNREACHABLE, detail="no such host") == rejected


@pytest.mark.parametrize(
    "url", ["file:///etc/hostname", "ftp://x.example/1.jpg", "http://", "http://[x", "no address"]
)
def test_other_schemes_and_broken_addresses_are_refused(make_client: MakeClient, url: str):
    """What is no http or https address is a row with a reason, not an exception."""
    assert Reason.FORBIDDEN == make_client().fetch(url).reason


def test_takes_no_cookie_and_no_proxy(
    server: FaultServer, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
):
    """The environment cannot send requests round the guard, and a host cannot tag this client."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.answers["/cookie"] = lambda handler: handler.send(b"x", Set_Cookie="id=7")
    client = make_client()

    assert b"x" == client.fetch(server.url("/cookie"))
    assert b"x" == client.fetch(server.url("/cookie"))
    assert "Cookie" not in server.headers["/cookie"]


def test_stop_frees_threads_that_wait(
    server: FaultServer, make_client: MakeClient, make_limits: MakeLimits
):
    """Stopping breaks a read that would last for seconds, at once, and leaves no result."""
    client = make_client(make_limits(deadline_s=60))
    outcome: list[object] = []
    is_asked = threading.Event()
    server.answers["/slow"] = lambda handler: (is_asked.set(), BEHAVIOURS["hang"](handler))

    def fetch() -> None:
        try:
            outcome.append(client.fetch(server.url("/slow")))
        except StoppedError as error:
            outcome.append(error)

    thread = threading.Thread(target=fetch)
    thread.start()
    assert is_asked.wait(10)
    client.stop()
    thread.join(3)

    assert not thread.is_alive()
    assert isinstance(outcome[0], StoppedError)


class Local(BaseAdapter):
    """A transport without a network: a body and headers for every address."""

    def __init__(self, body: io.BufferedIOBase, *, status: int = 200, **headers: str) -> None:
        """Answer with these."""
        super().__init__()
        self.body, self.status, self.headers = body, status, headers

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        """Answer at once."""
        response = requests.Response()
        response.status_code, response.raw, response.url = self.status, self.body, request.url
        response.headers.update({k.replace("_", "-"): v for k, v in self.headers.items()})
        return response

    def close(self) -> None:
        """Hold nothing."""


def test_a_local_transport_is_bounded_too(make_client: MakeClient):
    """Announced length, byte cap and reasons hold for drawn pictures and files of the disk."""
    adapters = {
        "a://whole": Local(io.BytesIO(b"x"), Content_Length="1"),
        "a://cut": Local(io.BytesIO(b"x"), Content_Length="2"),
        "a://big": Local(io.BytesIO(bytes(1_000_001))),
        "a://gone": Local(io.BytesIO(), status=404),
    }
    waits: list[float] = []
    client = make_client(adapters=adapters, waits=waits)

    assert b"x" == client.fetch("a://whole")
    assert [Reason.INCOMPLETE, Reason.TOO_MANY_BYTES, Reason.GONE] == [
        client.fetch(f"a://{name}").reason for name in ("cut", "big", "gone")
    ]
    assert [] == waits


def test_a_local_transport_that_is_slow_ends_by_the_deadline(
    make_client: MakeClient, make_limits: MakeLimits
):
    """A body that comes byte by byte without an end is given up between two pieces."""

    class Endless(io.BytesIO):
        def read(self, *_: object) -> bytes:
            return b"x"

    limits = make_limits(deadline_s=0.1, max_file_bytes=10**9)
    client = make_client(limits, adapters={"a://": Local(Endless())})

    assert Reason.TOO_SLOW == client.fetch("a://slow").reason


def test_a_host_that_asks_for_a_rest_is_left_alone_by_all(
    make_client: MakeClient, make_limits: MakeLimits
):
    """After Retry-After the next address of the same host waits as well."""
    busy = Local(io.BytesIO(), status=429, Retry_After="30")
    fine = Local(io.BytesIO(b"x"))
    waits: list[float] = []
    client = make_client(
        make_limits(retries=1),
        adapters={"http://h.example/busy": busy, "http://h.example/fine": fine},
        waits=waits,
    )

    assert Reason.SERVER_ERROR == client.fetch("http://h.example/busy").reason
    client.fetch("http://h.example/fine")

    assert pytest.approx([30, 30, 30], abs=2) == sorted(waits)[-3:]


def test_get_json_reads_an_answer(server: FaultServer, make_client: MakeClient):
    """An API's answer is parsed; one that says it is busy is asked again."""
    bodies = iter([b'{"busy": 1}', b'{"items": [1, 2]}'])
    server.answers["/api"] = lambda handler: handler.send(next(bodies), kind="application/json")

    answer = make_client().get_json(server.url("/api"), {"q": "x"}, is_busy=lambda a: "busy" in a)

    assert {"items": [1, 2]} == answer


@pytest.mark.parametrize("path", ["/html/1", "/404/1", "/hang-up/1"])
def test_get_json_fails_in_one_line(server: FaultServer, make_client: MakeClient, path: str):
    """An API that is down or is none is one line that names it and what to look at."""
    with pytest.raises(SourceError, match=r"^http://127.*: .*collect\.sources") as caught:
        make_client().get_json(server.url(path), {})

    assert "\n" not in str(caught.value)
