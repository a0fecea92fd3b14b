"""What a site's owner asks of programs: robots.txt, and X-Robots-Tag on the file itself.

robots.txt (RFC 9309, read by protego) is for programs that find their way by themselves. It is
obeyed for images whose address came from elsewhere than the site that serves them: a list of
addresses, a web search, a catalogue of other sites. It is not asked where the site's own API named
the file (`OWN_API`: the API is the site's offer to programs, with rules of its own that
`pipeline.collect.courtesy` keeps), nor for `collect.allow_hosts`, nor for the APIs themselves.

A site without the file (404 and other 4xx) allows everything; one whose file cannot be had now
(5xx, no connection) allows nothing, and its images are failures that may pass.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlsplit

from protego import Protego

from pipeline.collect.faults import FetchError
from pipeline.records import Reason, Rejected

AGENT = "disney-characters"  # the product token: what robots.txt may call this program
OWN_API = frozenset({"mediawiki", "flickr"})  # kinds of sources, see above
MAX_ROBOTS_BYTES = 512_000  # RFC 9309, 2.5: at least 500 KiB are read
_NO_AI = frozenset({"noai", "noimageai"})


class Robots:
    """The robots.txt of each site, asked for once."""

    def __init__(self, ask: Callable[[str], bytes]) -> None:
        """Fetch files with `ask(url)`, which raises `FetchError`."""
        self._ask = ask
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._files: dict[str, Protego | Rejected] = {}

    def check(self, url: str) -> float:
        """Let an address pass that robots.txt does not disallow.

        Returns:
            The seconds that the site wants between two requests, 0.0 if it does not say.

        Raises:
            FetchError: it is disallowed, or nobody can say now.
        """
        rules = self._rules(url)
        if isinstance(rules, Rejected):
            raise FetchError(rules.reason, rules.detail)
        if not rules.can_fetch(url, AGENT):
            raise FetchError(Reason.ROBOTS, "robots.txt")
        return rules.crawl_delay(AGENT) or 0.0

    def _rules(self, url: str) -> Protego | Rejected:
        """Read the file of a site; threads that want the same one wait for the first."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        with self._lock:
            lock = self._locks.setdefault(origin, threading.Lock())
        with lock:
            if origin not in self._files:
                self._files[origin] = self._read(f"{origin}/robots.txt")
            return self._files[origin]

    def _read(self, url: str) -> Protego | Rejected:
        try:
            body = self._ask(url)
        except FetchError as error:
            if _is_absent(error):
                return Protego.parse("")
            return replace(error.rejected, detail=f"robots.txt: {error.rejected.detail}")
        return Protego.parse(body[:MAX_ROBOTS_BYTES].decode("utf-8", "replace"))


def _is_absent(error: FetchError) -> bool:
    """Tell "there is none" (4xx, a chain of redirects) from "not now" (RFC 9309, 2.3.1)."""
    is_client_error = HTTPStatus.BAD_REQUEST <= error.status < HTTPStatus.INTERNAL_SERVER_ERROR
    is_asked_to_wait = error.status == HTTPStatus.TOO_MANY_REQUESTS
    is_chain = error.rejected.reason == Reason.REFUSED and not error.status
    return (is_client_error and not is_asked_to_wait and not error.is_final) or is_chain


def says_no_ai(tag: str | None) -> bool:
    """Read an X-Robots-Tag: is the file closed to the training of networks?

    Words for another program only ("otherbot: noai") do not count. In several headers made into
    one it can be unclear whom a word is for; then it counts.

    >>> says_no_ai("noindex, NoImageAI"), says_no_ai("otherbot: noai"), says_no_ai(None)
    (True, False, False)
    """
    for part in (tag or "").lower().split(","):
        agent, _, word = part.rpartition(":")
        if word.strip() in _NO_AI and agent.strip() in {"", AGENT}:
            return True
    return False
