"""Who may talk to the review server: the page that it served, in the browser that it opened.

Beside what `pipeline.web.gate` asks, every change must say that it comes from this very page, and
everything needs a cookie that only the one-time address of the start gives.
"""

import secrets
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Scope

from pipeline.web.gate import READING, Gate, content_policy
from pipeline.web.server import LOOPBACK

ENTER = "/enter/"  # followed by the token


class Guard(Gate):
    """Lets requests through to the page, or answers why not."""

    def __init__(self, app: ASGIApp, *, port: int, token: str) -> None:
        """Guard an app that listens on a port; the token opens one session, once."""
        hosts = {f"{LOOPBACK}:{port}", f"localhost:{port}"}
        super().__init__(app, hosts=hosts, policy=content_policy())
        self._cookie = f"disney_review_{port}"  # cookies ignore ports: two servers, two names
        self._token: str | None = token
        self._session = secrets.token_urlsafe(32)

    def judge(self, scope: Scope) -> Response | None:
        """Refuse a request, or open the session; None lets it through."""
        headers = Headers(scope=scope)
        if refused := super().judge(scope):
            return refused
        if scope["method"] not in READING and "origin" not in headers:
            return _refusal("this request comes from another page")
        if scope["path"].startswith(ENTER):
            if scope["method"] != "GET":  # such as HEAD: a look does not use the token up
                return Response(status_code=405, headers={"Allow": "GET"})
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
