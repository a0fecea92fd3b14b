"""What a file says beside its picture leaves it, wherever it stands; not one pixel changes."""

import io
import json
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from pipeline.pictures.decode import Picture, decode
from pipeline.pictures.metadata import strip_metadata
from pipeline.records import FORMATS, Rejected

GPS, ORIENTATION = 0x8825, 0x0112
CITY = "Köpenick"
XMP = f"<rdf:Description exif:GPSLatitude='52,27N' photoshop:City='{CITY}'/>".encode()
TURNED_XMP = XMP.replace(b"exif:", b'tiff:Orientation="6" exif:')
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def drawing(angle: int = 0) -> Image.Image:
    """Draw a picture that looks different from each side."""
    bands = [Image.linear_gradient("L").rotate(turn + angle) for turn in (0, 90, 180)]
    return Image.merge("RGB", bands).resize((48, 32))


def exif(orientation: int = 6) -> Image.Exif:
    """Say in EXIF where a photo was taken, with what, and which side is up."""
    said = Image.Exif()
    said[0x010E], said[0x010F], said[ORIENTATION] = CITY, "Camera", orientation
    said.get_ifd(GPS).update({1: "N", 2: (52.0, 27.0, 6.5), 3: "E", 4: (13.0, 34.0, 54.0)})
    return said


def saved(kind: str, image: Image.Image | None = None, **options) -> bytes:
    """Encode a picture."""
    buffer = io.BytesIO()
    (image or drawing()).save(buffer, kind, **options)
    return buffer.getvalue()


def film(kind: str, **options) -> bytes:
    """Encode a picture that moves."""
    frames = [drawing(90), drawing(180)]
    return saved(kind, save_all=True, append_images=frames, duration=50, **options)


def segment(marker: int, body: bytes) -> bytes:
    """Write a segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def with_segments(*segments: bytes, data: bytes = b"") -> bytes:
    """Put segments behind the first two bytes of a JPEG."""
    data = data or saved("JPEG")
    return data[:2] + b"".join(segments) + data[2:]


def behind_first_scan(added: bytes) -> bytes:
    """Put a segment behind the first scan of a JPEG that has several."""
    data = saved("JPEG", progressive=True)
    at = data.index(b"\xff\xc4", data.index(b"\xff\xda"))
    return data[:at] + added + data[at:]


def chunk(kind: bytes, body: bytes) -> bytes:
    """Write a chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunks(*chunks: bytes, data: bytes = b"") -> bytes:
    """Put chunks behind the header of a PNG."""
    data = data or saved("PNG")
    return data[:33] + b"".join(chunks) + data[33:]


def riff_chunk(kind: bytes, body: bytes) -> bytes:
    """Write a chunk of a WebP."""
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def within_a_frame(added: bytes) -> bytes:
    """Put a chunk behind the pixels of the first frame of a WebP film."""
    data = film("WEBP")
    start = data.index(b"ANMF")
    (size,) = struct.unpack_from("<I", data, start + 4)
    end = start + 8 + size
    frame = riff_chunk(b"ANMF", data[start + 8 : end] + added)
    return riff_chunk(b"RIFF", data[8:start] + frame + data[end:])


def with_blocks(label: bytes, text: bytes) -> bytes:
    """Put an extension behind the palette of a GIF."""
    data = saved("GIF")
    at = 13 + (3 << (data[10] & 7) + 1)
    return data[:at] + b"!" + label + text + b"\0" + data[at:]


def text_chunks(key: str, text: str, *, is_zipped: bool) -> bytes:
    """Write a text in both kinds of chunks of a PNG."""
    info = PngImagePlugin.PngInfo()
    info.add_itxt(key, text, zip=is_zipped)
    info.add_text(key, text.encode("latin-1", "replace").decode("latin-1"), zip=is_zipped)
    return saved("PNG", pnginfo=info)


