"""A web server on loopback that misbehaves on request, and pictures to serve.

Each path is /<behaviour>/<anything>: see `BEHAVIOURS`. It counts what it is asked, gives up its
slow answers when it is closed, and closes itself with the `with` block.
"""

import gzip
import io
import random
import struct
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import numpy as np
from PIL import Image

BLOCKS = 12  # a picture is so many by so many squares of random colour
MEGABYTE = b"\0" * 2**20
LONGEST_S = 20.0  # of a slow answer, whatever the client does


@cache
def picture(number: int, *, kind: str = "JPEG", side_px: int = 160) -> bytes:
    """Draw picture `number`: unlike every other to the eye, the same on every run."""
    colours = random.Random(number).randbytes(3 * BLOCKS**2)
    image = Image.frombytes("RGB", (BLOCKS, BLOCKS), colours)
    image = image.resize((side_px, side_px), Image.Resampling.NEAREST)
    return encode(image, kind)


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    """Encode an image to bytes."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def variant(number: int, change: Callable[[Image.Image], Image.Image]) -> bytes:
    """Draw picture `number` changed by a function, as PNG."""
    return encode(change(Image.open(io.BytesIO(picture(number)))), "PNG")


def cmyk_jpeg(number: int) -> bytes:
    """Draw picture `number` in the colours of print."""
    return encode(Image.open(io.BytesIO(picture(number))).convert("CMYK"), "JPEG")


def deep_png(number: int) -> bytes:
    """Draw picture `number` in grey of 16 bits."""
    grey = np.asarray(Image.open(io.BytesIO(picture(number))).convert("L"))
    return encode(Image.fromarray(grey.astype(np.uint16) * 257), "PNG")


def animation() -> bytes:
    """Make a GIF of two frames."""
    frames = [Image.open(io.BytesIO(picture(number))) for number in (901, 902)]
    return encode(frames[0], "GIF", save_all=True, append_images=frames[1:])


@cache
def huge_png() -> bytes:
    """Make a PNG of 30000 x 30000 pixels in few bytes: a bomb for whoever decodes it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    side = 30_000
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(side * (1 + side // 8)), 1)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def number_of(name: str) -> int:
    """Read the number of a picture from its file name: 17.jpg is picture 17."""
    return int(name.partition(".")[0])


class FaultServer(ThreadingHTTPServer):
    """Serves `BEHAVIOURS` on a free port of 127.0.0.1."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        """Bind a free port."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: Counter[str] = Counter()  # path -> requests
        self.agents: set[str] = set()  # User-Agents seen
        self.headers: dict[str, Mapping[str, str]] = {}  # path -> of its last request
        self.most_at_once = 0
        self.answers: dict[str, Callable[[_Handler], None]] = {}  # of single paths, before others
        self.anything: Callable[[_Handler], None] | None = None  # of every path, instead of faults
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self.at_once = 0
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))

    @property
    def host(self) -> str:
        """The server as `collect.allow_hosts` names it."""
        return f"127.0.0.1:{self.server_port}"

    def url(self, path: str) -> str:
        """Give the address of a path."""
        return f"http://{self.host}{path}"

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving and let slow answers go."""
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """Keep quiet when a client hangs up: that is what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultServer
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one packet

    def do_GET(self) -> None:
        """Answer as the first part of the path says."""
        server = self.server
        path = self.path.partition("?")[0]
        with server.lock:
            server.asked[path] += 1
            server.agents.add(self.headers.get("User-Agent", ""))
            server.headers[path] = self.headers
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
        try:
            answer = server.answers.get(path) or server.anything
            answer = answer or BEHAVIOURS[path.split("/")[1]]
            answer(self)
        finally:
            with server.lock:
                server.at_once -= 1

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.partition("?")[0].rpartition("/")[2]

    @property
    def is_first(self) -> bool:
        """Whether this path is asked for the first time."""
        return self.server.asked[self.path] == 1

    def send(
        self, body: bytes, *, status: int = 200, kind: str = "image/jpeg", **headers: str
    ) -> None:
        """Send a whole answer; `Retry_After="1"` becomes the header Retry-After."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def send_and_hang_up(self, body: bytes, *, length: int | None) -> None:
        """Send a body and close the connection, whatever length was announced."""
        self.close_connection = True
        self.send_response(200)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def drip(self, data: bytes, *, interval_s: float = 0.05) -> None:
        """Send one byte at a time until the client or the server has had enough."""
        self.close_connection = True
        for index in range(int(LONGEST_S / interval_s)):
            self.wfile.write(data[index : index + 1] or b"x")
            self.wfile.flush()
            if self.server.closing.wait(interval_s):
                return

    def log_message(self, *_: object) -> None:
        """Log nothing."""


Answer = Callable[[_Handler], None]


def _once(status: int, **headers: str) -> Answer:
    def answer(handler: _Handler) -> None:
        if handler.is_first:
            handler.send(b"", status=status, **headers)
        else:
            handler.send(picture(number_of(handler.name)))

    return answer


def _redirect(target: Callable[[_Handler], str], *, status: int = 302) -> Answer:
    return lambda handler: handler.send(b"", status=status, Location=target(handler))


def _hang(handler: _Handler) -> None:
    handler.close_connection = True
    handler.server.closing.wait(LONGEST_S)


def _drip_body(handler: _Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.drip(picture(1))


def _drip_headers(handler: _Handler) -> None:
    handler.drip(b"HTTP/1.1 200 OK\r\nX-Slow: ")


def _endless(handler: _Handler) -> None:
    """Send 64 MB with a JPEG's head and no Content-Length."""
    handler.send_and_hang_up(picture(1), length=None)
    for _ in range(64):
        handler.wfile.write(MEGABYTE)


