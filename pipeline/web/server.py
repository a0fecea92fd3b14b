"""A local server: from a free port to Ctrl-C."""

import os
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from pipeline.pictures.budget import free_at_once
from pipeline.web.deadline import DeadlineProtocol

LOOPBACK = "127.0.0.1"
_BACKLOG = 128  # connections that wait until the server answers


def run_server(
    make_app: Callable[[int], ASGIApp],
    *,
    host: str = LOOPBACK,
    port: int = 0,
    announce: Callable[[int], None],
) -> None:
    """Serve an app until Ctrl-C.

    Who a client is says its connection. X-Forwarded-For counts only from the addresses in uvicorn's
    environment variable FORWARDED_ALLOW_IPS.

    Args:
        make_app: builds it, told the port.
        host: address of this machine to listen on; by default only this machine can ask.
        port: 0 takes a free one.
        announce: told the port, once requests would be taken.

    Raises:
        OSError: the port is taken, or the address is not this machine's.
        KeyboardInterrupt: Ctrl-C, after the last answer was sent.
    """
    free_at_once()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=_BACKLOG) as listening:
        # Connections inherit it; without, an answer waits for the client's delayed ACK (44 ms).
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port = listening.getsockname()[1]
        app = make_app(port)
        announce(port)
        config = uvicorn.Config(
            app,
            http=DeadlineProtocol,
            log_level="error",
            lifespan="off",
            ws="none",
            server_header=False,
            forwarded_allow_ips=os.environ.get("FORWARDED_ALLOW_IPS") or [],
            timeout_graceful_shutdown=1,
        )
        uvicorn.Server(config).run(sockets=[listening])
