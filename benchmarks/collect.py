"""How fast images are collected, beside what people use today: all on one server of our own.

    python benchmarks/collect.py [--peers PYTHON] [--rounds 3] [--images 500] [--workers 32]

Serves distinct JPEGs of about 54 kB from loopback, each after 20 ms, and has every tool fetch all
of them, in turn, for some rounds. PYTHON is an interpreter that has the peers; without one they
are left out:

    python -m venv /tmp/peers && /tmp/peers/bin/pip install icrawler img2dataset

Prints a Markdown table for LOG.md: images/s over the whole life of a process, and from its first
request to its end, which leaves out the start of Python and its imports; medians of the rounds,
each with its ratio to the plain script of the same round. Only ratios of one run mean anything.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from collect_tools import PEERS, TOOLS

HERE = Path(__file__).resolve().parent
LIMIT_S = 120.0  # of one run; what takes longer is ended
PAUSE_S = 0.02  # between two looks at the memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One tool, once over the list."""

    num_images: int  # that it stored
    whole_s: float  # from the start of its process to its end
    busy_s: float  # from its first request to its end
    cpu_s: float  # of it and all its children together
    peak_mb: float  # likewise


def main() -> None:
    """Run every tool in turn, for some rounds, and print the table."""
    arguments = _arguments()
    names = [name for name in TOOLS if arguments.peers or name not in PEERS]
    runs: dict[str, list[Run]] = defaultdict(list)
    with serving(arguments.images) as address, tempfile.TemporaryDirectory() as folder:
        urls = Path(folder) / "urls.txt"
        urls.write_text("".join(f"{address}/{n}.jpg\n" for n in range(arguments.images)))
        for number in range(arguments.rounds):
            for name in names:
                python = arguments.peers if name in PEERS else sys.executable
                out = Path(folder) / f"{number}-{name}"
                runs[name].append(
                    measure(
                        [python, str(HERE / "collect_tools.py"), name],
                        urls,
                        out,
                        address=address,
                        workers=arguments.workers,
                    )
                )
    print_table(runs)
    if not arguments.peers:
        print(f"left out, for there is no --peers PYTHON: {', '.join(PEERS)}")


def measure(command: list[str], urls: Path, out: Path, *, address: str, workers: int) -> Run:
    """Run one tool over the list and look at its memory meanwhile."""
    out.mkdir()
    _ask(f"{address}/first")  # forget the run before
    start, cpu, peak = time.monotonic(), _children_cpu_s(), 0
    with subprocess.Popen(
        [*command, str(urls), str(out), str(workers)],
        cwd=out,
        env={**os.environ, "PYTHONPATH": str(HERE.parent), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None:
            peak = max(peak, _tree_bytes(process.pid))
            if time.monotonic() - start > LIMIT_S:
                process.kill()
            time.sleep(PAUSE_S)
    end = time.monotonic()
    stored = sum(1 for path in out.rglob("*.jpg") if path.is_file())
    first = float(_ask(f"{address}/first")) or end
    return Run(
        num_images=stored,
        whole_s=end - start,
        busy_s=end - first,
        cpu_s=_children_cpu_s() - cpu,
        peak_mb=peak / 1e6,
    )


def print_table(runs: dict[str, list[Run]]) -> None:
    """Print medians, and ratios to the plain script of the same round."""
    print(
        "| tool | images | images/s, whole | ratio | images/s, busy | ratio "
        "| CPU ms/image | peak MB |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, own in runs.items():
        cells = [str(min(run.num_images for run in own))]
        for seconds in ("whole_s", "busy_s"):
            rates = [_rate(run, seconds) for run in own]
            ratios = [
                rate / _rate(base, seconds) for rate, base in zip(rates, runs["plain"], strict=True)
            ]
            spread = f"({min(ratios):.2f}-{max(ratios):.2f})"
            cells += [
                f"{statistics.median(rates):.0f}",
                f"{statistics.median(ratios):.2f} {spread}",
            ]
        cells.append(
            f"{statistics.median(1e3 * run.cpu_s / max(1, run.num_images) for run in own):.1f}"
        )
        cells.append(f"{max(run.peak_mb for run in own):.0f}")
        print(f"| {name} | {' | '.join(cells)} |")


@contextmanager
def serving(num_images: int) -> Iterator[str]:
    """Start the server; yields its address."""
    command = [sys.executable, str(HERE / "collect_server.py"), "--images", str(num_images)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def _rate(run: Run, seconds: str) -> float:
    return run.num_images / max(1e-9, getattr(run, seconds))


def _children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _ask(url: str) -> str:
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - our own server
        return answer.read().decode()


def _tree_bytes(pid: int) -> int:
    """Add up the resident memory of a process and all below it."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError, IndexError):  # it has just ended
        return 0
    return pages * os.sysconf("SC_PAGESIZE") + sum(_tree_bytes(int(child)) for child in below)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", help="a Python that has icrawler and img2dataset")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--workers", type=int, default=32)
    return parser.parse_args()


if __name__ == "__main__":
    main()
