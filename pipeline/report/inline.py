"""Figures of other stages, put into the page as data URIs, so that it needs no other file.

A drawing becomes an `img`, never markup of the page: its scripts do not run, and its ids clash with
nobody's.
"""

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from PIL import Image

_PNG_BYTES = 150_000  # a larger PNG is tried as JPEG: photographs are a fifth of the size
_QUALITY = 82


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure as the page shows it."""

    src: str  # data URI
    caption: str  # stands alone; also what a screen reader says


def inline(path: Path) -> str:
    """Read an SVG or PNG file as a data URI."""
    data = path.read_bytes()
    if path.suffix == ".svg":
        text = quote(data.decode(), safe=" =:/,;()!?*'+@$-_.~")  # half the size of base64
        return f"data:image/svg+xml,{text}"
    kind, data = ("jpeg", _as_jpeg(data)) if len(data) > _PNG_BYTES else ("png", data)
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def inline_if_there(path: Path, caption: str) -> list[Figure]:
    """Read a figure that an older run may not have drawn: one, or none."""
    return [Figure(src=inline(path), caption=caption)] if path.is_file() else []


def _as_jpeg(data: bytes) -> bytes:
    file = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        image.convert("RGB").save(file, "JPEG", quality=_QUALITY, optimize=True)
    return file.getvalue()
