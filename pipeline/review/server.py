"""The review server: on this machine only, from a free port to Ctrl-C."""

import secrets
import socket
import webbrowser
from collections.abc import Callable

import uvicorn

from pipeline.review.app import make_app
from pipeline.review.desk import Desk
from pipeline.review.guard import ENTER, HOST, Guard

_BACKLOG = 128  # connections that wait until the server answers


def serve(
    desk: Desk,
    *,
    first: str,
    port: int = 0,
    announce: Callable[[str], None],
    open_browser: bool = True,
) -> None:
    """Serve the page of one member until Ctrl-C.

    Args:
        desk: where decisions go.
        first: slug of the character to begin with.
        port: 0 takes a free one.
        announce: told the address; it opens the page once.
        open_browser: whether the address is opened, too.

    Raises:
        OSError: the port is taken.
        KeyboardInterrupt: Ctrl-C, after the last answer was sent.
    """
    with socket.create_server((HOST, port), backlog=_BACKLOG) as listening:
        port = listening.getsockname()[1]
        token = secrets.token_urlsafe(32)
        guarded = Guard(make_app(desk, first=first), port=port, token=token)
        address = f"http://{HOST}:{port}{ENTER}{token}"
        announce(address)
        if open_browser:  # a browser that is early waits in the backlog
            webbrowser.open(address)
        config = uvicorn.Config(
            guarded,
            log_level="error",
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        uvicorn.Server(config).run(sockets=[listening])
