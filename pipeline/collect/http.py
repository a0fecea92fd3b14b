"""The one client for every source: polite, guarded, and bounded in bytes and seconds.

The transports of `requests` do the talking; what they leave open is closed here: redirects are
followed by hand so that each hop is judged, bodies are counted while they stream, every failure
has a reason. There is no `requests.Session`: its cookies, proxies, .netrc and hooks are what this
client must not have, and they cost as much time as all the rest.
One client serves all threads: urllib3's pools are made for them, so a connection is reused by
whoever is next.
"""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import requests
from requests.adapters import BaseAdapter

from pipeline import __version__
from pipeline.collect.address import WEB_PORTS, host_and_port, next_hop, shown_host
from pipeline.collect.answer import read_body
from pipeline.collect.breaker import Breaker
from pipeline.collect.courtesy import (
    MAX_RETRY_AFTER_S,
    Manners,
    Turns,
    backoff_s,
    parse_retry_after,
)
from pipeline.collect.faults import FetchError, naming_faults
from pipeline.collect.guard import Guard, Resolve
from pipeline.collect.robots import AGENT, Robots
from pipeline.collect.transport import IDLE_TIMEOUT_S, GuardedAdapter
from pipeline.errors import SourceError
from pipeline.params import Collect
from pipeline.records import Reason, Rejected

__all__ = ["MAX_REDIRECTS", "WEB_PORTS", "Client", "Judge", "StoppedError"]

MAX_REDIRECTS = 5
_LEAST_TIMEOUT_S = 0.001

Judge = Callable[[str], Rejected | None]  # of an address: why it must not be asked
T = TypeVar("T")


class StoppedError(Exception):
    """The client was told to stop; what it was doing has no result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is asked, and what each hop on the way to the answer must comply with."""

    url: str
    params: Mapping[str, str] | None = None
    judge: Judge | None = None
    obeys_robots: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    host: str
    body: bytes
    headers: Mapping[str, str]


