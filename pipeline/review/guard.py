"""Who may talk to the review server: the page that it served, in the browser that it opened.

Any web page can make a browser send requests to 127.0.0.1. So every request must name this host
(a foreign name that resolves here is DNS rebinding), what changes something must come from this
very page (Origin), and everything needs a cookie that only the one-time address of the start gives.
"""

import secrets
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "127.0.0.1"
ENTER = "/enter/"  # followed by the token
_READING = {"GET", "HEAD"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # a picture's page does not learn where it was opened
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """Lets requests through to the page, or answers why not; sets the headers of all answers."""

    def __init__(self, app: ASGIApp, *, port: int, token: str) -> None:
        """Guard an app that listens on a port; the token opens one session, once."""
        self._app = app
        self._hosts = {f"{HOST}:{port}", f"localhost:{port}"}
        self._cookie = f"disney_review_{port}"  # cookies ignore ports: two servers, two names
        self._token: str | None = token
        self._session = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":  # no web sockets here
            return
        answer = self._judge(scope) or self._app

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await answer(scope, receive, with_headers)

    def _judge(self, scope: Scope) -> Response | None:
        """Refuse a request, or open the session; None lets it through."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host not in self._hosts:
            return _refusal(f"host {host!r} is not this server")
        if scope["method"] not in _READING and headers.get("origin") != f"http://{host}":
            return _refusal("this request comes from another page")
        if scope["path"].startswith(ENTER):
            return self._enter(scope["path"].removeprefix(ENTER))
        if not secrets.compare_digest(self._sent(headers).encode(), self._session.encode()):
            return _refusal(
                "no session: open the address that `disney review` printed; it opens once, in one "
                "browser, so start the command again for another"
            )
        return None

    def _enter(self, token: str) -> Response:
        if self._token is None or not secrets.compare_digest(token.encode(), self._token.encode()):
            return _refusal(
                "this address was used already, or is none; start `disney review` again"
            )
        self._token = None
        response = RedirectResponse("/", status_code=303)
        response.set_cookie(self._cookie, self._session, httponly=True, samesite="strict")
        return response

    def _sent(self, headers: Headers) -> str:
        try:
            morsel = SimpleCookie("; ".join(headers.getlist("cookie"))).get(self._cookie)
        except CookieError:
            return ""
        return morsel.value if morsel else ""


def _refusal(text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status_code=403)
