"""The server of the page: on this machine only, unless told otherwise."""

import socket
from collections.abc import Callable, Mapping
from ipaddress import ip_address

from pipeline.serve.app import make_app
from pipeline.serve.rate import Rate
from pipeline.serve.seer import Seer
from pipeline.web.gate import Gate, content_policy
from pipeline.web.server import LOOPBACK, run_server


def serve(
    seer: Seer,
    *,
    names: Mapping[str, str],
    host: str = LOOPBACK,
    port: int = 0,
    per_minute: int,
    announce: Callable[[str], None],
) -> None:
    """Serve the page until Ctrl-C.

    Args:
        seer: who answers.
        names: slug -> name of a character, for people.
        host: address of this machine to listen on.
        port: 0 takes a free one.
        per_minute: requests of one client.
        announce: told the address.

    Raises:
        OSError: the port is taken, or the address is not this machine's.
        KeyboardInterrupt: Ctrl-C, after the last answer was sent.
    """
    app = make_app(seer, names=names, rate=Rate(per_minute=per_minute))
    run_server(
        lambda port: gated(app, hosts=hosts_of(host), port=port),
        host=host,
        port=port,
        announce=lambda port: announce(f"http://{_in_address(hosts_of(host)[0])}:{port}/"),
    )


def gated(app: Callable[..., object], *, hosts: list[str], port: int) -> Gate:
    """Put the gate before the app; pictures may also come from the page's own memory."""
    allowed = {f"{_in_address(host)}:{port}" for host in hosts}
    policy = content_policy(images="'self' blob: data:")
    return Gate(app, hosts=allowed, policy=policy)  # type: ignore[arg-type]


def hosts_of(address: str) -> list[str]:
    """List the names by which a server on an address is reached; the first is for people.

    >>> hosts_of("127.0.0.1")
    ['127.0.0.1', 'localhost']
    >>> hosts_of("192.0.2.7")
    ['192.0.2.7']
    """
    if address == "localhost":
        return [LOOPBACK, "localhost"]
    parsed = ip_address(address)
    if parsed.is_unspecified:  # all addresses of this machine
        own = socket.gethostname()
        found = {str(each[4][0]) for each in socket.getaddrinfo(own, None)}
        return [own, *sorted(found | {LOOPBACK, "localhost"})]
    return [address, "localhost"] if parsed.is_loopback else [address]


def _in_address(host: str) -> str:
    """IPv6 addresses stand in brackets."""
    return f"[{host}]" if ":" in host else host
