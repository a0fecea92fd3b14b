"""Bytes become an upright RGB picture or a reason, whatever comes."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline.pictures.decode import Picture, decode
from pipeline.records import Reason, Rejected


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Encode a picture."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def picture(data: bytes) -> Picture:
    """Decode what must decode."""
    found = decode(data)
    assert isinstance(found, Picture)
    return found


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_formats_of_the_web(kind: str) -> None:
    """The four formats decode to RGB, named by content."""
    found = picture(saved(Image.new("RGB", (30, 20), "red"), kind))

    assert (kind, 30, 20, "RGB") == (
        found.format,
        found.width_px,
        found.height_px,
        found.image.mode,
    )


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "EPS", "ICO"])
def test_other_formats_are_no_images(kind: str) -> None:
    """Formats that the web does not use are not even tried."""
    found = decode(saved(Image.new("RGB", (32, 32), "red"), kind))

    assert isinstance(found, Rejected)
    assert Reason.NOT_AN_IMAGE == found.reason


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"", "empty"),
        (b" <!DOCTYPE html><p>", "HTML"),
        (b'<?xml version="1.0"?><svg>', "SVG"),
        (b"hello", "text"),
        (b"\x00\x01", "unknown format"),
    ],
)
def test_what_is_no_image_is_named(data: bytes, detail: str) -> None:
    """The report can say what came instead."""
    assert Rejected(reason=Reason.NOT_AN_IMAGE, detail=detail) == decode(data)


def test_alpha_lies_on_white() -> None:
    """Transparent pixels show white, as on a page."""
    image = Image.new("RGBA", (10, 10), (0, 0, 0, 0))

    assert (255, 255, 255) == picture(saved(image, "PNG")).image.getpixel((5, 5))


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("PNG", "LA"), ("WEBP", "RGBA")])
def test_transparency_is_told(kind: str, mode: str) -> None:
    """A quarter that is clear and a quarter that is half clear make three eighths."""
    alpha = Image.new("L", (16, 16), 255)
    alpha.paste(0, (0, 0, 8, 8))
    alpha.paste(128, (8, 8, 16, 16))
    image = Image.new(mode[:-1], (16, 16), "black")
    image.putalpha(alpha)

    found = picture(saved(image, kind, lossless=True)).transparent_fraction

    assert 0.25 + 0.25 * 127 / 255 == pytest.approx(found)


def test_opaque_picture_has_no_transparency() -> None:
    """An alpha channel that hides nothing is none."""
    image = Image.new("RGBA", (10, 10), (9, 9, 9, 255))

    assert 0.0 == picture(saved(image, "PNG")).transparent_fraction


def test_sixteen_bits_are_scaled() -> None:
    """16-bit grey is scaled to 8 bits, not clipped to white."""
    grey = Image.fromarray(np.full((10, 10), 32768, np.uint16))

    assert (128, 128, 128) == picture(saved(grey, "PNG")).image.getpixel((5, 5))


def test_orientation_is_applied() -> None:
    """A picture that a phone took sideways stands upright; its size is told as stored."""
    exif = Image.Exif()
    exif[0x0112] = 6
    found = picture(saved(Image.new("RGB", (30, 20)), "JPEG", exif=exif))

    assert ((20, 30), 30, 20) == (found.image.size, found.width_px, found.height_px)


def test_a_palette_that_is_missing() -> None:
    """A PNG whose pixels mean colours of a palette that was lost is a reason, no exception."""
    data = saved(Image.new("P", (8, 8)), "PNG")
    palette = data.index(b"PLTE") - 4

    found = decode(data[:palette] + data[palette + 15 :])

    assert isinstance(found, Rejected)
    assert Reason.UNDECODABLE == found.reason


def test_cmyk() -> None:
    """Print colours become RGB."""
    assert "RGB" == picture(saved(Image.new("CMYK", (9, 9)), "JPEG")).image.mode


def test_first_frame_of_an_animation() -> None:
    """An animation is its first frame."""
    red, blue = (Image.new("RGB", (9, 9), colour) for colour in ("red", "blue"))
    data = saved(red, "GIF", save_all=True, append_images=[blue])

    assert (255, 0, 0) == picture(data).image.getpixel((4, 4))


def test_too_small_and_too_many_pixels() -> None:
    """Size is judged by the header, with both numbers in the detail."""
    data = saved(Image.new("RGB", (30, 20)), "PNG")

    assert Rejected(reason=Reason.TOO_SMALL, detail="30x20 px, need 21 px") == decode(
        data, min_side_px=21
    )
    assert Rejected(reason=Reason.TOO_MANY_PIXELS, detail="30x20 px, at most 599 px") == decode(
        data, max_pixels=599
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_cut_files_do_not_decode(kind: str) -> None:
    """Half a file is a reason, never half a picture."""
    noise = Image.fromarray(np.random.default_rng(7).integers(0, 255, (60, 60, 3), np.uint8))
    data = saved(noise, kind)
    found = decode(data[: len(data) // 2])

    assert isinstance(found, Rejected)
    assert found.reason in {Reason.UNDECODABLE, Reason.NOT_AN_IMAGE}


@given(st.binary(max_size=60), st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]), st.integers(0, 80))
def test_no_bytes_raise(junk: bytes, kind: str, place: int) -> None:
    """Whatever is written into a file, decoding gives a picture or a reason."""
    data = saved(Image.new("RGB", (12, 12), "red"), kind)

    assert isinstance(decode(data[:place] + junk + data[place:]), Picture | Rejected)
