"""How the tests open a page in a browser."""

from typing import Any

# Not wait_for_function: asking again takes an eval, which the pages' security policy forbids.
_FIRST_PAINT_MS = """() => new Promise((done) => {
  const tell = (list) => list.getEntriesByName("first-contentful-paint")
    .forEach((paint) => done(paint.startTime));
  new PerformanceObserver(tell).observe({ type: "paint", buffered: true });
})"""


def show(page: Any, address: str) -> None:
    """Open an address and wait until it is painted: Chromium drops keys that come before."""
    page.goto(address)
    first_paint_ms(page)


def first_paint_ms(page: Any) -> float:
    """Tell how long the page took to its first content, which may come after it is loaded."""
    taken_ms: float = page.evaluate(_FIRST_PAINT_MS)
    return taken_ms
