"""The review server: on this machine only, from a free port to Ctrl-C."""

import secrets
import webbrowser
from collections.abc import Callable

from pipeline.review.app import make_app
from pipeline.review.desk import Desk
from pipeline.review.guard import ENTER, Guard
from pipeline.web.server import LOOPBACK, run_server


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
    token = secrets.token_urlsafe(32)

    def tell(port: int) -> None:
        address = f"http://{LOOPBACK}:{port}{ENTER}{token}"
        announce(address)
        if open_browser:  # a browser that is early waits in the backlog
            webbrowser.open(address)

    run_server(
        lambda port: Guard(make_app(desk, first=first), port=port, token=token),
        port=port,
        announce=tell,
    )
