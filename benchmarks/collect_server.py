"""A web server on loopback for `benchmarks/collect.py`: distinct JPEGs, each after 20 ms.

    python benchmarks/collect_server.py --images 500

Prints its address, then serves /<number>.jpg until it is killed. GET /first says when the first
picture since the last such question was asked for, by the machine's monotonic clock. One thread
and answers made beforehand, so that it takes as little as it can from the tools' cores.
"""

import argparse
import asyncio
import io
import random
import time
from functools import cache

from PIL import Image, ImageChops

LATENCY_S = 0.02
SIZE_PX = (480, 360)
QUALITY = 89  # with it a picture of this size weighs about 54 kB


def main() -> None:
    """Draw the pictures and serve them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=500)
    answers = [answer(draw(number)) for number in range(parser.parse_args().images)]
    asyncio.run(serve(Pictures(answers)))


def draw(number: int) -> bytes:
    """Draw picture `number`: soft blobs under grain, unlike every other."""
    blobs = Image.frombytes("RGB", (8, 6), random.Random(number).randbytes(8 * 6 * 3))
    soft = blobs.resize(SIZE_PX, Image.Resampling.BICUBIC)
    file = io.BytesIO()
    ImageChops.add(soft, grain(), offset=-128).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


@cache
def grain() -> Image.Image:
    """Draw the grain that all pictures share: without it they would weigh nothing."""
    width, height = SIZE_PX
    noise = random.Random(-1).randbytes(3 * width * height)
    return Image.frombytes("RGB", SIZE_PX, noise).point(lambda level: 128 + (level - 128) // 8)


def answer(body: bytes, *, kind: str = "image/jpeg") -> bytes:
    """Put a body behind its headers."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Pictures:
    """What is served, and when it was first asked for."""

    def __init__(self, answers: list[bytes]) -> None:
        """Take the answers, in the order of their numbers."""
        self._answers = answers
        self._first = 0.0

    def get(self, path: str) -> tuple[float, bytes]:
        """Answer a path; returns the seconds to wait before that, and the answer."""
        if path == "/first":
            first, self._first = self._first, 0.0
            return 0.0, answer(str(first).encode(), kind="text/plain")
        self._first = self._first or time.monotonic()
        return LATENCY_S, self._answers[int(path.strip("/").partition(".")[0])]


async def serve(pictures: Pictures) -> None:
    """Listen on a free port for ever."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(pictures), "127.0.0.1", 0, backlog=512)
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)
    await server.serve_forever()


class _Connection(asyncio.Protocol):
    """One connection: it is kept open, and each request is answered after the latency."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            wait_s, body = self._pictures.get(head.split(b" ", 2)[1].decode())
            asyncio.get_running_loop().call_later(wait_s, self._transport.write, body)


if __name__ == "__main__":
    main()
