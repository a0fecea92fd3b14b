"""From an open response to its body: no further than the limits allow."""

import time
from collections.abc import Callable

import requests

from pipeline.collect.faults import TOO_SLOW, FetchError, check_status
from pipeline.collect.robots import says_no_ai
from pipeline.params import Collect
from pipeline.records import Reason

_CHUNK_BYTES = 65_536


def read_body(
    response: requests.Response,
    *,
    host: str,
    limits: Collect,
    deadline: float,
    on_chunk: Callable[[int], object],
) -> bytes:
    """Stream a body and count it, after decoding.

    A local adapter has no socket that watches the deadline, so it is looked at here as well.

    Args:
        response: opened, unread.
        host: who answered, "" for a local transport.
        limits: bytes, and whether X-Robots-Tag counts.
        deadline: by the monotonic clock.
        on_chunk: hears of each piece's bytes; it may wait, or raise to end it.

    Raises:
        FetchError: it is no success, the owner closes it to AI, or it breaks a limit.
    """
    check_status(response, host=host)
    if limits.respect_noai and says_no_ai(response.headers.get("X-Robots-Tag")):
        raise FetchError(Reason.NO_AI, "X-Robots-Tag")
    most, announced = limits.max_file_bytes, _announced_bytes(response)
    chunks, size = [], 0
    if announced <= most:
        for chunk in response.iter_content(_CHUNK_BYTES):
            on_chunk(len(chunk))
            if time.monotonic() > deadline:
                raise FetchError(Reason.TOO_SLOW, TOO_SLOW)
            chunks.append(chunk)
            size += len(chunk)
            if size > most:
                break
    if max(size, announced) > most:
        raise FetchError(Reason.TOO_MANY_BYTES, f"more than {most} bytes")
    if size < announced:
        raise FetchError(Reason.INCOMPLETE, "fewer bytes than announced", again=True)
    return b"".join(chunks)


def _announced_bytes(response: requests.Response) -> int:
    """Read Content-Length, 0 where it says nothing about the decoded body."""
    text = response.headers.get("Content-Length", "")
    is_plain = response.headers.get("Content-Encoding", "identity") == "identity"
    return int(text) if is_plain and text.isdecimal() and text.isascii() else 0
