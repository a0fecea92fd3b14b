"""The studio as a web server: `requests` gets its pictures by `studio://` addresses."""

import io
from collections.abc import Mapping

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse

from pipeline.collect.sources.studio import dead
from pipeline.collect.sources.studio.copies import edited
from pipeline.collect.sources.studio.dead import Answer
from pipeline.collect.sources.studio.dice import dice
from pipeline.collect.sources.studio.files import decoded, encoded, fresh_file
from pipeline.collect.sources.studio.plan import Kind, Plan, plan_at

_TYPES = {"jpg": "jpeg", "jpeg": "jpeg", "png": "png", "webp": "webp", "gif": "gif"}


class StudioAdapter(BaseAdapter):
    """A transport for requests: `session.mount("studio://", StudioAdapter())`.

    It holds no state, so any number of threads and sessions may share one.
    """

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002  the signature is that of requests
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,  # noqa: ARG002
        verify: bool | str = True,  # noqa: ARG002, FBT001, FBT002
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> Response:
        """Answer one request at once; the body is read from it like any other."""
        url = request.url or ""
        reply = answer_to(url)
        headers = {"Content-Type": reply.content_type, "Content-Length": str(reply.claimed_bytes)}
        response = Response()
        response.status_code = reply.status
        response.reason = reply.status.phrase
        response.headers = CaseInsensitiveDict(headers)
        response.raw = HTTPResponse(
            body=io.BytesIO(reply.body),
            headers=headers,
            status=reply.status,
            reason=reply.status.phrase,
            preload_content=False,
            decode_content=False,
            request_method=request.method,
        )
        response.url = url
        response.request = request
        return response

    def close(self) -> None:
        """Release nothing: there are no connections."""


def answer_to(url: str) -> Answer:
    """Say what the studio sends for an address: a pure function of it."""
    plan = plan_at(url)
    if plan is None:
        return dead.missing()
    if plan.kind is Kind.DEAD:
        return _dead(plan)
    return dead.answer(f"image/{_TYPES[plan.extension]}", _file(plan))


def _file(plan: Plan) -> bytes:
    if plan.original is None:
        return fresh_file(plan)
    body = _file(plan.original)
    if plan.edit == "exact":
        return body
    return encoded(edited(decoded(body), plan.edit, dice(plan.slug, plan.number, "edit")), plan)


def _dead(plan: Plan) -> Answer:
    match plan.death:
        case "cut":
            return dead.cut(fresh_file(plan))
        case "broken off":
            return dead.broken_off(fresh_file(plan))
        case "html":
            return dead.html()
        case "pixel":
            return dead.pixel()
        case "huge":
            return dead.huge()
        case _:
            return dead.missing()
