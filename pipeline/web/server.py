"""A local server: from a free port to Ctrl-C."""

import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from pipeline.pictures.budget import free_at_once

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
        port = listening.getsockname()[1]
        app = make_app(port)
        announce(port)
        config = uvicorn.Config(
            app,
            log_level="error",
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        uvicorn.Server(config).run(sockets=[listening])
