r"""Where a photo was taken is nobody's business: GPS leaves a file, and not one pixel changes.

Nothing is decoded or moved: the entries are overwritten where they stand, so the file keeps its
length and everything else in it.

    EXIF   the directory of GPS values that tag 0x8825 points to, and the tag itself
           (CIPA DC-008, TIFF 6.0); JPEG and MPO after "Exif\0\0", PNG in eXIf, WebP in EXIF
    XMP    properties named exif:GPS..., as text
"""

import re
import struct
import zlib
from collections.abc import Iterator

_EXIF = re.compile(rb"Exif\0\0(?=II\*\0|MM\0\*)")
_XMP_GPS = re.compile(
    rb"""exif:GPS\w+\s*=\s*(?:"[^"]*"|'[^']*')|<exif:GPS(\w+)[^>]*>.*?</exif:GPS\1>""", re.DOTALL
)
_PNG = b"\x89PNG\r\n\x1a\n"
_GPS_TAG = 0x8825
_ENTRY_BYTES = 12  # tag, type, count, value or offset
_INLINE_BYTES = 4
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}


def without_place(data: bytes) -> bytes:
    """Give a file's bytes without the place; the same object where it says none.

    >>> without_place(b"exif:GPSLatitude='52,30N'") == b" " * 25
    True
    """
    clean = bytearray(data)
    if data.startswith(_PNG):
        for start, end in _png_chunks(data):
            _clean_text(clean, start, end)
            if data[start - 4 : start] == b"eXIf":
                _clean_tiff(clean, start, end)
            clean[end : end + 4] = struct.pack(">I", zlib.crc32(clean[start - 4 : end]))
    else:
        _clean_text(clean, 0, len(clean))
        for start in _tiff_starts(data):
            _clean_tiff(clean, start, len(clean))
    return data if clean == data else bytes(clean)


def _png_chunks(data: bytes) -> Iterator[tuple[int, int]]:
    """Find where the contents of those chunks begin and end that may hold a place."""
    at = len(_PNG)
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        start, end = at + 8, at + 8 + size
        if data[at + 4 : start] in {b"eXIf", b"iTXt", b"tEXt"} and end + 4 <= len(data):
            yield start, end
        at = end + 4


def _tiff_starts(data: bytes) -> Iterator[int]:
    """Find every EXIF block of a JPEG, also those of its further pictures, or of a WebP."""
    yield from (match.end() for match in _EXIF.finditer(data))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        at = 12
        while at + 8 <= len(data):
            kind, size = struct.unpack_from("<4sI", data, at)
            if kind == b"EXIF" and not data.startswith(b"Exif\0\0", at + 8):
                yield at + 8
            at += 8 + size + size % 2


def _clean_text(clean: bytearray, start: int, end: int) -> None:
    """Overwrite XMP properties with spaces, as many as there were bytes."""
    part = bytes(clean[start:end])
    clean[start:end] = _XMP_GPS.sub(lambda match: b" " * len(match[0]), part)


def _clean_tiff(clean: bytearray, start: int, end: int) -> None:
    """Take the GPS directory out of a TIFF header; what is broken is left as it is."""
    tiff = memoryview(clean)[start:end]
    order = "<" if bytes(tiff[:2]) == b"II" else ">"
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        for at in _entries(tiff, first, order):
            tag, _, _, value = struct.unpack_from(f"{order}HHII", tiff, at)
            if tag == _GPS_TAG:
                _wipe_directory(tiff, value, order)
                _drop_entry(tiff, first, at, order)
                break
    except struct.error:  # points out of the file
        return
    finally:
        tiff.release()


def _entries(tiff: memoryview, directory: int, order: str) -> range:
    """Give the offsets of a directory's entries."""
    (count,) = struct.unpack_from(f"{order}H", tiff, directory)
    first = directory + 2
    return range(first, first + count * _ENTRY_BYTES, _ENTRY_BYTES)


def _wipe_directory(tiff: memoryview, directory: int, order: str) -> None:
    """Fill a directory and the values it points to with zeros: then it has no entries."""
    entries = _entries(tiff, directory, order)
    for at in entries:
        _, kind, count, value = struct.unpack_from(f"{order}HHII", tiff, at)
        size = _TYPE_BYTES.get(kind, 1) * count
        if size > _INLINE_BYTES:
            _wipe(tiff, value, value + size)
    _wipe(tiff, directory, entries.stop)


def _drop_entry(tiff: memoryview, directory: int, entry: int, order: str) -> None:
    """Close the gap that an entry leaves; the link to the next directory moves, too."""
    entries = _entries(tiff, directory, order)
    struct.pack_into(f"{order}H", tiff, directory, len(entries) - 1)
    end = entries.stop + 4
    rest = bytes(tiff[entry + _ENTRY_BYTES : end])
    tiff[entry : entry + len(rest)] = rest
    _wipe(tiff, entry + len(rest), end)


def _wipe(tiff: memoryview, start: int, end: int) -> None:
    size = len(tiff[start:end])  # a value may claim to be longer than the file
    tiff[start : start + size] = bytes(size)