TIFF = exif().tobytes().removeprefix(b"Exif\0\0")
IPTC = b"Photoshop 3.0\0008BIM\x04\x04\0\0\0\0\0\x0e\x1c\x02\x5a\0\x09" + CITY.encode()
PLACES = {
    "JPEG exif": saved("JPEG", exif=exif()),
    "JPEG exif, big endian": with_segments(segment(0xE1, b"Exif\0\0" + TIFF)),
    "JPEG exif, twice": with_segments(segment(0xE1, b"Exif\0\0" + TIFF) * 2),
    "JPEG exif, unknown head": with_segments(segment(0xE1, b"EXIF\0\0" + TIFF)),
    "JPEG thumbnail with a place": with_segments(segment(0xE0, b"JFXX\0\x10" + XMP)),
    "JPEG thumbnail in JFIF": with_segments(
        segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\x05\x05" + XMP.ljust(75))
    ),
    "JPEG xmp": saved("JPEG", xmp=XMP),
    "JPEG xmp, turned": saved("JPEG", xmp=TURNED_XMP),
    "JPEG xmp, extended": with_segments(
        segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + XMP)
    ),
    "JPEG iptc": with_segments(segment(0xED, IPTC)),
    "JPEG comment": saved("JPEG", comment=CITY.encode()),
    "JPEG other applications": with_segments(*(segment(0xE3 + n, XMP) for n in range(13))),
    "JPEG film behind the end": saved("JPEG") + b"\0\0\0\x18ftypmp42\xa9xyz\0\x12\x15\xc7+52.4500",
    "JPEG picture behind the end": saved("JPEG") + saved("JPEG", exif=exif()),
    "JPEG in scans": saved("JPEG", progressive=True, exif=exif(3)),
    "JPEG between scans": saved("JPEG", progressive=True).replace(
        b"\xff\xda", segment(0xFE, XMP) + b"\xff\xda"
    ),
    "JPEG orientation between scans": behind_first_scan(segment(0xE1, b"Exif\0\0" + TIFF)),
    "JPEG bytes between segments": with_segments(segment(0xFE, b"") + XMP),
    "JPEG of inks": saved("JPEG", drawing().convert("CMYK"), exif=exif()),
    "JPEG of plain colours": saved("JPEG", keep_rgb=True, exif=exif())
    .replace(b"R\x11\0G\x11\0B\x11\0", b"\1\x11\0\2\x11\0\3\x11\0")
    .replace(b"\xff\xda\0\x0c\3R\0G\0B\0", b"\xff\xda\0\x0c\3\1\0\2\0\3\0"),
    "JPEG with profile": saved("JPEG", exif=exif(), icc_profile=PROFILE),
    "JPEG of several pictures": film("MPO", exif=exif()),
    "PNG exif": saved("PNG", exif=exif()),
    "PNG exif behind the pixels": with_chunks(data=saved("PNG")[:-12])
    + chunk(b"eXIf", TIFF)
    + saved("PNG")[-12:],
    "PNG broken text behind the pixels": saved("PNG", exif=exif())[:-12]
    + chunk(b"tEXt", CITY.encode())[:-1]
    + b"x"
    + saved("PNG")[-12:],
    "PNG chunks behind the end": saved("PNG") + chunk(b"IDAT", XMP),
    "PNG text": text_chunks("XML:com.adobe.xmp", XMP.decode(), is_zipped=False),
    "PNG text, zipped": text_chunks("Description", CITY, is_zipped=True),
    "PNG xmp, zipped, turned": text_chunks(
        "XML:com.adobe.xmp", TURNED_XMP.decode(), is_zipped=True
    ),
    "PNG raw profile": text_chunks(
        "Raw profile type exif",
        f"\nexif\n{len(TIFF)}\n{(b'Exif' + bytes(2) + TIFF).hex()}\n",
        is_zipped=True,
    ),
    "PNG raw profile of iptc": text_chunks(
        "Raw profile type iptc", f"\niptc\n{len(IPTC)}\n{IPTC.hex()}\n", is_zipped=True
    ),
    "PNG unknown chunks": with_chunks(
        chunk(b"plAc", XMP), chunk(b"caBX", XMP), chunk(b"tIME", XMP)
    ),
    "PNG bytes behind the end": saved("PNG", exif=exif(8)) + XMP + saved("JPEG", exif=exif()),
    "PNG with profile": saved("PNG", icc_profile=PROFILE, exif=exif(5)),
    "PNG palette": text_chunks("City", CITY, is_zipped=False),
    "PNG film": film("PNG", exif=exif()),
    "WEBP exif": saved("WEBP", exif=exif()),
    "WEBP xmp": saved("WEBP", xmp=XMP),
    "WEBP xmp, turned": saved("WEBP", xmp=TURNED_XMP),
    "WEBP lossless, with profile": saved("WEBP", lossless=True, icc_profile=PROFILE, exif=exif(7)),
    "WEBP film": film("WEBP", exif=exif(2), xmp=XMP),
    "WEBP film, within a frame": within_a_frame(riff_chunk(b"XMP ", XMP)),
    "WEBP bytes behind the end": saved("WEBP", exif=exif()) + XMP,
    "WEBP chunks behind the end": saved("WEBP") + riff_chunk(b"ALPH", XMP),
    "GIF comment": saved("GIF", comment=CITY.encode()),
    "GIF xmp": with_blocks(b"\xff\x0b", b"XMP DataXMP" + XMP + b"\1" + bytes(range(255, -1, -1))),
    "GIF plain text": with_blocks(b"\1\x0c", bytes(12) + b"\x08Kopenick"),
    "GIF film": film("GIF", loop=0, comment=CITY.encode()),
    "GIF bytes behind the end": saved("GIF") + XMP,
}
MARKERS = [
    b"\xff\xe1\0\4",
    b"\xff\xd9",
    b"\xff\xda",
    b"\xff\xd0",
    b"\xff\xff",
    b"!\xfe\3abc\0",
    b";",
]
MARKERS += [chunk(b"IEND", b""), chunk(b"tEXt", b"a\0b"), b"EXIF\4\0\0\0abcd", b"ANMF", b"!\1\0"]
files = pytest.mark.parametrize("data", PLACES.values(), ids=PLACES)


