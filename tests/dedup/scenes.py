"""Pictures and rows that the tests of this room share."""

import io
from random import Random
from typing import Any

from PIL import Image, ImageDraw

from pipeline.dedup.fingerprint import Fingerprints, fingerprint
from pipeline.records import ImageRecord
from tests.rows import image_record, sha


def scene(seed: int, *, size: tuple[int, int] = (240, 200)) -> Image.Image:
    """Draw shapes on patchwork, without a plain border; other seeds give other pictures."""
    rng = Random(seed)
    patches = Image.new("RGB", (4, 4))
    patches.putdata([colour(rng) for _ in range(16)])
    image = patches.resize(size, Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(image)
    for _ in range(5):
        x, y = rng.uniform(0, 0.8) * size[0], rng.uniform(0, 0.8) * size[1]
        box = (x, y, x + rng.uniform(0.15, 0.5) * size[0], y + rng.uniform(0.15, 0.5) * size[1])
        rng.choice((draw.ellipse, draw.rectangle))(box, fill=colour(rng))
    return image


def doll(*, hair: str, dress: str) -> Image.Image:
    """Draw a figure on white in one fixed pose: another hair or dress has the same grey shapes."""
    image = Image.new("RGB", (200, 240), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((55, 15, 145, 125), fill=hair)
    draw.polygon([(85, 110), (115, 110), (150, 225), (50, 225)], fill=dress)
    draw.ellipse((70, 35, 130, 105), fill="bisque")
    draw.line((50, 150, 150, 130), fill="bisque", width=10)
    return image


def colour(rng: Random) -> tuple[int, int, int]:
    """Draw any colour."""
    return rng.randrange(256), rng.randrange(256), rng.randrange(256)


def png(image: Image.Image) -> bytes:
    """Encode without loss."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def jpeg(image: Image.Image, *, quality: int) -> bytes:
    """Encode with loss."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def fingerprint_of(image: Image.Image) -> Fingerprints:
    """Take the fingerprint of a picture that can be read."""
    found = fingerprint(png(image))
    assert isinstance(found, Fingerprints)
    return found


def record(name: object, character: str = "ariel", **changes: Any) -> ImageRecord:
    """Make a row of a manifest; `name` gives the sha256."""
    facts = {"source": "studio", "image_url": f"studio://pictures/{name}", "bytes": 1000}
    facts |= {"width_px": 100, "height_px": 100}
    return image_record(changes.pop("sha256", sha(name)), character, **(facts | changes))
