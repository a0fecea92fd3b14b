"""How free a picture's licence is: of two equal copies the freer one is kept."""

import re

from pipeline.records import UNKNOWN

_NO_RIGHTS = {"cc0", "pd", "pdm", "publicdomain", "zero"}
_CREATIVE_COMMONS = {"cc", "creativecommons"}
_CONDITIONS = {"sa": 1, "nc": 2, "nd": 4}  # share alike, no commerce, no derivatives
_OTHER, _UNSAID = 9, 10  # such as fair use: somebody has said under which terms at least


def restrictions(licence: str, licence_url: str = "") -> int:
    """Count how much a licence holds back, by its words and its address; 0 is nothing.

    >>> restrictions("CC0"), restrictions("CC BY 4.0"), restrictions("cc-by-sa-3.0")
    (0, 1, 2)
    >>> restrictions("Attribution", "https://creativecommons.org/licenses/by-nc-nd/2.0/")
    7
    >>> restrictions("Fair use"), restrictions("unknown")
    (9, 10)
    """
    words = set(re.findall(r"[a-z0-9]+", f"{licence} {licence_url}".lower()))
    if words & _NO_RIGHTS or {"public", "domain"} <= words:
        return 0
    if "by" in words and words & _CREATIVE_COMMONS:
        return 1 + sum(weight for word, weight in _CONDITIONS.items() if word in words)
    return _UNSAID if licence in {"", UNKNOWN} else _OTHER
