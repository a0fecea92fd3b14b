"""Titles, names, sizes and addresses from the web, cleaned once, before anything else sees them."""

import html
import re
import unicodedata
from urllib.parse import urlsplit

from requests.utils import requote_uri

MAX_LENGTH = 500
_COMPOSED_OF = 4  # characters at most become one by composition (NFC)
_MAX_DIGITS = 9  # of a number of pixels
_JOINERS = "\u200c\u200d"  # Persian words and emoji are spelt with these
_FORMULA = ("=", "+", "-", "@")
# What begins ends at the end of the text at the latest, as in browsers: so no branch ever fails
# after its first characters, none is tried twice, and the time is linear whatever the text.
_MARKUP = re.compile(
    r"""
    <!--(?:-?>|.*?(?:-->|\Z))
    | <[!?/][^>]*(?:>|\Z)  # a declaration, <![CDATA[, or the end of an element
    | <(?:(?P<silent>script|style)(?![\w-])|[a-z])  # wikis put <style> into fields
      (?:[^>"']|"[^"]*(?:"|\Z)|'[^']*(?:'|\Z))*(?:>|\Z)
      (?(silent).*?(?:</(?P=silent)[^>]*(?:>|\Z)|\Z))
    """,
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_CHARACTER_NUMBER = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{8,});?")  # of no character


def clean_text(text: str) -> str:
    r"""Make one plain line of what a stranger wrote, possibly in HTML.

    Tags, control characters (also those that turn the direction of writing) and runs of white
    space go, letters are composed (NFC), and a leading = + - @ is quoted with ' because
    spreadsheets would run it as a formula. No text is an error, and none takes long.

    Returns:
        At most `MAX_LENGTH` + 1 characters.

    >>> clean_text("<a href='/wiki/User:An'>An&nbsp;Artist</a>\n(talk)"), clean_text("=1+1")
    ('An Artist (talk)', "'=1+1")
    """
    visible = "".join(char for char in _without_tags(text) if not _is_control(char))
    line = re.sub(r"\s+", " ", visible).strip()[: _COMPOSED_OF * MAX_LENGTH]
    line = unicodedata.normalize("NFC", line)[:MAX_LENGTH].rstrip()  # slow where there is much
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
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS
    return int(text) or None if is_number else None


def _without_tags(text: str) -> str:
    marked, end, rest = text.rpartition(">")  # what is never closed is no markup: "Ariel <3"
    visible = _MARKUP.sub("", marked + end) + rest
    return html.unescape(_CHARACTER_NUMBER.sub("", visible))


def _is_control(char: str) -> bool:
    is_control = unicodedata.category(char) in {"Cc", "Cf", "Cs"}
    return is_control and not char.isspace() and char not in _JOINERS
