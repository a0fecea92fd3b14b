"""The body of a request, never more of it than allowed."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request


async def read_body(request: Request, *, limit_bytes: int) -> bytes:
    """Read a body, whatever its length is said to be.

    Raises:
        HTTPException: it is longer than the limit (413).
    """
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > limit_bytes:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"too many bytes: at most {limit_bytes}"
            )
    return bytes(data)
