"""`disney serve` under load: answers a second, waiting, errors and peak memory.

    python benchmarks/serve.py [--project FOLDER] [--against CHECKOUT] [--rounds 2] [--seconds 60]

Prints a Markdown table for LOG.md. Clients on kept-alive connections ask about pictures of the
project; every eighth question is a form, every eighth wants the heat map. In the middle come eight
pictures of 25 megapixels at once. Promised: no error, at most 1.1 GB over all processes. With
another checkout of this repository, both take turns. Needs a project whose networks are trained,
and Linux: each client has an address of its own in 127/8, for the rate is by address.
"""

import argparse
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from threading import Timer

import numpy as np
from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[1]
PER_MINUTE = 10_000
LARGE_PX = (5000, 5000)
NUM_FILES = 200
WAIT_S = 120
FORM = {"Content-Type": "multipart/form-data; boundary=x"}


def main() -> None:
    """Measure each checkout in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", type=Path, default=REPOSITORY)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--large", type=int, default=8)
    arguments = parser.parse_args()
    files = sorted(arguments.project.glob("data/raw/*/images/*"))[::-1]
    pictures = [path.read_bytes() for path in files[:: len(files) // NUM_FILES + 1]]
    print("| checkout | answers/s | p50 | p99 | slowest of 25 Mpx | errors | peak |")
    print("|---|---|---|---|---|---|---|")
    for _ in range(arguments.rounds):
        for checkout in filter(None, (arguments.against, REPOSITORY)):
            with serving(checkout, arguments.project) as (port, pid):
                load = Load(port=port, pictures=pictures, seconds=arguments.seconds)
                seen = load.run(num_clients=arguments.clients, num_large=arguments.large)
                peak_mb = sum(peak_megabytes(each) for each in family(pid))
            large_s = max(seen.large_ms, default=0) / 1000
            p50_ms, p99_ms = np.percentile(seen.waits_ms, [50, 99])
            print(
                f"| {checkout.name} | {len(seen.waits_ms) / arguments.seconds:.0f} "
                f"| {p50_ms:.0f} ms | {p99_ms:.0f} ms | {large_s:.1f} s "
                f"| {seen.errors} | {peak_mb:.0f} MB |",
                flush=True,
            )


@contextmanager
def serving(checkout: Path, project: Path) -> Iterator[tuple[int, int]]:
    """Start the command of a checkout, give its port and process, and end it as Ctrl-C does."""
    own = checkout.resolve() / ".venv" / "bin" / "python"
    python = own if own.exists() else sys.executable
    command = [python, "-m", "pipeline.cli", "serve", "--per-minute", str(PER_MINUTE)]
    environment = os.environ | {"PYTHONPATH": str(checkout.resolve())}
    with subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        said = iter(server.stdout)
        port = next(found for line in said if (found := re.search(r"http://[^:]+:(\d+)/", line)))[1]
        try:
            yield int(port), server.pid
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate()


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What all clients together saw."""

    waits_ms: list[float]
    large_ms: list[float]
    errors: int


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is asked of a server."""

    port: int
    pictures: list[bytes]
    seconds: float

    def run(self, *, num_clients: int, num_large: int) -> Seen:
        """Ask from all clients at once."""
        large = large_picture()
        end_s = time.monotonic() + self.seconds
        with ThreadPoolExecutor(num_clients + num_large) as pool:
            clients = [pool.submit(self._client, number, end_s) for number in range(num_clients)]
            asked: list[list[float | None]] = []
            timer = Timer(
                self.seconds / 2,
                lambda: asked.extend(
                    pool.map(lambda number: self._ask_large(number, large), range(num_large))
                ),
            )
            timer.start()
            waits = [wait for client in clients for wait in client.result()]
            timer.join()
        return Seen(
            waits_ms=[wait for wait in waits if wait is not None],
            large_ms=[wait for wait in asked if wait is not None],
            errors=sum(wait is None for wait in [*waits, *asked]),
        )

    def _client(self, number: int, end_s: float) -> list[float | None]:
        connection = self._connect(number)
        waits = []
        for turn in count(number):
            if time.monotonic() > end_s:
                return waits
            data = self.pictures[7 * turn % len(self.pictures)]
            address = "/predict?heat=1" if turn % 8 == 1 else "/predict"
            body, headers = (form_of(data), FORM) if turn % 8 == 2 else (data, {})
            waits.append(ask(connection, address, body, headers))
        return waits

    def _ask_large(self, number: int, data: bytes) -> float | None:
        return ask(self._connect(100 + number), "/predict?heat=1", data, {})

    def _connect(self, number: int) -> HTTPConnection:
        source = (f"127.0.1.{number + 1}", 0)
        return HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S, source_address=source)


def ask(
    connection: HTTPConnection, address: str, body: bytes, headers: dict[str, str]
) -> float | None:
    """Give the milliseconds until the answer is read; None: it was an error."""
    start_s = time.perf_counter()
    try:
        connection.request("POST", address, body, headers)
        answer = connection.getresponse()
        answer.read()
    except OSError:
        connection.close()
        return None
    return 1000 * (time.perf_counter() - start_s) if answer.status == 200 else None


def form_of(data: bytes) -> bytes:
    """Wrap a picture as a browser's form does."""
    head = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n'
    return head + data + b"\r\n--x--\r\n"


def large_picture() -> bytes:
    """Write a PNG of 110 kB and 25 megapixels, half transparent: the dearest to decode."""
    file = io.BytesIO()
    Image.new("RGBA", LARGE_PX, (200, 30, 30, 120)).save(file, "PNG")
    return file.getvalue()


def family(pid: int) -> list[int]:
    """List a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
    return [pid, *(each for child in children for each in family(int(child)))]


def peak_megabytes(pid: int) -> float:
    """Ask Linux for the most that was resident so far."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1000


if __name__ == "__main__":
    main()
