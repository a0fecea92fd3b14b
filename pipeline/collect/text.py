"""Titles and names from the web, cleaned once, before anything else sees them."""

import re
import unicodedata
from html.parser import HTMLParser

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
