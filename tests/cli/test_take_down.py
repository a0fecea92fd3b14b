"""A take-down leaves no pixel: of a picture in a colour that nobody else has, used everywhere."""

import base64
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.cli.pixel_copies import HOLDERS, WITHOUT_PIXELS
from pipeline.files import read_rows, sha256_of, write_bytes
from pipeline.paths import Project
from pipeline.records import ImageRecord
from pipeline.review.thumbs import thumb

REPOSITORY = Path(__file__).resolve().parents[2]
COLOUR = (0, 0, 255)  # no stand-in comes nearer than 60 levels
_LEVELS = 40  # of 255: JPEG and means move a colour a little
_EMBEDDED = re.compile(rb"data:image/[a-z]+;base64,([A-Za-z0-9+/=]+)")


def picture(number: int) -> bytes:
    """Draw a picture in the colour, like no other."""
    cells = np.frombuffer(Random(number).randbytes(36), np.uint8).reshape(6, 6) % 2
    pixels = cells[:, :, None] * np.array(COLOUR, np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((240, 240), Image.Resampling.NEAREST).save(buffer, "PNG")
    return buffer.getvalue()


def pixels_in(data: bytes) -> Iterator[NDArray[np.uint8]]:
    """Decode all that a file shows: a picture, arrays of pixels, pictures in a page."""
    if data.startswith((b"\x93NUMPY", b"PK")):
        loaded = np.load(io.BytesIO(data))
        arrays = [loaded] if isinstance(loaded, np.ndarray) else list(loaded.values())
        arrays = [each for each in arrays if isinstance(each, np.ndarray)]  # not of a checkpoint
        yield from (each for each in arrays if each.dtype == np.uint8 and each.shape[-1] == 3)
    for match in _EMBEDDED.finditer(data):
        yield from pixels_in(base64.b64decode(match[1]))
    with suppress(OSError, Image.DecompressionBombError):  # no picture, or one that nobody can see
        yield np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def shows_colour(data: bytes) -> bool:
    """Tell whether any pixel of a file has the colour."""
    return any(
        bool((abs(pixels.astype(int) - COLOUR).max(axis=-1) < _LEVELS).any())
        for pixels in pixels_in(data)
    )


def where(*folders: Path) -> list[str]:
    """Find the colour in every file of folders, git's own objects and the code left out."""
    return sorted(
        path.relative_to(folder).as_posix()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not {".git", "pipeline", "tests"} & set(path.parts[-8:])
        if shows_colour(path.read_bytes())
    )


def run(root: Path, *command: str) -> str:
    """Run a command in a project; give what it prints."""
    here = Path(sys.executable).parent
    done = subprocess.run(
        [sys.executable, "-m", *command] if command[0] != "git" else command,
        cwd=root,
        env={**os.environ, "PATH": f"{here}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commit(root: Path, message: str) -> None:
    """Commit all that git does not ignore."""
    author = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    run(root, "git", "add", "--all")
    run(root, "git", *author, "commit", "--quiet", "--message", message)


@pytest.fixture(scope="module")
def used(
    tmp_path_factory: pytest.TempPathFactory, write_project: Callable[..., Project]
) -> Project:
    """Collect pictures, contribute others, and use them in all that this project does."""
    folder = tmp_path_factory.mktemp("used")
    root = folder / "clone"
    listed = run(REPOSITORY, "git", "ls-files", "--cached", "--others", "--exclude-standard")
    for name in listed.splitlines():
        if not name.startswith("tests/") and (REPOSITORY / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, root / name)
    drawn = map(picture, range(10_000))  # the page shows the first by sha256
    chosen = list(islice((each for each in drawn if sha256_of(each) < "03"), 6))
    for number, data in enumerate(chosen):
        place = folder / "theirs" if number % 2 else folder / "mine" / "ariel"
        write_bytes(place / f"{number}.png", data)
    sources = [{"kind": "folder", "path": str(folder / "mine")}, {"kind": "studio"}]
    project = write_project(root, collect={"target": 24, "sources": sources})
    run(root, "git", "init", "--quiet")
    run(root, "dvc", "remote", "add", "--default", "store", str(folder / "store"))
    add = ("contribute", "add", "--as", "m2", "--character", "elsa", str(folder / "theirs"))
    run(root, "pipeline.cli", *add)
    run(root, "dvc", "repro")
    run(root, "pipeline.cli", "export", "--format", "imagefolder", "--out", "exported")
    for path in images(project):
        thumb(path, sha256=path.stem, cache=project.thumbs)
    commit(root, "used")
    run(root, "dvc", "push", "--run-cache")
    return project


def images(project: Project) -> list[Path]:
    """Find the pictures in the colour."""
    files = [*project.raw.glob("*/images/*"), *project.contributions.glob("*/*/*.png")]
    return [path for path in files if shows_colour(path.read_bytes())]


@pytest.mark.slow
def test_every_place_is_registered(used: Project) -> None:
    """What is kept between runs, or written by a stage, is looked through or said to be safe."""
    found = {path for name in ("data", ".cache", ".runs") for path in (used.root / name).iterdir()}
    names = {used.relative(path) for path in found if not path.name.startswith((".git", "README"))}
    safe = {"data/denied.csv", *WITHOUT_PIXELS, *HOLDERS}
    runs = {name for name in names if re.fullmatch(r"\.runs/[0-9a-f]{16,}", name)}

    assert set() == names - safe - runs


@pytest.mark.slow
def test_no_pixel_of_a_forgotten_picture_is_left(used: Project) -> None:
    """Collected, contributed, packed, drawn and pushed, it is nowhere; all else can go on."""
    store = used.root.parent / "store"
    kept = {path.name for path in used.raw.glob("*/images/*")} - {p.name for p in images(used)}
    before = where(used.root, store)
    shown = "\n".join(before)

    for path in images(used):
        run(used.root, "pipeline.cli", "forget", "--sha256", path.stem)

    assert [] == where(used.root, store)
    used_in = {
        *HOLDERS,
        "exported/",
        "data/processed/preview.png",
        "reports/index.html",
        "\nfiles/",
    }
    used_in -= {".cache/parts", ".cache/exports.txt"}  # of a kill; what exported/ is found by
    assert set() == {place for place in used_in if place not in shown}
    assert kept == {path.name for path in used.raw.glob("*/images/*")}
    rows = [read_rows(path, ImageRecord) for path in used.raw.glob("*/manifest.csv")]
    assert kept == {Path(row.file).name for each in rows for row in each}
