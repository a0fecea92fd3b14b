"""Requests that nobody sends by accident: good ones, spoilt by chance, the same in every run."""

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from PIL import Image
from starlette.testclient import TestClient

_SHREDS = (
    *(b"", b"\x00", b"\xff\xfe", b"\r\n", b"%00", b"%2e%2e%2f", b"..", b"/", b"%", b'"', b"'"),
    *(b"<script>", b"\\ud800", "인어".encode(), "\u202e".encode(), b"[" * 3000, b"9" * 5000, b"-1"),
    *(b"{", b"}", b":", b",", b"null", b"NaN", b"1e999", b"--x", b"--x--", b"=", b";", b"&", b" "),
    *(b'name="p"', b'filename="a"', b"filename*=utf-8''%ff", b"charset=idna", b"boundary=x"),
)
_KINDS = (
    *("", "image/png", "application/json", "application/json; charset=utf-16", "text/plain", ";;"),
    *("multipart/form-data; boundary=x", "multipart/form-data; boundary=x; charset=undefined"),
    *("multipart/form-data; boundary=x; charset=unicode_escape", "multipart/form-data; boundary="),
    *(
        'MULTIPART/FORM-DATA;boundary="x"',
        "multipart/form-data",
        "application/x-www-form-urlencoded",
    ),
)
_METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "X")


@dataclass(frozen=True, kw_only=True)
class Good:
    """A request that is answered."""

    address: str
    method: str = "GET"
    kind: str = ""
    body: bytes = b""


def server_errors(
    client: TestClient, good: Sequence[Good], *, number: int
) -> list[tuple[int, dict[str, Any]]]:
    """Send spoilt requests; give those that are answered with 500 or above.

    Args:
        client: reaches a page.
        good: requests to begin with.
        number: how many; it is the seed, too.
    """
    client._transport.raise_server_exceptions = False
    rng = random.Random(number)
    found = []
    for _ in range(number):
        sent = _spoilt_request(rng.choice(good), rng)
        status = client.request(**sent).status_code
        found += [(status, sent)] if status >= 500 else []
    return found


def form_of(data: bytes) -> bytes:
    """Wrap a file as a browser's form does."""
    head = b'--x\r\nContent-Disposition: form-data; name="p"; filename="a.png"\r\n\r\n'
    return head + data + b"\r\n--x--\r\n"


def pictures() -> list[bytes]:
    """Draw a small picture in each format."""
    found = []
    for kind in ("PNG", "JPEG", "WEBP", "GIF"):
        file = io.BytesIO()
        Image.linear_gradient("L").resize((24, 24)).convert("RGB").save(file, kind)
        found.append(file.getvalue())
    return found


def _spoilt_request(good: Good, rng: random.Random) -> dict[str, Any]:
    address, kind, body = good.address, good.kind, good.body
    headers: dict[bytes, bytes] = {}
    if rng.random() < 0.2:
        address = "/" + quote(_spoilt(address.encode(), rng)[:4000], safe="/?=&%.").lstrip("/")
    if rng.random() < 0.2:
        kind = rng.choice(_KINDS)
    if rng.random() < 0.1:
        name = rng.choice([b"accept", b"cookie", b"origin", b"host", b"range", b"content-type"])
        headers[name] = _spoilt(b"x", rng).translate(None, b"\0\r\n")[:4000]
    if rng.random() < 0.7:
        body = _spoilt(body, rng)
    if rng.random() < 0.1:
        body = rng.choice(_SHREDS)
    return {
        "method": rng.choice(_METHODS) if rng.random() < 0.1 else good.method,
        "url": address,
        "headers": {b"content-type": kind.encode()} | headers,
        "content": body,
    }


def _spoilt(data: bytes, rng: random.Random) -> bytes:
    """Change bytes, cut a piece, or put shreds in."""
    for _ in range(rng.randint(1, 3)):
        start, end = sorted(rng.choices(range(len(data) + 1), k=2))
        shred = rng.choice([*_SHREDS, rng.randbytes(3)])
        data = data[:start] + shred + (data[start:] if rng.random() < 0.7 else data[end:])
    return data
