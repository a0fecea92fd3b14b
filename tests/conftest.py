"""What all tests share: no internet, throw-away projects, and pictures drawn by code."""

import io
import ipaddress
import socket
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from PIL import Image, ImageDraw
from ruamel.yaml import YAML

from pipeline.paths import Project

# The same examples on every run: a test must not fail by luck.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

REPOSITORY = Path(__file__).resolve().parents[1]
CHROMIUM = Path("/usr/bin/chromium")
SMALL_PARAMS: dict[str, Any] = {
    "contact": "",
    "seed": 7,
    "characters": {
        "ariel": {"member": "na", "search": {"name": "Ariel"}},
        "elsa": {"member": "m2", "search": {"name": "Elsa"}},
        "merida": {"member": "m2", "search": {"name": "Merida"}},
    },
    "collect": {"target": 12, "sources": [{"kind": "studio"}]},
    "dedup": {"conflicts": "drop"},
    "split": {"train": 0.7, "val": 0.15, "test": 0.15},
    "augment": {"image_size_px": 32, "variants": 1},
    "train": {"epochs": 1, "batch_size": 8},
    "networks": {
        "cnn": {"arch": "cnn", "kernel_size": 3, "width": 8, "image_size_px": 32},
    },
    "evaluate": {"bootstrap_samples": 200},
    "studies": {"seeds": [1], "ideas": ["member_value"]},  # one training instead of a hundred
}


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """Let no test leave this machine: connecting to another address fails loudly."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            host = ipaddress.ip_address(str(address[0]).partition("%")[0])
            if not host.is_loopback:
                pytest.fail(f"a test tried to reach {host}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the folder of real pictures and tools beside the repository, where it is there."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("needs the folder ../shared with real pictures, which is not here")
    return folder


@pytest.fixture(scope="session")
def write_project() -> Callable[..., Project]:
    """Write a small project's params.yaml and empty lists; keywords replace whole sections."""

    def write(root: Path, **sections: Any) -> Project:
        (root / "data" / "manifests").mkdir(parents=True, exist_ok=True)
        (root / "data" / "reviews").mkdir(exist_ok=True)
        (root / "data" / "denied.csv").write_text("item,reason\n", encoding="utf-8")
        with (root / "params.yaml").open("w", encoding="utf-8") as file:
            YAML().dump(deepcopy(SMALL_PARAMS) | sections, file)
        return Project(root)

    return write


@pytest.fixture
def make_project(tmp_path: Path, write_project: Callable[..., Project]) -> Callable[..., Project]:
    """Write a small project into a folder of the test's own."""

    def make(folder: str = "project", **sections: Any) -> Project:
        return write_project(tmp_path / folder, **sections)

    return make


@pytest.fixture
def draw_png() -> Callable[..., bytes]:
    """Draw a small PNG with a coloured shape; other colours or sizes give other bytes."""

    def draw(colour: str = "tomato", *, size: tuple[int, int] = (120, 110)) -> bytes:
        image = Image.new("RGB", size, "white")
        ImageDraw.Draw(image).ellipse((10, 20, size[0] - 30, size[1] - 10), fill=colour)
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        return buffer.getvalue()

    return draw


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """Start Debian's Chromium, where it and Playwright are there: one, as Playwright demands."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if not CHROMIUM.is_file():
        pytest.skip(f"needs {CHROMIUM}")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()
