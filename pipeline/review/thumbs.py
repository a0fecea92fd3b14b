"""Small copies of pictures, made once, by content, and kept in the project's cache."""

import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image

from pipeline.files import PixelCopy, write_bytes
from pipeline.paths import Project
from pipeline.pictures.decode import decoding
from pipeline.records import Rejected

SIDE_PX = 360  # of the longer side: sharp on a screen with two dots a pixel
_QUALITY = 82


def thumb(path: Path, *, sha256: str, cache: Path) -> Path | None:
    """Give the small copy of a picture, making it the first time.

    Args:
        path: the picture.
        sha256: its name.
        cache: folder of all small copies.

    Returns:
        A JPEG; None where the picture is not there (not pulled) or cannot be decoded.
    """
    small = cache / sha256[:2] / f"{sha256}-{SIDE_PX}.jpg"
    if small.is_file():
        return small
    if not path.is_file():
        return None
    with decoding(path.read_bytes()) as picture:
        if isinstance(picture, Rejected):
            return None
        write_bytes(small, _jpeg(picture.image))
    return small


def pixel_copies(project: Project, sha256s: Iterable[str]) -> Iterator[PixelCopy]:
    """Find the small copies of images, of any size."""
    for sha256 in sorted(sha256s):
        yield from map(PixelCopy, sorted(project.thumbs.glob(f"{sha256[:2]}/*{sha256}*")))


def _jpeg(image: Image.Image) -> bytes:
    image.thumbnail((SIDE_PX, SIDE_PX))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
