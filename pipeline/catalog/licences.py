"""Licences by one name each, however a source writes them, and which of them may be collected.

"CC BY-SA 4.0", "by-sa" with its URL, "Attribution-ShareAlike License"   cc-by-sa-4.0
"CC0", "CC0 1.0", "CC Zero"                                              cc0-1.0, cc0
"Public domain", "Public Domain Mark 1.0", "PD"                          public-domain
anything else, such as "Fair use" or "unknown"                           fair-use, unknown
"""

import re
from collections.abc import Iterable

from pipeline.records import UNKNOWN, Candidate, ImageRecord, Reason, Rejected

ANY = "any"  # in params: every licence, said or not
_CC_URL = re.compile(
    r"^https?://(?:www\.)?creativecommons\.org/(licenses|publicdomain)/([a-z-]+)(?:/(\d+\.\d+))?"
)
_ALIASES = {"cc-zero": "cc0", "pd": "public-domain", "pdm": "public-domain"}


def cc_name(url: str) -> str:
    """Name a Creative Commons licence or mark by its address; "" for any other address.

    >>> cc_name("https://creativecommons.org/licenses/by-nc-sa/2.0/"), cc_name("https://x.example")
    ('CC BY-NC-SA 2.0', '')
    """
    match = _CC_URL.match(url.lower())
    if not match:
        return ""
    kind, code, version = match.groups(default="")
    if kind == "publicdomain":
        code = {"zero": "CC0", "mark": "Public Domain Mark"}.get(code, code)
        return f"{code} {version}".strip()
    return f"CC {code.upper()} {version}".strip()


def normalised(licence: str, licence_url: str = "") -> str:
    """Give a licence its one name; its address says more than its words.

    >>> normalised("Attribution License", "https://creativecommons.org/licenses/by/2.0/")
    'cc-by-2.0'
    >>> normalised("Public domain"), normalised("CC0"), normalised("Fair use"), normalised("")
    ('public-domain', 'cc0', 'fair-use', 'unknown')
    """
    words = (cc_name(licence_url) or licence).lower()
    name = re.sub(r"[^\w.]+", "-", words).strip("-.") or UNKNOWN
    if name.startswith("public-domain"):
        return "public-domain"
    return _ALIASES.get(name, name)


class LicenceFilter:
    """The setting `collect.licences`: `any`, or names with or without their version."""

    def __init__(self, allowed: Iterable[str] = (ANY,)) -> None:
        """Take the names, written in any way that `normalised` understands."""
        self._allowed = frozenset(normalised(each) for each in allowed)

    def judge(self, candidate: Candidate | ImageRecord) -> Rejected | None:
        """Refuse a candidate whose licence is not in the list.

        "cc-by" allows each version of it, "cc-by-4.0" one; neither allows CC BY-SA.
        """
        name = normalised(candidate.licence, candidate.licence_url)
        names = {ANY, name, re.sub(r"-\d+(\.\d+)*$", "", name)}
        if names.isdisjoint(self._allowed):
            return Rejected(reason=Reason.LICENCE, detail=name)
        return None
