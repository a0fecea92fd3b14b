"""How the tests open a page in a browser."""

from typing import Any

_TWO_FRAMES = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(done));
})"""


def show(page: Any, address: str) -> None:
    """Open an address and wait until it is drawn: Chromium drops keys that come before."""
    page.goto(address)
    page.evaluate(_TWO_FRAMES)
