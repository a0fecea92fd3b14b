"""Answers that hold no usable picture: every death of `plan.DEATHS`."""

import struct
import zlib
from functools import cache
from http import HTTPStatus
from typing import NamedTuple

_HUGE_SIDE = 30_000  # px: 112 MB of 1-bit pixels, 900 million once decoded to bytes
_BAND_ROWS = 1000
_PNG = b"\x89PNG\r\n\x1a\n"


class Answer(NamedTuple):
    """What the server sends for one address."""

    status: HTTPStatus
    content_type: str
    body: bytes
    claimed_bytes: int  # Content-Length, which need not be true


def answer(content_type: str, body: bytes) -> Answer:
    """Answer with a body and the truth about its length."""
    return Answer(HTTPStatus.OK, content_type, body, len(body))


def missing() -> Answer:
    """Not there (any more)."""
    body = b"<!doctype html><title>404</title><h1>Not found</h1>"
    return Answer(HTTPStatus.NOT_FOUND, "text/html; charset=utf-8", body, len(body))


def cut(body: bytes) -> Answer:
    """Half a JPEG that claims to be a whole one: only decoding it tells."""
    return answer("image/jpeg", body[: len(body) // 2])


def broken_off(body: bytes) -> Answer:
    """A connection that ends before Content-Length is reached; what came may even decode."""
    return cut(body)._replace(claimed_bytes=len(body))


def html() -> Answer:
    """A page under the name of a picture, sent as one."""
    head = b"<!DOCTYPE html>\n<html><head><title>Studio</title></head>"
    page = head + b"<body>Please log in.</body></html>"
    return answer("image/jpeg", page)


def pixel() -> Answer:
    """A counting pixel: a perfectly good picture of 1 x 1."""
    return answer("image/png", _png(1, zlib.compress(b"\x00\x00")))


@cache
def huge() -> Answer:
    """A small file that unpacks to 30000 x 30000 pixels, made one band of rows at a time."""
    row = b"\x00" + b"\xaa" * (_HUGE_SIDE // 8)
    packer = zlib.compressobj(1)
    bands = (packer.compress(row * _BAND_ROWS) for _ in range(_HUGE_SIDE // _BAND_ROWS))
    return answer("image/png", _png(_HUGE_SIDE, b"".join(bands) + packer.flush()))


def _png(side_px: int, packed: bytes) -> bytes:
    """Write a square PNG of 1-bit pixels by hand."""
    header = struct.pack(">IIBBBBB", side_px, side_px, 1, 0, 0, 0, 0)
    return _PNG + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
