"""One process at a time: what changes a member's files waits for whoever is changing them.

POSIX only, and so not in `pipeline.files`, which everything imports.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file; another process waits. It is freed when it closes, also by a kill."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        flock(file, LOCK_EX)
        yield
