"""The pictures of a folder: what is in a file decides, and what is passed over is counted."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image

from pipeline.paths import is_litter
from pipeline.records import FORMATS

_HEAD_BYTES = 16  # as many as Pillow shows its formats
_NUM_NAMED = 3  # of the files that are passed over


def pictures_in(folder: str, *, say: Callable[[str], object]) -> Iterator[str]:
    """Walk a folder and all below it, in order of names, without following links.

    Hidden files and litter are nothing. What is named like a picture counts as one, so that whoever
    reads it says why it is none.

    Args:
        folder: as a user gave it; the paths begin with it.
        say: told in a line, at the end, how many other files there are.
    """
    others = []
    for inner, subfolders, files in os.walk(folder):
        subfolders[:] = sorted(each for each in subfolders if not is_litter(each))
        for file in sorted(each for each in files if not is_litter(each)):
            path = os.path.join(inner, file)  # noqa: PTH118 - Path would tidy "./a" into "a"
            if _is_picture(Path(path)):
                yield path
            else:
                others.append(file)
    if others:
        named = ", ".join([*others[:_NUM_NAMED], *["…"][: len(others) - _NUM_NAMED]])
        say(f"{folder}: passed over {len(others)} that are none of {', '.join(FORMATS)}: {named}")


def _is_picture(path: Path) -> bool:
    """Tell by its name or its first bytes; what cannot be read is for whoever reads it to tell."""
    if Image.registered_extensions().get(path.suffix.lower()) in FORMATS:
        return True
    if not path.is_file():  # a pipe would be waited for
        return False
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return True
    accepts = [Image.OPEN[kind][1] for kind in FORMATS]
    return any(accept(head) is True for accept in accepts if accept)
