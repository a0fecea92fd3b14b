"""Bytes to an upright RGB picture, or a reason why not. Never None, never a hang.

Pillow decides by content, only the four formats of the web are tried (never EPS or SVG, which can
start other programs), and the size in the header is checked before a pixel is decoded.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from PIL import Image, ImageOps, ImageStat, UnidentifiedImageError

from pipeline.pictures.budget import in_flight
from pipeline.records import FORMATS, Reason, Rejected

EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
MAX_PIXELS = 40_000_000  # where no params say otherwise
_BAND_PX = 256  # rows laid on white at once

# What Pillow's decoders raise on broken files (fuzzed by its own test suite); MemoryError is left
# out on purpose: the pixel cap makes it a fault of this machine, not of the file.
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, OverflowError)
_BROKEN_LOW_LEVEL = (EOFError, struct.error, zlib.error, AttributeError, AssertionError)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)

# Pillow warns between 89 and 179 million pixels, and a warning is lost in a log. As an error it
# becomes a reason. A filter set here is thread-safe; `catch_warnings` around each call is not.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
# Broken EXIF costs an orientation at most; the picture is good, and nobody can act on a warning.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.(Tiff|Jpeg)ImagePlugin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A decoded picture."""

    image: Image.Image  # RGB, upright (EXIF applied), alpha laid on white, first frame
    format: str  # one of FORMATS
    width_px: int  # as stored, before EXIF orientation
    height_px: int
    transparent_fraction: float = 0.0  # mean over all pixels: how much black behind it would show


def decode(
    data: bytes, *, min_side_px: int = 1, max_pixels: int = MAX_PIXELS
) -> Picture | Rejected:
    """Decode a file's bytes, or say why it is unfit.

    Args:
        data: the whole file.
        min_side_px: the shorter side must have at least so many pixels.
        max_pixels: width x height may be at most this, by the header.
    """
    with decoding(data, min_side_px=min_side_px, max_pixels=max_pixels) as picture:
        return picture


@contextmanager
def decoding(
    data: bytes, *, min_side_px: int = 1, max_pixels: int = MAX_PIXELS
) -> Iterator[Picture | Rejected]:
    """Decode as `decode` does for the length of a block, to whose end the pixels are in flight.

    For threads that many can start: they wait while others hold large pictures.
    """
    with ExitStack() as held:
        yield _decode(data, held, min_side_px=min_side_px, max_pixels=max_pixels)


def _decode(
    data: bytes, held: ExitStack, *, min_side_px: int, max_pixels: int
) -> Picture | Rejected:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            width_px, height_px = opened.size  # turning it upright changes them
            unfit = _unfit_size(opened.size, min_side_px=min_side_px, max_pixels=max_pixels)
            if unfit:
                return unfit
            held.enter_context(in_flight(width_px * height_px))
            image = _upright(opened)
            return Picture(
                image=_on_white(image),
                format="JPEG" if opened.format == "MPO" else str(opened.format),
                width_px=width_px,
                height_px=height_px,
                transparent_fraction=_transparent_fraction(image),
            )
    except UnidentifiedImageError:
        return Rejected(reason=Reason.NOT_AN_IMAGE, detail=_looks_like(data))
    except _BOMB:
        return Rejected(reason=Reason.TOO_MANY_PIXELS, detail=f"more than {max_pixels} px")
    except (*_BROKEN, *_BROKEN_LOW_LEVEL) as error:  # Pillow's text can hold a memory address
        return Rejected(reason=Reason.UNDECODABLE, detail=type(error).__name__)


def _unfit_size(size: tuple[int, int], *, min_side_px: int, max_pixels: int) -> Rejected | None:
    width, height = size
    if width * height > max_pixels:
        detail = f"{width}x{height} px, at most {max_pixels} px"
        return Rejected(reason=Reason.TOO_MANY_PIXELS, detail=detail)
    if min(size) < min_side_px:
        detail = f"{width}x{height} px, need {min_side_px} px"
        return Rejected(reason=Reason.TOO_SMALL, detail=detail)
    return None


def _upright(image: Image.Image) -> Image.Image:
    """Load a picture as RGB, or as RGBA if it has any transparency."""
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith("I"):  # 16-bit grey: convert("L") would clip, not scale
        image = image.point(lambda value: value / 256).convert("L")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    upon = Image.new("RGB", image.size, "white")
    for top in range(0, image.height, _BAND_PX):  # all rows at once would take twice the memory
        band = image.crop((0, top, image.width, min(top + _BAND_PX, image.height)))
        white = Image.new("RGBA", band.size, "white")
        upon.paste(Image.alpha_composite(white, band).convert("RGB"), (0, top))
    return upon


def _transparent_fraction(image: Image.Image) -> float:
    if image.mode == "RGB":
        return 0.0
    return 1.0 - ImageStat.Stat(image.getchannel("A")).mean[0] / 255


def _looks_like(data: bytes) -> str:
    """Name what came instead of an image, for the report."""
    head = data[:512].lstrip().lower()
    if not data:
        return "empty"
    if b"<svg" in head:
        return "SVG"
    if head.startswith((b"<!doctype", b"<html")):
        return "HTML"
    return "text" if head.isascii() and head[:1].isalnum() else "unknown format"
