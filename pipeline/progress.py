"""How long work tells how far it is, without printing: the caller hands in a `Progress`."""

from typing import Protocol


class Progress(Protocol):
    """Called after each step of long work; the command line draws a bar from it."""

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Report `done` of `total` steps (both counts, `total` may grow) and a short note."""


def silent(done: int, total: int, note: str = "") -> None:
    """Report nothing: the default for library callers and tests."""
