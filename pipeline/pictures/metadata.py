r"""What a file says beside its picture: nothing of it is kept but what shows the picture rightly.

Where a photo was taken is nobody's business, and it stands in many places: EXIF, and the EXIF of a
thumbnail; maker notes; XMP, IPTC, captions, comments, compressed text; a second picture or a film
behind the end of the first. So nobody searches for places here: a file is put together anew from
the parts that a decoder needs, byte for byte, and the others are left out, known or not.

    kept       pixels, palettes, transparency, frames, density, colour profile and gamma
    rewritten  orientation: EXIF with this one value

After ITU T.81 and T.871 (JPEG), W3C PNG 3, RFC 9649 (WebP) and GIF89a.
"""

import io
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress

from PIL import Image

_ORIENTATION, _SHORT = 0x0112, 3  # tag and type in EXIF
_TURNED = range(2, 9)  # orientations that are not upright

_JPEG_MARKER = re.compile(rb"\xff[\x01-\xfe]")
_SCAN_END = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")  # FF 00 and restarts are part of a scan
_APP0, _APP1, _APP2, _APP14, _SCAN, _END = 0xE0, 0xE1, 0xE2, 0xEE, 0xDA, 0xD9
_TABLES = {*range(0xC0, 0xD0), 0xDB, 0xDC, 0xDD} - {0xC8}  # also frames; C8 is reserved
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_EXIF, _XMP, _ICC = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"
_JFIF_BYTES, _ADOBE_BYTES = 14, 12  # without a thumbnail

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_PICTURE = {b"IHDR", b"PLTE", b"tRNS", b"bKGD", b"pHYs", b"IDAT", b"IEND"}
_PNG_COLOUR = {b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI"}
_PNG_KEPT = _PNG_PICTURE | _PNG_COLOUR | {b"acTL", b"fcTL", b"fdAT"}  # frames
_PNG_WORDS = {b"eXIf", b"tEXt", b"zTXt", b"iTXt"}

_WEBP_PARTS = {b"VP8 ", b"VP8L", b"ALPH"}
_WEBP_KEPT = _WEBP_PARTS | {b"VP8X", b"ICCP", b"ANIM", b"ANMF"}
_WEBP_FLAGS = {b"XMP ": 0x04, b"EXIF": 0x08}  # of VP8X; a chunk without its flag is not read
_FRAME_HEAD_BYTES = 16  # before the frame's own chunks

_GIF_BLOCK = re.compile(rb"[,!;]")  # image, extension, end; decoders skip what is between
_GIF_APPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012")  # how often, and colour profile
_GIF_KEPT = (b",", b"!\xf9", *(b"!\xff\x0b" + app for app in _GIF_APPS))  # F9: time, transparency
_GIF_HEADER_BYTES, _GIF_IMAGE_BYTES = 13, 10


def strip_metadata(data: bytes) -> bytes:
    r"""Give a file's bytes without what is said in them; the same object where nothing is.

    Decoding gives the same pixels, the same way up. No bytes are an error: a damaged file becomes
    the same picture or none, and what has no format that `decode` reads comes back as it is.

    >>> strip_metadata(b"GIF89a" + bytes(7) + b"!\xfe\x06Berlin\0;") == b"GIF89a" + bytes(7) + b";"
    True
    """
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        clean = _strip_webp(data)
    else:
        strippers = {b"\xff\xd8\xff": _strip_jpeg, _PNG: _strip_png, b"GIF8": _strip_gif}
        found = (strip for begin, strip in strippers.items() if data.startswith(begin))
        clean = next(found, bytes)(data)
    return data if clean == data else clean


def _orientation(says: Mapping[str | tuple[int, int], object]) -> bytes:
    """Write which side is up, read as Pillow does, as TIFF: a directory of one entry; else b""."""
    image = Image.new("L", (1, 1))
    image.info.update(says)
    value = None
    with suppress(Exception):  # Pillow raises anything on broken EXIF
        value = image.getexif().get(_ORIENTATION)
    if value not in _TURNED:
        return b""
    return struct.pack("<2sHIHHHIII", b"II", 42, 8, 1, _ORIENTATION, _SHORT, 1, value, 0)


def _strip_jpeg(data: bytes) -> bytes:
    kept: list[bytes] = []
    exif: list[bytes] = []
    xmp, is_head = b"", True  # what stands behind the first scan, Pillow does not read
    for marker, segment in _jpeg_segments(data):
        if marker == _APP1 and is_head and segment.startswith(_EXIF, 4):
            exif.append(segment[4 + len(_EXIF) :])
        elif marker == _APP1 and is_head and segment.startswith(_XMP, 4):
            xmp = segment
        is_head = is_head and marker != _SCAN
        kept += _jpeg_segment(marker, segment)
    tiff = _orientation({"exif": b"".join(exif), "xmp": xmp})
    if tiff:
        is_jfif = bool(kept) and kept[0].startswith(b"\xff\xe0")  # which comes before EXIF
        kept.insert(int(is_jfif), _segment(_APP1, _EXIF + tiff))
    return b"".join((data[:2], *kept))


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give markers and segments up to the end of the first picture; with a scan its data.

    Bytes between segments are skipped, as decoders do; the last segment may be cut off.
    """
    at = 2
    while found := _JPEG_MARKER.search(data, at):
        start, marker = found.start(), data[found.start() + 1]
        at = start + 2
        if marker == _END:
            yield marker, data[start:at]
            return
        if marker in _WITHOUT_LENGTH:
            continue
        at += max(2, int.from_bytes(data[at : at + 2], "big"))
        if marker == _SCAN:
            end = _SCAN_END.search(data, at)
            at = end.start() if end else len(data)
        yield marker, data[start:at]


def _jpeg_segment(marker: int, segment: bytes) -> Iterator[bytes]:
    """Give what is kept of a segment, if anything."""
    body = segment[4:]
    if marker in _TABLES or marker in {_SCAN, _END} or (marker == _APP2 and body.startswith(_ICC)):
        yield segment
    elif marker == _APP0 and body.startswith(b"JFIF\0") and len(body) >= _JFIF_BYTES:
        yield _segment(marker, body[: _JFIF_BYTES - 2] + b"\0\0")  # a thumbnail of 0 x 0
    elif marker == _APP14 and body.startswith(b"Adobe") and len(body) >= _ADOBE_BYTES:
        yield _segment(marker, body[:_ADOBE_BYTES])  # how colours are coded


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _strip_png(data: bytes) -> bytes:
    kept: list[bytes] = []
    before: list[bytes] = []  # words stand before and after the pixels
    after: list[bytes] = []
    words = before
    for kind, chunk in _png_chunks(data):
        if kind in _PNG_KEPT:
            kept.append(chunk)
        elif kind in _PNG_WORDS:
            words.append(chunk)
        if kind == b"IDAT":
            words = after
    tiff = _png_orientation(before, after) if before or after else b""
    if tiff:
        kept.insert(1, _chunk(b"eXIf", tiff))
    return b"".join((_PNG, *kept))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give kinds and chunks up to the end of the picture; the last one may be cut off."""
    at, kind = len(_PNG), b""
    while at < len(data) and kind != b"IEND":
        kind = data[at + 4 : at + 8]
        start, at = at, at + 12 + int.from_bytes(data[at : at + 4], "big")
        yield kind, data[start:at]


def _png_orientation(before: list[bytes], after: list[bytes]) -> bytes:
    """Read which side is up out of all words around the pixels, put around a single one."""
    header, pixel = b"\0\0\0\1\0\0\0\1\x08\0\0\0\0", zlib.compress(b"\0\0")  # 1 x 1, grey
    chunks = (_chunk(b"IHDR", header), *before, _chunk(b"IDAT", pixel), *after, _chunk(b"IEND"))
    data = io.BytesIO(b"".join((_PNG, *chunks)))
    with suppress(Exception), Image.open(data, formats=["PNG"]) as image:
        image.load()
        return _orientation(image.info)
    return b""


def _chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _strip_webp(data: bytes) -> bytes:
    end = 8 + int.from_bytes(data[4:8], "little")
    kept: list[list[bytes]] = []
    says: dict[bytes, bytes] = {}
    flags = 0
    for kind, chunk in _riff_chunks(data[12:end]):
        if kind == b"VP8X" and not kept:
            flags = int.from_bytes(chunk[8:9], "little")
        if kind in _WEBP_PARTS and kept and kept[-1][0].startswith(b"ANMF"):
            kept[-1].append(chunk)
        elif kind in _WEBP_KEPT:
            kept.append([chunk])
        elif flags & _WEBP_FLAGS.get(kind, 0):
            says.setdefault(kind, chunk[8:])
    parts = [_riff_chunk(each) for each in kept]
    if flags:
        tiff = _orientation({"exif": says.get(b"EXIF", b""), "xmp": says.get(b"XMP ", b"")})
        parts.append(_riff_chunk([b"EXIF" + bytes(4), tiff]) if tiff else b"")
        flags = flags & ~sum(_WEBP_FLAGS.values()) | (_WEBP_FLAGS[b"EXIF"] if tiff else 0)
        parts[0] = parts[0][:8] + bytes([flags]) + parts[0][9:]
    body = b"".join((b"WEBP", *parts))
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give kinds and chunks, padded to even lengths; the last one may be cut off.

    A frame of a film is given as its head, then its parts: as libwebp reads it, whatever length
    the frame says it has.
    """
    at = 0
    while at < len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        start, at = at, at + 8 + (_FRAME_HEAD_BYTES if kind == b"ANMF" else size + size % 2)
        yield kind, data[start:at]


def _riff_chunk(parts: list[bytes]) -> bytes:
    """Join a chunk's parts; it says its length, which for a single part it does already."""
    if len(parts) == 1:
        return parts[0]
    body = b"".join((parts[0][8:], *parts[1:]))
    return parts[0][:4] + struct.pack("<I", len(body)) + body


def _strip_gif(data: bytes) -> bytes:
    at = _GIF_HEADER_BYTES + _palette_bytes(data, _GIF_HEADER_BYTES - 3)
    kept = [data[:at]]
    while found := _GIF_BLOCK.search(data, at):
        start = at = found.start()
        if found[0] == b";":
            kept.append(b";")
            break
        if found[0] == b",":
            at += _GIF_IMAGE_BYTES + _palette_bytes(data, at + _GIF_IMAGE_BYTES - 1)
            at = _behind_blocks(data, at + 1)
        else:
            at = _behind_blocks(data, at + 2)
        if data.startswith(_GIF_KEPT, start):
            kept.append(data[start:at])
    return b"".join(kept)


def _palette_bytes(data: bytes, at: int) -> int:
    """Read how long the palette is by the flags that stand there."""
    flags = int.from_bytes(data[at : at + 1], "little")
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _behind_blocks(data: bytes, at: int) -> int:
    """Find the end of blocks that say how long they are; one of no length is the last."""
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1
