"""The review page in Chromium: how long until pictures show, and until a verdict is saved.

    python benchmarks/review.py [--pictures 1200 5000] [--verdicts 60]

Prints a Markdown table for LOG.md. Promised: the first grid under 1 s, a verdict under 100 ms at
the 95th percentile. Needs playwright and /usr/bin/chromium.
"""

import argparse
import io
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from pipeline.files import sha256_of, write_bytes, write_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import GroupReason, GroupRow, ImageRecord

REPOSITORY = Path(__file__).resolve().parents[1]
CHROMIUM = "/usr/bin/chromium"
SIDE_PX = 400
NEXT = ".pages [rel=next]"
VISIBLE = """[...document.querySelectorAll(".tile img")]
    .filter((image) => image.getBoundingClientRect().top < innerHeight)
    .every((image) => image.complete && image.naturalWidth)"""
COUNT_TIMES = """() => {
    const ask = window.fetch;
    window.times = [];
    window.fetch = async (address, options) => {
        const start = performance.now();
        const answer = await ask(address, options);
        if (address === "/decisions") window.times.push(performance.now() - start);
        return answer;
    };
}"""


def main() -> None:
    """Measure each number of pictures in a project of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, nargs="+", default=[1200, 5000])
    parser.add_argument("--verdicts", type=int, default=60)
    arguments = parser.parse_args()
    headings = ("pictures", "first grid", "its pictures", "again", "slowest page", "verdict", "p95")
    print(f"| {' | '.join(headings)} |")
    print("|---|---|---|---|---|---|---|")
    for number in arguments.pictures:
        with tempfile.TemporaryDirectory(prefix="disney-review-") as folder:
            project = make_project(Path(folder), num_pictures=number)
            with serving(project) as address:
                seen = visit(address, num_verdicts=arguments.verdicts)
        middle, p95 = np.percentile(seen.verdicts_ms, [50, 95])
        print(
            f"| {number} | {seen.grid_s:.2f} s | {seen.shown_s:.2f} s | {seen.again_s:.2f} s "
            f"| {max(seen.pages_s, default=0.0):.2f} s | {middle:.0f} ms | {p95:.0f} ms |"
        )


@dataclass(frozen=True, kw_only=True)
class Visit:
    """How long a person waited."""

    grid_s: float  # for the first grid
    shown_s: float  # for its visible pictures, of which no thumbnail was there
    again_s: float  # for both, opened again
    pages_s: list[float]  # for each further page of the character, its visible pictures too
    verdicts_ms: list[float]  # from the key to the server's answer


def make_project(root: Path, *, num_pictures: int) -> Project:
    """Write a project of this repository's characters with pictures of noise, all of them kept."""
    shutil.copy(REPOSITORY / "params.yaml", root)
    project = Project(root)
    project.reviews.mkdir(parents=True)
    characters = list(load_params(project).characters)
    rng = np.random.default_rng(7)
    groups = []
    for slug in characters:
        records = [_picture(project, slug, rng) for _ in range(num_pictures // len(characters))]
        records.sort(key=lambda record: record.sha256)
        write_rows(project.raw_manifest(slug), ImageRecord, records)
        groups += [_group(record) for record in records]
    write_rows(project.groups, GroupRow, sorted(groups, key=lambda row: row.sha256))
    return project


@contextmanager
def serving(project: Project) -> Iterator[str]:
    """Start the command, give the address it prints, and end it as Ctrl-C does."""
    command = [sys.executable, "-m", "pipeline.cli", "review", "--as", "na", "--no-browser"]
    with subprocess.Popen(
        command,
        cwd=project.root,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        yield re.findall(r"http\S+", server.stdout.readline())[0]
        server.send_signal(signal.SIGINT)
        server.communicate()


def visit(address: str, *, num_verdicts: int) -> Visit:
    """Open the page, open it again, keep pictures one by one, then turn all pages."""
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = chromium.new_context(bypass_csp=True).new_page()  # to ask the page for times
        page.goto("about:blank")
        grid_s, shown_s = _open(page, address)
        _, again_s = _open(page, page.url)
        page.evaluate(COUNT_TIMES)
        for done in range(1, num_verdicts + 1):
            page.keyboard.press("k")
            page.wait_for_function(f"window.times.length === {done}")
        verdicts_ms = page.evaluate("window.times")
        pages_s = []
        while page.locator(NEXT).count():
            pages_s.append(_open(page, page.locator(NEXT).evaluate("link => link.href"))[1])
        chromium.close()
    return Visit(
        grid_s=grid_s,
        shown_s=shown_s,
        again_s=again_s,
        pages_s=pages_s,
        verdicts_ms=verdicts_ms,
    )


def _open(page: Any, address: str) -> tuple[float, float]:
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(".tile.current")
    grid = time.perf_counter() - start
    page.wait_for_function(VISIBLE)
    return grid, time.perf_counter() - start


def _picture(project: Project, character: str, rng: np.random.Generator) -> ImageRecord:
    """Draw a picture of coloured blocks, as big a file as a photo of its size."""
    pixels = np.kron(rng.integers(0, 255, (50, 50, 3), np.uint8), np.ones((8, 8, 1), np.uint8))
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    sha256 = sha256_of(buffer.getvalue())
    path = project.raw_images(character) / f"{sha256}.jpg"
    write_bytes(path, buffer.getvalue())
    return ImageRecord(
        sha256=sha256,
        file=project.relative(path),
        character=character,
        member="na",
        source="studio",
        image_url=f"https://pics.example/{sha256}",
        page_url="",
        title=f"{character} 그림",
        author="benchmark",
        licence="CC0",
        licence_url="",
        width_px=SIDE_PX,
        height_px=SIDE_PX,
        bytes=len(buffer.getvalue()),
        format="JPEG",
        phash=f"{rng.integers(2**63):016x}",
    )


def _group(record: ImageRecord) -> GroupRow:
    return GroupRow(
        sha256=record.sha256,
        file=record.file,
        character=record.character,
        group=record.sha256[:16],
        keep=True,
        reason=GroupReason.KEPT,
        nearest_sha256="",
        distance_bits=None,
    )


if __name__ == "__main__":
    main()
