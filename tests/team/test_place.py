"""Where a photo was taken leaves the file; not one pixel and nothing else does."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline.team.place import without_place

GPS, MAKE, ORIENTATION = 0x8825, 0x010F, 0x0112
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description exif:GPSLatitude="52,30.1N" '
    b"dc:title='sea'><exif:GPSLongitude>13,22.9E</exif:GPSLongitude></rdf:Description></x:xmpmeta>"
)


def photo(kind: str, **options) -> bytes:
    """Take a photo that knows its camera, which side is up, and where it was taken."""
    exif = Image.Exif()
    exif[MAKE], exif[ORIENTATION] = "Camera", 6
    exif.get_ifd(GPS).update({1: "N", 2: (52.0, 30.0, 6.5), 3: "E", 4: (13.0, 22.0, 54.0)})
    image = Image.linear_gradient("L").resize((64, 48)).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, kind, exif=exif, **options)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    """Open an image."""
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_place_goes_and_the_rest_stays(kind: str):
    """Camera, orientation, pixels and length are as before."""
    data = photo(kind)
    assert opened(data).getexif().get_ifd(GPS)

    clean = without_place(data)

    exif = opened(clean).getexif()
    assert ({}, "Camera", 6) == (exif.get_ifd(GPS), exif[MAKE], exif[ORIENTATION])
    assert GPS not in exif
    assert opened(data).tobytes() == opened(clean).tobytes()
    assert len(data) == len(clean)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_coordinates_stand_nowhere(kind: str):
    """Not only the way to them is cut: the numbers themselves are gone."""
    data = photo(kind)
    order = "big" if b"MM\0*" in data else "little"
    latitude = b"".join(number.to_bytes(4, order) for number in (52, 1, 30, 1))
    assert latitude in data

    assert latitude not in without_place(data)


def test_every_picture_of_a_file_is_cleaned():
    """A phone puts a second picture into its JPEG (MPO), with EXIF of its own."""
    exif = opened(photo("JPEG")).getexif()
    first = opened(photo("JPEG")).convert("RGB")
    buffer = io.BytesIO()
    first.save(buffer, "MPO", save_all=True, append_images=[first], exif=exif)
    data = buffer.getvalue() + photo("JPEG")

    clean = without_place(data)

    assert {} == opened(clean).getexif().get_ifd(GPS)
    assert {} == opened(clean[-len(photo("JPEG")) :]).getexif().get_ifd(GPS)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_xmp_says_it_too(kind: str):
    """Attributes and elements named exif:GPS... go; the title beside them stays."""
    image = Image.new("RGB", (32, 32), "teal")
    buffer = io.BytesIO()
    image.save(buffer, kind, xmp=XMP)

    clean = without_place(buffer.getvalue())

    assert b"GPS" not in clean
    assert b"dc:title='sea'" in clean
    assert opened(clean).tobytes() == opened(buffer.getvalue()).tobytes()


def test_a_file_without_a_place_is_left_alone(draw_png):
    """The very same bytes."""
    data = draw_png()

    assert data is without_place(data)


@given(st.binary(max_size=200), st.sampled_from([b"", b"Exif\0\0II*\0", b"Exif\0\0MM\0*"]))
def test_broken_files_are_no_danger(tail: bytes, head: bytes):
    """Any bytes come back as long as they were."""
    data = head + tail

    assert len(data) == len(without_place(data))


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_photo_with_a_broken_byte(at: int, value: int):
    """A header that points anywhere is read no further than the file."""
    data = bytearray(photo("JPEG"))
    data[at] = value

    assert len(data) == len(without_place(bytes(data)))