class Client:
    """Asks sources and fetches images under one set of limits; threads may share it."""

    def __init__(
        self,
        limits: Collect,
        *,
        contact: str = "",
        adapters: Mapping[str, BaseAdapter] | None = None,
        first_backoff_s: float = 1.0,
        wait: Callable[[float], object] | None = None,
        resolve: Resolve = socket.getaddrinfo,
    ) -> None:
        """Build the transports.

        Args:
            limits: bytes, seconds, retries, manners and exempt hosts.
            contact: mail address or URL of who runs this, sent in the User-Agent.
            adapters: transports of other schemes, such as "studio://", or of single sites.
            first_backoff_s: before the second try; it doubles from then on.
            wait: sleeps for so many seconds; by default until then or until `stop`.
            resolve: looks up names, as `socket.getaddrinfo` does.
        """
        self._limits = limits
        self._first_backoff_s = first_backoff_s
        self._stopped = threading.Event()
        self._wait = wait or self._stopped.wait
        self._guard = Guard(limits.allow_hosts, resolve=resolve)
        self._turns = Turns(Manners.of(limits), wait=self._pause)
        self._breaker = Breaker()
        self._robots = Robots(lambda url: self._with_retries(_Question(url=url)).body)
        self._hosts: Counter[str] = Counter()  # that are being asked
        self._hosts_lock = threading.Lock()
        self._headers = _headers(contact)
        web = GuardedAdapter(
            self._guard,
            connections_per_host=limits.workers,
            min_bytes_per_s=limits.min_bytes_per_s,
        )
        mounted = {"http://": web, "https://": web, **(adapters or {})}
        self._adapters = sorted(mounted.items(), key=lambda item: len(item[0]), reverse=True)

    def __enter__(self) -> Self:
        """Use the client in a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        for _prefix, adapter in self._adapters:
            adapter.close()

    def stop(self) -> None:
        """End for good: threads that wait or read raise `StoppedError` at once."""
        self._stopped.set()
        for _prefix, adapter in self._adapters:
            if isinstance(adapter, GuardedAdapter):
                adapter.abort()

    def hosts(self) -> list[str]:
        """Name the hosts that are being asked at this moment, or waited for."""
        with self._hosts_lock:
            return sorted(host for host, number in self._hosts.items() if number)

    def lane(self, url: str) -> tuple[str, int] | None:
        """Tell which site an address is fetched from, and how many connections it allows.

        Returns:
            None where nothing limits them.
        """
        try:
            host, port = host_and_port(url)
        except FetchError:
            return None
        return None if self._is_exempt(host, port) else self._turns.site(host)

    def fetch(
        self, url: str, *, judge: Judge | None = None, obeys_robots: bool = False
    ) -> bytes | Rejected:
        """Fetch one file's bytes, or say why not.

        Args:
            url: its address.
            judge: looks at the address and at each one it redirects to.
            obeys_robots: ask robots.txt of each host on the way, see `pipeline.collect.robots`.

        Raises:
            StoppedError: the client was stopped meanwhile.
        """
        try:
            answer = self._with_retries(_Question(url=url, judge=judge, obeys_robots=obeys_robots))
        except FetchError as error:
            self._breaker.note_failure(error.host, error)
            return error.rejected
        self._breaker.note_success(answer.host)
        return answer.body

    def get_json(
        self,
        url: str,
        params: Mapping[str, str],
        *,
        is_busy: Callable[[Any], bool] = lambda _: False,
    ) -> Any:
        """Ask an API.

        Args:
            url: address of the API.
            params: the query.
            is_busy: tells from an answer that it must be asked again later.

        Raises:
            SourceError: no answer, or one that is not JSON.
            StoppedError: the client was stopped meanwhile.
        """

        def read(answer: _Answer) -> Any:
            value = _parse_json(answer.body)
            if is_busy(value):
                wait_s = parse_retry_after(answer.headers.get("Retry-After"))
                raise FetchError(Reason.SERVER_ERROR, "busy", again=True, retry_after_s=wait_s)
            return value

        try:
            return self._retrying(url, lambda: read(self._ask(_Question(url=url, params=params))))
        except FetchError as error:
            raise SourceError(
                f"{url}: {error}; see that the site is up and collect.sources names it rightly"
            ) from error

    def _with_retries(self, question: _Question) -> _Answer:
        return self._retrying(question.url, lambda: self._ask(question))

    def _retrying(self, url: str, ask: Callable[[], T]) -> T:
        for attempt in range(self._limits.retries):
            try:
                return ask()
            except FetchError as error:
                if not error.again or error.retry_after_s > MAX_RETRY_AFTER_S:
                    raise
                self._rest(url, error, attempt=attempt)
        return ask()

    def _rest(self, url: str, error: FetchError, *, attempt: int) -> None:
        """Wait before the next try; a host that named a time is left alone by all threads."""
        host, port = host_and_port(url)
        if not port:
            return  # drawn or read from the disk: waiting does not help
        if error.retry_after_s and not self._guard.allows(host, port):
            self._turns.rest(host, error.retry_after_s)
        backoff = backoff_s(attempt, first_s=self._first_backoff_s)
        self._pause(max(backoff, error.retry_after_s))

    def _ask(self, question: _Question) -> _Answer:
        """Ask once, over up to `MAX_REDIRECTS` redirects, all of it within the deadline."""
        url, params, left_s = question.url, question.params, self._limits.deadline_s
        for _ in range(MAX_REDIRECTS + 1):
            self._check_hop(url, question)
            with self._turn(url):
                start = time.monotonic()
                with naming_faults(), self._open(url, params, timeout_s=left_s) as response:
                    target = next_hop(url, response)
                    if target is None:
                        return self._read(url, response, deadline=start + left_s)
                left_s -= time.monotonic() - start
            url, params = target, None
        raise FetchError(Reason.REFUSED, f"more than {MAX_REDIRECTS} redirects")

    def _check_hop(self, url: str, question: _Question) -> None:
        """Let an address pass that nobody objects to: neither we nor its owner."""
        self._check_running()
        unwanted = question.judge(url) if question.judge else None
        if unwanted:
            raise FetchError(unwanted.reason, unwanted.detail)
        host, port = host_and_port(url)
        if not port:
            return
        self._breaker.check(shown_host(url))
        if question.obeys_robots and not self._guard.allows(host, port):
            self._turns.slow_down(host, self._robots.check(url))

    @contextmanager
    def _turn(self, url: str) -> Iterator[None]:
        """Wait for one's turn with a host, and name it while it is asked, or in what fails."""
        host, port = host_and_port(url)
        name = shown_host(url) if port else ""
        self._count_host(name, 1)
        try:
            with nullcontext() if self._is_exempt(host, port) else self._turns.turn(host):
                yield
        except FetchError as error:
            error.host = name
            raise
        finally:
            self._count_host(name, -1)

    def _count_host(self, name: str, step: int) -> None:
        if name:
            with self._hosts_lock:
                self._hosts[name] += step

    def _is_exempt(self, host: str, port: int) -> bool:
        return not port or self._guard.allows(host, port)

    def _open(
        self, url: str, params: Mapping[str, str] | None, *, timeout_s: float
    ) -> requests.Response:
        request = requests.PreparedRequest()
        request.prepare_method("GET")
        request.prepare_url(url, dict(params) if params else None)
        request.prepare_headers(self._headers)
        timeout_s = max(_LEAST_TIMEOUT_S, timeout_s)
        try:
            return self._adapter(url).send(
                request, stream=True, timeout=(min(IDLE_TIMEOUT_S, timeout_s), timeout_s)
            )
        except requests.ConnectionError:
            self._check_running()  # `stop` breaks connections
            raise

    def _adapter(self, url: str) -> BaseAdapter:
        for prefix, adapter in self._adapters:
            if url.lower().startswith(prefix.lower()):
                return adapter
        raise FetchError(Reason.FORBIDDEN, "not an address that is asked here")

    def _read(self, url: str, response: requests.Response, *, deadline: float) -> _Answer:
        host, port = host_and_port(url)
        is_exempt = self._is_exempt(host, port)

        def on_chunk(num_bytes: int) -> None:
            self._check_running()
            if not is_exempt:
                self._turns.receive(host, num_bytes)

        name = shown_host(url) if port else ""
        body = read_body(
            response, host=name, limits=self._limits, deadline=deadline, on_chunk=on_chunk
        )
        return _Answer(host=name, body=body, headers=response.headers)

    def _pause(self, seconds: float) -> None:
        self._check_running()
        self._wait(seconds)
        self._check_running()

    def _check_running(self) -> None:
        if self._stopped.is_set():
            raise StoppedError


def _headers(contact: str) -> dict[str, str]:
    who = f" ({contact})" if contact else ""
    return {
        "User-Agent": f"{AGENT}/{__version__}{who} requests/{requests.__version__}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "keep-alive",
    }


def _parse_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise FetchError(Reason.REFUSED, "the answer is not JSON") from error