def _endless_redirect(handler: _Handler) -> None:
    """Redirect to a picture, with a body that never ends and that nobody needs to read."""
    handler.close_connection = True
    handler.send_response(302)
    handler.send_header("Location", f"/ok/{handler.name}")
    handler.end_headers()
    handler.drip(HTML)


@cache
def gzip_bomb() -> bytes:
    """Make a body of 64 MB in few bytes, with a JPEG's head."""
    return gzip.compress(picture(1) + 64 * MEGABYTE, 1)


def _cut(handler: _Handler) -> None:
    body = picture(number_of(handler.name))
    handler.send_and_hang_up(body[: len(body) * 2 // 3], length=len(body))


def _overstated(handler: _Handler) -> None:
    """Send a whole picture, but announce more: it decodes and is still not what was promised."""
    body = picture(number_of(handler.name))
    handler.send_and_hang_up(body, length=len(body) + 100)


def _understated(handler: _Handler) -> None:
    """Announce less than is sent: what is read is a part."""
    body = picture(number_of(handler.name))
    handler.send_and_hang_up(body, length=len(body) // 2)


def _redirect_chain(handler: _Handler) -> None:
    """Lead to the picture over five redirects."""
    hops = int(handler.path.partition("?")[2] or 0) + 1
    target = f"/redirect-chain/{handler.name}?{hops}" if hops < 5 else f"/ok/{handler.name}"
    handler.send(b"", status=307, Location=target)


SVG = b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>'
HTML = b"<!DOCTYPE html><html><body>Not found</body></html>"

BEHAVIOURS: dict[str, Answer] = {
    "ok": lambda handler: handler.send(picture(number_of(handler.name))),
    "png-named-jpg": lambda handler: handler.send(picture(number_of(handler.name), kind="PNG")),
    "animation": lambda handler: handler.send(animation(), kind="image/gif"),
    "404": lambda handler: handler.send(HTML, status=404, kind="text/html"),
    "410": lambda handler: handler.send(b"", status=410),
    "401": lambda handler: handler.send(b"", status=401),
    "403": lambda handler: handler.send(b"", status=403),
    "challenge": lambda handler: handler.send(
        HTML, status=403, kind="text/html", Server="cloudflare", CF_Mitigated="challenge"
    ),
    "noai": lambda handler: handler.send(
        picture(number_of(handler.name)), X_Robots_Tag="noimageai, noai"
    ),
    "503": lambda handler: handler.send(b"", status=503),
    "503-once": _once(503),
    "429-once": _once(429, Retry_After="1"),
    "429-later": lambda handler: handler.send(b"", status=429, Retry_After="86400"),
    "hang": _hang,
    "drip-body": _drip_body,
    "drip-headers": _drip_headers,
    "cut": _cut,
    "overstated": _overstated,
    "understated": _understated,
    "hang-up": lambda handler: setattr(handler, "close_connection", True),
    "garbage": lambda handler: handler.send(random.Random(5).randbytes(4000)),
    "html": lambda handler: handler.send(HTML),
    "svg": lambda handler: handler.send(SVG),
    "empty": lambda handler: handler.send(b""),
    "tiny": lambda handler: handler.send(picture(7, kind="PNG", side_px=24)),
    "huge": lambda handler: handler.send(huge_png(), kind="image/png"),
    "endless": _endless,
    "announced": lambda handler: handler.send_and_hang_up(b"", length=10**9),
    "gzip-bomb": lambda handler: handler.send(gzip_bomb(), Content_Encoding="gzip"),
    "gzip": lambda handler: handler.send(
        gzip.compress(picture(number_of(handler.name))), Content_Encoding="gzip"
    ),
    "redirect": _redirect(lambda handler: f"/ok/{handler.name}", status=301),
    "redirect-endless": _endless_redirect,
    "redirect-chain": _redirect_chain,
    "redirect-loop": _redirect(lambda handler: handler.path),
    "redirect-away": _redirect(
        lambda handler: f"http://127.0.0.2:{handler.server.server_port}/ok/1.jpg"
    ),
    "redirect-file": _redirect(lambda _: "file:///etc/hostname"),
    "redirect-studio": _redirect(lambda _: "studio://pictures/ariel/1.jpg"),
    "redirect-nowhere": _redirect(lambda _: "http://[broken"),
}
