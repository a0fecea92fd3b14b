"""How the tests open a page in a browser."""

from typing import Any

_TWO_FRAMES = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(done));
})"""


def show(page: Any, address: str) -> None:
    """Open an address and wait until it is drawn, which may come after it is loaded.

    Chromium drops keys that come before, and cannot say yet when it painted.
    """
    page.goto(address)
    page.evaluate(_TWO_FRAMES)
