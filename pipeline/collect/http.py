"""The one client for every source: polite, guarded, and bounded in bytes and seconds.

`requests` does the talking; what it leaves open is closed here: redirects are followed by hand so
that each hop is judged, bodies are counted while they stream, every failure has a reason.
One session serves all threads. Nothing in it changes once it is built (cookies are refused), and
urllib3's pools are made for threads, so a connection is reused by whoever is next.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Self, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.utils import requote_uri

from pipeline import __version__
from pipeline.collect.courtesy import MAX_RETRY_AFTER_S, Turns, backoff_s, parse_retry_after
from pipeline.collect.faults import FetchError, check_status, naming_faults
from pipeline.collect.guard import Guard, Resolve
from pipeline.collect.transport import IDLE_TIMEOUT_S, GuardedAdapter
from pipeline.errors import SourceError
from pipeline.params import Collect
from pipeline.records import Reason, Rejected

MAX_REDIRECTS = 5
WEB_PORTS = {"http": 80, "https": 443}
_CHUNK_BYTES = 65_536
_LEAST_TIMEOUT_S = 0.001

T = TypeVar("T")


class StoppedError(Exception):
    """The client was told to stop; what it was doing has no result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
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
        """Build the session.

        Args:
            limits: bytes, seconds, retries and exempt hosts.
            contact: mail address or URL of who runs this, sent in the User-Agent.
            adapters: transports of other schemes, such as "studio://".
            first_backoff_s: before the second try; it doubles from then on.
            wait: sleeps for so many seconds; by default until then or until `stop`.
            resolve: looks up names, as `socket.getaddrinfo` does.
        """
        self._limits = limits
        self._first_backoff_s = first_backoff_s
        self._stopped = threading.Event()
        self._wait = wait or self._stopped.wait
        self._guard = Guard(limits.allow_hosts, resolve=resolve)
        self._turns = Turns(self._pause)
        self._web = GuardedAdapter(self._guard, connections_per_host=limits.workers)
        self._session = _new_session(contact, web=self._web, others=adapters or {})

    def __enter__(self) -> Self:
        """Use the client in a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self._session.close()

    def stop(self) -> None:
        """End for good: threads that wait or read raise `StoppedError` at once."""
        self._stopped.set()
        self._web.abort()

    def fetch(self, url: str) -> bytes | Rejected:
        """Fetch one file's bytes, or say why not.

        Raises:
            StoppedError: the client was stopped meanwhile.
        """
        try:
            return self._with_retries(url, lambda: self._get(url)).body
        except FetchError as error:
            return error.rejected

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

        def ask() -> Any:
            answer = self._get(url, params=params)
            value = _parse_json(answer.body)
            if is_busy(value):
                wait_s = parse_retry_after(answer.headers.get("Retry-After"))
                raise FetchError(Reason.SERVER_ERROR, "busy", again=True, retry_after_s=wait_s)
            return value

        try:
            return self._with_retries(url, ask)
        except FetchError as error:
            raise SourceError(
                f"{url}: {error}; see that the site is up and collect.sources names it rightly"
            ) from error

    def _with_retries(self, url: str, ask: Callable[[], T]) -> T:
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
        host, port = _host_and_port(url)
        if not port:
            return  # drawn or read from the disk: waiting does not help
        if error.retry_after_s and not self._guard.allows(host, port):
            self._turns.rest(host, error.retry_after_s)
        backoff = backoff_s(attempt, first_s=self._first_backoff_s)
        self._pause(max(backoff, error.retry_after_s))

    def _get(self, url: str, *, params: Mapping[str, str] | None = None) -> _Answer:
        """Ask once, over up to `MAX_REDIRECTS` redirects, all of it within the deadline."""
        left_s = self._limits.deadline_s
        for _ in range(MAX_REDIRECTS + 1):
            with self._turn(url):
                start = time.monotonic()
                with naming_faults(), self._open(url, params, timeout_s=left_s) as response:
                    target = self._session.get_redirect_target(response)
                    if target is None:
                        body = self._read(response, deadline=start + left_s)
                        return _Answer(body=body, headers=response.headers)
                left_s -= time.monotonic() - start
            url, params = _next_hop(url, target), None
        raise FetchError(Reason.REFUSED, f"more than {MAX_REDIRECTS} redirects")

    def _turn(self, url: str) -> AbstractContextManager[None]:
        self._check_running()
        host, port = _host_and_port(url)
        is_exempt = not port or self._guard.allows(host, port)
        return nullcontext() if is_exempt else self._turns.turn(host)

    def _open(
        self, url: str, params: Mapping[str, str] | None, *, timeout_s: float
    ) -> requests.Response:
        timeout_s = max(_LEAST_TIMEOUT_S, timeout_s)
        try:
            return self._session.get(
                url,
                params=params,
                stream=True,
                allow_redirects=False,
                timeout=(min(IDLE_TIMEOUT_S, timeout_s), timeout_s),
            )
        except requests.ConnectionError:
            self._check_running()  # `stop` breaks connections
            raise

    def _read(self, response: requests.Response, *, deadline: float) -> bytes:
        """Stream a body, no further than the limits allow.

        A local adapter has no socket, so the deadline is looked at here as well.
        """
        check_status(response)
        most, announced = self._limits.max_file_bytes, _announced_bytes(response)
        chunks, size = [], 0
        if announced <= most:
            for chunk in response.iter_content(_CHUNK_BYTES):
                self._check_running()
                if time.monotonic() > deadline:
                    raise FetchError(Reason.TOO_SLOW, "over the deadline")
                chunks.append(chunk)
                size += len(chunk)
                if size > most:
                    break
        if max(size, announced) > most:
            raise FetchError(Reason.TOO_MANY_BYTES, f"more than {most} bytes")
        if size < announced:
            raise FetchError(Reason.INCOMPLETE, "fewer bytes than announced", again=True)
        return b"".join(chunks)

    def _pause(self, seconds: float) -> None:
        self._check_running()
        self._wait(seconds)
        self._check_running()

    def _check_running(self) -> None:
        if self._stopped.is_set():
            raise StoppedError


class _Session(requests.Session):
    def resolve_redirects(self, *_: Any, **__: Any) -> Iterator[Any]:
        """Look at no redirect: requests would read its body to the end, however long that is."""
        return iter(())


def _new_session(
    contact: str, *, web: BaseAdapter, others: Mapping[str, BaseAdapter]
) -> requests.Session:
    session = _Session()
    session.trust_env = False  # a proxy or .netrc of the environment would go round the guard
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    who = f" ({contact})" if contact else ""
    session.headers["User-Agent"] = (
        f"disney-characters/{__version__}{who} requests/{requests.__version__}"
    )
    session.headers["Accept-Encoding"] = "identity"
    session.adapters.clear()
    for prefix, adapter in {"http://": web, "https://": web, **others}.items():
        session.mount(prefix, adapter)
    return session


def _host_and_port(url: str) -> tuple[str, int]:
    """Split a web address; port 0 stands for other schemes.

    >>> _host_and_port("https://pics.example/a.jpg"), _host_and_port("studio://ariel/7")
    (('pics.example', 443), ('ariel', 0))
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise FetchError(Reason.FORBIDDEN, "not an address that is asked here") from error
    default = WEB_PORTS.get(parts.scheme.lower(), 0)
    return parts.hostname or "", (default and port) or default


def _next_hop(url: str, target: str) -> str:
    """Resolve a redirect, which may lead to the web only, never to a disk or a drawing."""
    try:
        address = urljoin(url, requote_uri(target))
        scheme = urlsplit(address).scheme.lower()
    except (ValueError, requests.RequestException) as error:
        raise FetchError(Reason.FORBIDDEN, "redirect to no address") from error
    if scheme not in WEB_PORTS:
        raise FetchError(Reason.FORBIDDEN, f"redirect to {scheme}:")
    return address


def _announced_bytes(response: requests.Response) -> int:
    """Read Content-Length, 0 where it says nothing about the decoded body."""
    text = response.headers.get("Content-Length", "")
    is_plain = response.headers.get("Content-Encoding", "identity") == "identity"
    return int(text) if is_plain and text.isdecimal() and text.isascii() else 0


def _parse_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise FetchError(Reason.REFUSED, "the answer is not JSON") from error
