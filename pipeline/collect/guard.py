"""Which addresses may be asked: the guard against being sent into someone's private network.

A search result or a redirect can name any host. The rule is applied where it cannot be fooled by
how a URL is spelt or by a name that resolves differently the second time: a name is resolved once,
every address it has must be public, and the connection is made to the address that was checked.
"""

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Any

from urllib3.util.connection import create_connection

WEB_PORTS = (80, 443)
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that IANA gives out
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
_DOCUMENTATION = IPv6Network("3fff::/20")  # RFC 9637, newer than Python's own table
_6TO4_RELAY = ipaddress.IPv4Network("192.88.99.0/24")  # RFC 7526: deprecated
_LOOK_UP_S = 10.0  # where nobody says how long
_PROTOCOL_ASSIGNMENTS = ipaddress.IPv4Network("192.0.0.0/24")  # RFC 6890

Resolve = Callable[..., Iterable[tuple[Any, ...]]]  # the shape of socket.getaddrinfo


class ForbiddenAddressError(Exception):
    """An address that must not be asked; its text is stable and names it."""


class Guard:
    """Decides what may be connected to, and makes the connection."""

    def __init__(
        self, allow_hosts: Iterable[str] = (), *, resolve: Resolve = socket.getaddrinfo
    ) -> None:
        """Exempt `allow_hosts` ("host" or "host:port", any port without one) from the rule."""
        self._allowed = frozenset(host.lower() for host in allow_hosts)
        self._resolve = resolve

    def allows(self, host: str, port: int) -> bool:
        """Tell whether params exempt a host: intranets and tests.

        >>> Guard(["pics.example", "127.0.0.1:8000"]).allows("127.0.0.1", 8001)
        False
        """
        name = host.strip("[]").rstrip(".").lower()
        shown = f"[{name}]" if ":" in name else name
        return not self._allowed.isdisjoint({name, shown, f"{shown}:{port}"})

    def connect(
        self, host: str, port: int, *, timeout_s: float, socket_options: Any = None
    ) -> socket.socket:
        """Open a TCP connection to a host, to an address that was checked.

        Raises:
            ForbiddenAddressError: the port, or any address of the host, is not allowed.
            socket.gaierror: the name does not resolve.
            OSError: no address answers within `timeout_s`, the look-up of the name included.
        """
        deadline = time.monotonic() + timeout_s
        fault: OSError = socket.gaierror(f"{host} has no address")
        for address in self.addresses(host, port, timeout_s=timeout_s):
            left_s = max(0.001, deadline - time.monotonic())
            try:
                return create_connection((address, port), left_s, socket_options=socket_options)
            except OSError as error:
                fault = error
        raise fault

    def addresses(self, host: str, port: int, *, timeout_s: float = _LOOK_UP_S) -> list[str]:
        """Resolve a host once and check every address it has.

        Raises:
            ForbiddenAddressError: the port, or any address of the host, is not allowed.
            socket.gaierror: the name does not resolve.
            TimeoutError: nobody says within `timeout_s` whether it does.
        """
        is_allowed = self.allows(host, port)
        if port not in WEB_PORTS and not is_allowed:
            raise ForbiddenAddressError(f"port {port}")
        addresses = self._look_up(host.strip("[]"), port, timeout_s=timeout_s)
        private = [address for address in addresses if not is_public(address)]
        if private and not is_allowed:
            raise ForbiddenAddressError(f"{host} is {min(private)}, not a public address")
        return addresses

    def _look_up(self, name: str, port: int, *, timeout_s: float) -> list[str]:
        """Ask for the addresses of a name, none twice.

        The system's own look-up cannot be broken off, so it has a thread that may outlive the wait.
        """
        answer: Future[list[str]] = Future()

        def ask() -> None:
            try:
                found = self._resolve(name, port, type=socket.SOCK_STREAM)
                answer.set_result(list(dict.fromkeys(str(each[4][0]) for each in found)))
            except BaseException as error:  # noqa: BLE001 - whoever waits gets it
                answer.set_exception(error)

        threading.Thread(target=ask, daemon=True).start()
        return answer.result(timeout_s)


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to one host of the public internet.

    Addresses that carry another one (IPv4-mapped, NAT64, 6to4) are judged by the one inside.

    >>> is_public("93.184.215.14"), is_public("::ffff:10.0.0.1"), is_public("64:ff9b::7f00:1")
    (True, False, False)
    """
    ip = ipaddress.ip_address(address)
    inner = _unwrapped(ip)
    if isinstance(inner, IPv6Address):
        return inner in _GLOBAL_UNICAST and inner.is_global and inner not in _DOCUMENTATION
    return (
        inner.is_global
        and not inner.is_multicast
        and inner not in _6TO4_RELAY
        and inner not in _PROTOCOL_ASSIGNMENTS
    )


def _unwrapped(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
