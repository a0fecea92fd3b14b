"""The sockets under requests: guarded connections, and answers that end by a deadline.

requests and urllib3 bound each read by `timeout`, so a server that sends one byte a second holds a
worker for ever. Here the read timeout is that of the whole answer, status line and headers too, and
an answer that comes more slowly than a minimum rate is given up before that.
"""

import http.client
import io
import socket
import threading
import time
import weakref
from contextlib import suppress
from functools import partial
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from pipeline.collect.guard import Guard

IDLE_TIMEOUT_S = 8.0  # without a single byte
GRACE_S = 5.0  # from the first byte until the rate counts
_BUFFER_BYTES = 65_536


class GuardedAdapter(HTTPAdapter):
    """Carries http and https for a `requests.Session`, through a `Guard`."""

    def __init__(
        self, guard: Guard, *, connections_per_host: int, min_bytes_per_s: float = 0.0
    ) -> None:
        """Build the transport.

        Args:
            guard: makes the connections.
            connections_per_host: how many stay open for the next file.
            min_bytes_per_s: an answer that is slower over `GRACE_S` or longer is given up.
        """
        self._guard = guard
        self._min_bytes_per_s = min_bytes_per_s
        self._sockets = OpenSockets()
        super().__init__(pool_maxsize=connections_per_host)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Build the pools that requests takes its connections from."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": partial(self._new_pool, HTTPConnectionPool, _GuardedHTTPConnection),
            "https": partial(self._new_pool, HTTPSConnectionPool, _GuardedHTTPSConnection),
        }

    def abort(self) -> None:
        """Break every connection, now and later: whoever reads from one returns at once."""
        self._sockets.shutdown()

    def _new_pool(self, kind: Any, connection: Any, *args: Any, **kwargs: Any) -> Any:
        pool = kind(*args, **kwargs)
        pool.ConnectionCls = partial(
            connection,
            guard=self._guard,
            sockets=self._sockets,
            min_bytes_per_s=self._min_bytes_per_s,
        )
        return pool


class OpenSockets:
    """The sockets in use; one that is closed is forgotten by itself."""

    def __init__(self) -> None:
        """Start with none."""
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._is_shut = False

    def add(self, sock: socket.socket) -> None:
        """Remember a socket, or break it if the end has come meanwhile."""
        with self._lock:
            self._sockets.add(sock)
        if self._is_shut:
            _break(sock)

    def shutdown(self) -> None:
        """Break all of them."""
        self._is_shut = True
        with self._lock:
            for sock in list(self._sockets):
                _break(sock)


def _break(sock: socket.socket) -> None:
    with suppress(OSError):  # closed meanwhile
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # SSLSocket's own would unwrap it in use


class _GuardedHTTPConnection(HTTPConnection):
    """Connects through the guard; its read timeout is that of the whole answer."""

    def __init__(
        self,
        *args: Any,
        guard: Guard,
        sockets: OpenSockets,
        min_bytes_per_s: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._guard = guard
        self._sockets = sockets
        self._min_bytes_per_s = min_bytes_per_s

    def _new_conn(self) -> socket.socket:
        try:
            return self._guard.connect(
                self._dns_host,
                self.port,
                timeout_s=float(self.timeout or IDLE_TIMEOUT_S),
                socket_options=self.socket_options,
            )
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "connecting timed out") from error
        except OSError as error:
            raise NewConnectionError(self, "no connection") from error

    def connect(self) -> None:
        """Connect, with TLS where the scheme asks for it."""
        super().connect()
        self._sockets.add(self.sock)

    def getresponse(self) -> Any:
        """Read status line and headers; the body is read later under the same deadline."""
        deadline = time.monotonic() + float(self.timeout or IDLE_TIMEOUT_S)
        self.response_class = partial(  # type: ignore[assignment]  # http.client only calls it
            _PunctualResponse, deadline=deadline, min_bytes_per_s=self._min_bytes_per_s
        )
        return super().getresponse()


class _GuardedHTTPSConnection(_GuardedHTTPConnection, HTTPSConnection):
    """The same over TLS: the certificate is checked against the name, not the address."""


class _PunctualResponse(http.client.HTTPResponse):
    """An answer of which no byte is read after its deadline."""

    def __init__(
        self,
        sock: socket.socket,
        *args: Any,
        deadline: float,
        min_bytes_per_s: float,
        **kwargs: Any,
    ) -> None:
        reader = _PunctualReader(sock, deadline=deadline, min_bytes_per_s=min_bytes_per_s)
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(reader, _BUFFER_BYTES)


class _PunctualReader(io.RawIOBase):
    """Reads from a socket, each time for no longer than what is left until the deadline."""

    def __init__(self, sock: socket.socket, *, deadline: float, min_bytes_per_s: float) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline
        self._min_bytes_per_s = min_bytes_per_s
        self._first_byte = 0.0  # when it came, by the monotonic clock
        self._num_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the deadline of this file has passed")
        self._sock.settimeout(min(left_s, IDLE_TIMEOUT_S))
        count = self._raw.readinto(buffer)
        self._check_rate(count or 0)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()

    def _check_rate(self, count: int) -> None:
        now = time.monotonic()
        self._first_byte = self._first_byte or now
        self._num_bytes += count
        seconds = now - self._first_byte
        if count and seconds > GRACE_S and self._num_bytes < self._min_bytes_per_s * seconds:
            raise TimeoutError("slower than the minimum rate")
