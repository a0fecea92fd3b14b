"""What a row says of its picture, held against the picture itself."""

from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from pipeline.pictures.decode import decode
from pipeline.pictures.hashes import both_phashes
from pipeline.records import FORMATS, ImageRecord, Rejected


def false_claims(record: ImageRecord, path: Path) -> Iterator[tuple[str, object]]:
    """Name the columns in which a row is wrong, each with what it must be, by size and header.

    A picture that cannot be opened claims nothing: decoding it tells why.
    """
    if record.bytes != path.stat().st_size:
        yield "bytes", path.stat().st_size
    try:
        with Image.open(path, formats=FORMATS) as image:
            kind = "JPEG" if image.format == "MPO" else str(image.format)
            facts = {"format": kind, "width_px": image.width, "height_px": image.height}
    except Exception:  # noqa: BLE001 - Pillow raises anything
        return
    yield from ((column, fact) for column, fact in facts.items() if getattr(record, column) != fact)


def false_phash(record: ImageRecord, data: bytes) -> str | Rejected:
    """Decode a picture: its perceptual hash if the row has another one, else ""; or why not."""
    picture = decode(data)
    if isinstance(picture, Rejected):
        return picture
    phash, _ = both_phashes(picture.image)
    return "" if record.phash == phash else phash
