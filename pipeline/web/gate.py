"""Which requests come through to a local page: those that name this host and come from the page.

Any web page can make a browser send requests to 127.0.0.1. So every request must name this host
(a foreign name that resolves here is DNS rebinding), and what a browser sends to change something
must come from this very page (Origin).
"""

from contextlib import suppress

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

READING = {"GET", "HEAD"}
_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # a picture's page does not learn where it was opened
    "X-Content-Type-Options": "nosniff",
}


def content_policy(*, images: str = "'self'") -> str:
    """Write a Content-Security-Policy: nothing from elsewhere, no code in the page."""
    return (
        f"default-src 'none'; img-src {images}; style-src 'self'; script-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


class Gate:
    """Lets requests through to a page, or answers why not; sets the headers of all answers."""

    def __init__(self, app: ASGIApp, *, hosts: set[str], policy: str) -> None:
        """Stand before an app.

        Args:
            app: the page.
            hosts: what the Host of a request may be, port and all.
            policy: `content_policy` of all answers.
        """
        self._app, self._hosts = app, hosts
        self._headers = _HEADERS | {"Content-Security-Policy": policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":  # no web sockets here
            return
        answer = self.judge(scope) or self._app

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        with suppress(ClientDisconnect):  # nobody is left to tell
            await answer(scope, receive, with_headers)

    def judge(self, scope: Scope) -> Response | None:
        """Refuse a request; None lets it through.

        A program that is no browser sends no Origin; where that is not enough, a heir asks more.
        """
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host not in self._hosts:
            return refusal(scope["method"], f"host {host!r} is not this server", status=403)
        origin = headers.get("origin")
        if scope["method"] not in READING and origin not in {None, f"http://{host}"}:
            return refusal(scope["method"], "this request comes from another page", status=403)
        return None


def refusal(method: str, text: str, *, status: int) -> Response:
    """Say why not: to a script, or to the person who opened an address."""
    headers = {"Cache-Control": "no-store"}
    if method not in READING:
        return JSONResponse({"error": text}, status_code=status, headers=headers)
    return PlainTextResponse(f"{text}\n", status_code=status, headers=headers)