def opened(data: bytes) -> Image.Image:
    """Open a picture, and read all of it."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def frames(data: bytes) -> list[tuple[bytes, object]]:
    """Decode all frames; of a JPEG the first, as its further pictures are shown nowhere."""
    image, found = Image.open(io.BytesIO(data)), []
    for number in range(1 if image.format == "MPO" else getattr(image, "n_frames", 1)):
        image.seek(number)
        found.append((image.convert("RGBA").tobytes(), image.info.get("duration")))
    return found


def stored_pixels(data: bytes) -> bytes:
    """Read pixels as they are stored, whichever side is up."""
    return opened(data).tobytes()


def facts(found: Picture | Rejected) -> tuple | None:
    """Tell what is known of a decoded picture, pixels and all."""
    if isinstance(found, Rejected):
        return None
    return found.image.size, found.image.tobytes(), found.format, found.width_px, found.height_px


def test_every_format_is_tried() -> None:
    """Whoever teaches `decode` another format must plant places in it here."""
    assert set(FORMATS) == {name.split()[0] for name in PLACES}


@files
def test_nothing_is_said(data: bytes) -> None:
    """No place is left, as text, as numbers or compressed; of EXIF, the orientation at most."""
    latitude = [struct.pack(f"{order}6I", 52, 1, 27, 1, 13, 2) for order in "<>"]
    words = [CITY.encode(), b"Kopenick", b"GPS", b"Camera", b"ftyp", TIFF.hex().encode()]
    chunks = [b"tEXt", b"zTXt", b"iTXt", b"plAc", b"caBX", b"tIME"]

    clean = strip_metadata(data)

    assert [] == [said for said in (*latitude, *words, *chunks) if said in clean]
    assert set(opened(clean).getexif()) <= {ORIENTATION}


@files
def test_the_picture_stays(data: bytes) -> None:
    """Pixels of all frames, which side is up, colour profile and timing are as before."""
    clean = strip_metadata(data)

    assert facts(decode(data)) == facts(decode(clean)) != None  # noqa: E711 - it decodes
    assert frames(data) == frames(clean)
    assert opened(data).info.get("icc_profile") == opened(clean).info.get("icc_profile")
    assert clean is strip_metadata(clean)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_that_says_nothing_is_left_alone(kind: str) -> None:
    """The very same bytes."""
    data = saved(kind)

    assert data is strip_metadata(data)


def test_a_frame_says_its_new_length() -> None:
    """What stood within a frame of a film is gone without a trace."""
    assert film("WEBP") == strip_metadata(within_a_frame(riff_chunk(b"XMP ", XMP)))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_orientation_is_written_anew(kind: str, orientation: int) -> None:
    """All eight ways, where they matter."""
    clean = strip_metadata(saved(kind, exif=exif(orientation)))

    assert orientation == opened(clean).getexif().get(ORIENTATION, 1)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of Pillow, about broken EXIF
@settings(max_examples=300)
@given(st.sampled_from(sorted(PLACES)), st.data())
def test_a_damaged_file_is_the_same_picture_or_none(name: str, draw: st.DataObject) -> None:
    """Bytes that are changed, added, lost or cut off are no error, and change no pixel."""
    damaged = bytearray(PLACES[name])
    for _ in range(draw.draw(st.integers(1, 3))):
        start = draw.draw(st.integers(0, len(damaged)))
        end = draw.draw(st.integers(start, start + 8) | st.just(len(damaged)))
        damaged[start:end] = draw.draw(st.binary(max_size=8) | st.sampled_from(MARKERS))

    before, after = decode(bytes(damaged)), decode(strip_metadata(bytes(damaged)))

    assert isinstance(before, Rejected) or facts(after) in {None, facts(before)}


@given(st.sampled_from(sorted(PLACES)), st.binary(max_size=60))
def test_any_bytes_come_back(name: str, tail: bytes) -> None:
    """Whatever follows the first bytes of a format."""
    for length in (12, 30, 100):
        assert isinstance(strip_metadata(PLACES[name][:length] + tail), bytes)


@files
def test_half_a_picture_is_not_made_whole(data: bytes) -> None:
    """Where pixels were cut off, it is still told; where only words were, the picture is good."""
    whole = stored_pixels(strip_metadata(data))

    for length in range(20, len(data), 29):
        after = strip_metadata(data[:length])
        assert isinstance(decode(after), Rejected) or stored_pixels(after) == whole


EXIFTOOL = shutil.which("exiftool")
SAID = ("System:", "File:", "ExifTool:", "Composite:", "JFIF:", "Adobe:", "APP14:", "ICC", "PNG:")
SAID += ("RIFF:", "GIF:")
TAGS = ["GPSLatitude=52.45", "GPSLongitude=13.57", "GPSLatitudeRef=N", "XMP:City=" + CITY]
TAGS += ["XMP-exif:GPSLatitude=52.45", "XMP-iptcExt:LocationCreatedCity=" + CITY]
TAGS += ["IPTC:City=" + CITY, "Comment=" + CITY, "UserComment=" + CITY, "OwnerName=" + CITY]


@pytest.mark.slow
@pytest.mark.skipif(not EXIFTOOL, reason="needs exiftool (apt-get install libimage-exiftool-perl)")
@pytest.mark.parametrize("name", [*PLACES, *(f"{kind}, written by it" for kind in FORMATS)])
def test_a_reader_of_metadata_finds_nothing(name: str, tmp_path: Path) -> None:
    """Exiftool knows more places than anybody, and finds the picture's own facts alone."""
    path = tmp_path / "picture"
    path.write_bytes(PLACES.get(name) or saved(name.partition(",")[0]))
    if name not in PLACES:
        command = [EXIFTOOL, "-q", "-q", "-m", *(f"-{tag}" for tag in TAGS), path]
        subprocess.run(command, check=True)

    path.write_bytes(strip_metadata(path.read_bytes()))

    command = [EXIFTOOL, "-json", "-a", "-G1", "-U", "-ee3", path]
    answer = subprocess.run(command, check=True, capture_output=True)
    tags = set(json.loads(answer.stdout)[0]) - {"SourceFile"}
    others = {tag for tag in tags if not tag.startswith(SAID)}
    assert others <= {"IFD0:Orientation", "File:ExifByteOrder"}
    assert "ExifTool:Warning" not in tags
