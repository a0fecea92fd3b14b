"""What site owners ask of programs: robots.txt by RFC 9309, and X-Robots-Tag."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect.faults import FetchError
from pipeline.collect.robots import AGENT, MAX_ROBOTS_BYTES, Robots, says_no_ai
from pipeline.records import Reason, Rejected

TEXT = b"User-agent: *\nDisallow: /private/\nAllow: /private/a.jpg\nCrawl-delay: 3\n"


def answering(answer: bytes | FetchError) -> Robots:
    """Make sites that all have this robots.txt, or this trouble with it."""

    def ask(_url: str) -> bytes:
        if isinstance(answer, FetchError):
            raise answer
        return answer

    return Robots(ask)


def verdict(robots: Robots, url: str) -> Rejected | float:
    """Give the delay of an allowed address, or why it is refused."""
    try:
        return robots.check(url)
    except FetchError as error:
        return error.rejected


def test_obeys_the_rules_for_everyone():
    """The longest rule wins, and the wish for a pause is passed on."""
    robots = answering(TEXT)

    disallowed = Rejected(reason=Reason.ROBOTS, detail="robots.txt")
    assert disallowed == verdict(robots, "https://a.example/private/b.jpg")
    assert 3.0 == verdict(robots, "https://a.example/private/a.jpg")
    assert 3.0 == verdict(robots, "https://a.example/b.jpg")


def test_rules_for_this_program_come_first():
    """A site can name this program, and then only that group counts."""
    text = f"User-agent: *\nDisallow: /\n\nUser-agent: {AGENT}\nDisallow: /x\n".encode()

    assert 0.0 == verdict(answering(text), "https://a.example/b.jpg")


@pytest.mark.parametrize(
    "error",
    [
        FetchError(Reason.GONE, "HTTP 404", status=404),
        FetchError(Reason.REFUSED, "HTTP 401", status=401),
        FetchError(Reason.BLOCKED, "a.example: HTTP 403", status=403),
        FetchError(Reason.REFUSED, "more than 5 redirects"),
    ],
)
def test_no_file_allows_everything(error: FetchError):
    """4xx and endless redirects mean that there is none (RFC 9309, 2.3.1.2 and 2.3.1.3)."""
    assert 0.0 == verdict(answering(error), "https://a.example/b.jpg")


@pytest.mark.parametrize(
    "error",
    [
        FetchError(Reason.SERVER_ERROR, "HTTP 503", status=503),
        FetchError(Reason.SERVER_ERROR, "HTTP 429", status=429),
        FetchError(Reason.UNREACHABLE, "no such host"),
        FetchError(Reason.BLOCKED, "a.example: challenge", status=403, is_final=True),
    ],
)
def test_a_file_that_cannot_be_had_now_allows_nothing(error: FetchError):
    """Until it can be read the answer is no, for the same reason (RFC 9309, 2.3.1.4)."""
    rejected = verdict(answering(error), "https://a.example/b.jpg")

    assert error.rejected.reason == rejected.reason
    assert f"robots.txt: {error.rejected.detail}" == rejected.detail


@pytest.mark.parametrize("body", [b"", b"<!DOCTYPE html><html>Not found</html>", b"\xff\x00" * 99])
def test_what_is_no_robots_txt_allows_everything(body: bytes):
    """A page that says "not found" with status 200 forbids nothing."""
    assert 0.0 == verdict(answering(body), "https://a.example/b.jpg")


def test_reads_no_more_than_it_must():
    """Rules beyond 500 KiB do not count, and cost nothing."""
    body = b"# " + b"x" * MAX_ROBOTS_BYTES + b"\nUser-agent: *\nDisallow: /\n"

    assert 0.0 == verdict(answering(body), "https://a.example/b.jpg")


def test_each_site_is_asked_once_by_all_threads():
    """Eight threads want one site's rules: one asks, the others wait; another port is another."""
    asked: Counter[str] = Counter()
    lock = threading.Lock()

    def ask(url: str) -> bytes:
        with lock:
            asked[url] += 1
        return TEXT

    robots = Robots(ask)
    urls = [f"https://me:pw@a.example/{number}.jpg" for number in range(32)]
    urls.append("https://a.example:444/1.jpg")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(robots.check, urls))

    assert {"https://a.example/robots.txt": 1, "https://a.example:444/robots.txt": 1} == asked


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        (None, False),
        ("", False),
        ("noindex, nofollow", False),
        ("noai", True),
        ("noindex,NOIMAGEAI", True),
        (f"{AGENT}: noai", True),
        ("otherbot: noai", False),
        ("otherbot: noindex, noai", True),
        ("unavailable_after: 25 Jun 2030 15:00:00 PST", False),
    ],
)
def test_reads_x_robots_tag(tag: str | None, *, expected: bool):
    """A word for all or for this program counts, one for another program does not."""
    assert expected == says_no_ai(tag)


@given(st.text())
def test_no_x_robots_tag_breaks_it(tag: str):
    """Whatever a server writes there is an answer."""
    assert says_no_ai(tag) in {True, False}
