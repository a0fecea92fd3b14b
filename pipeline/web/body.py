"""The body of a request, never more of it than allowed: as bytes, or as JSON."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message


def limited(request: Request, *, limit_bytes: int) -> Request:
    """Give a request whose body ends in an error where it is longer, whatever it says it is.

    Reading it raises HTTPException: it is longer than the limit (413).
    """
    num_bytes = 0

    async def receive() -> Message:
        nonlocal num_bytes
        message = await request.receive()
        num_bytes += len(message.get("body", b""))
        if num_bytes > limit_bytes:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"too many bytes: at most {limit_bytes}"
            )
        return message

    return Request(request.scope, receive)


async def read_body(request: Request, *, limit_bytes: int) -> bytes:
    """Read a body.

    Raises:
        HTTPException: it is longer than the limit (413).
    """
    return await limited(request, limit_bytes=limit_bytes).body()


async def read_json(request: Request, *, limit_bytes: int) -> Mapping[str, Any]:
    """Read one JSON object.

    Raises:
        HTTPException: it is not said to be JSON (415), longer than the limit (413), or no JSON
            object of text in UTF-8 (400).
    """
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "expected application/json")
    try:
        body = json.loads(await read_body(request, limit_bytes=limit_bytes))
        json.dumps(body, ensure_ascii=False).encode()  # a lone surrogate can be sent, not written
    except (ValueError, RecursionError) as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "not JSON") from error
    if not isinstance(body, dict):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "expected one JSON object")
    return body
