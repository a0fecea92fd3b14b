"""Titles, names, sizes and addresses from the web, cleaned once, before anything else sees them."""

import re
import unicodedata
from html.parser import HTMLParser
from urllib.parse import urlsplit

from requests.utils import requote_uri

MAX_LENGTH = 500
_SILENT_TAGS = {"script", "style"}  # their text is not for readers; wikis put <style> into fields
_JOINERS = "\u200c\u200d"  # Persian words and emoji are spelt with these
_FORMULA = ("=", "+", "-", "@")


def clean_text(text: str) -> str:
    r"""Make one plain line of what a stranger wrote, possibly in HTML.

    Tags, control characters (also those that turn the direction of writing) and runs of white
    space go, letters are composed (NFC), and a leading = + - @ is quoted with ' because
    spreadsheets would run it as a formula.

    Returns:
        At most `MAX_LENGTH` + 1 characters.

    >>> clean_text("<a href='/wiki/User:An'>An&nbsp;Artist</a>\n(talk)"), clean_text("=1+1")
    ('An Artist (talk)', "'=1+1")
    """
    visible = "".join(char for char in _without_tags(text) if not _is_control(char))
    line = re.sub(r"\s+", " ", unicodedata.normalize("NFC", visible)).strip()
    line = line[:MAX_LENGTH].rstrip()
    return f"'{line}" if line.startswith(_FORMULA) else line


def web_address(value: object) -> str:
    """Read an address out of an answer, quoted so that it is plain ASCII.

    Returns:
        "" for anything but an http or https address with a host: data:, files, nothing at all.

    >>> web_address("https://pics.example/a b.jpg"), web_address("data:image/png;base64,AA")
    ('https://pics.example/a%20b.jpg', '')
    """
    text = value.strip() if isinstance(value, str) else ""
    try:
        parts = urlsplit(text)
        is_web = parts.scheme.lower() in {"http", "https"} and bool(parts.hostname)
        return requote_uri(text) if is_web else ""
    except ValueError:  # requests' InvalidURL is one
        return ""


def size_px(value: object) -> int | None:
    """Read a width or height, which is a number, a text or nothing; 0 is nothing, too.

    >>> size_px("640"), size_px(480), size_px(None), size_px("0")
    (640, 480, None, None)
    """
    text = str(value)
    return int(text) or None if text.isascii() and text.isdecimal() else None


def _without_tags(text: str) -> str:
    parser = _TextOnly(convert_charrefs=True)
    parser.feed(text)
    parser.close()
    return "".join(parser.pieces)


def _is_control(char: str) -> bool:
    is_control = unicodedata.category(char) in {"Cc", "Cf", "Cs"}
    return is_control and not char.isspace() and char not in _JOINERS


class _TextOnly(HTMLParser):
    """Collects text outside tags."""

    def __init__(self, *, convert_charrefs: bool) -> None:
        super().__init__(convert_charrefs=convert_charrefs)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - its signature
        self._silent += tag in _SILENT_TAGS

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT_TAGS and self._silent:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)
