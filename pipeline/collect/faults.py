"""What can go wrong with one request, as a reason of the closed list with words that never vary.

requests and urllib3 put memory addresses and timings into their messages, and one fault comes in
several exceptions; rejected.csv must read the same after every run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import requests
from requests import exceptions as http
from urllib3.exceptions import HTTPError, NameResolutionError, ReadTimeoutError

from pipeline.collect.courtesy import parse_retry_after
from pipeline.collect.guard import ForbiddenAddressError
from pipeline.records import Reason, Rejected

# One fault in the eyes of a user, and which of them came first differs from run to run.
TOO_SLOW = "silent, under the minimum rate or over the deadline"
_CHALLENGE = "cf-mitigated"  # Cloudflare's header for "prove that you are human"
_NO_ADDRESS = (http.InvalidSchema, http.InvalidURL, http.MissingSchema, UnicodeError)
# The first that fits: exception, reason, words, whether asking again may help.
_FAULTS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Reason, str, bool], ...] = (
    (_NO_ADDRESS, Reason.FORBIDDEN, "not an address that is asked here", False),
    (http.ConnectTimeout, Reason.UNREACHABLE, "connecting timed out", True),
    ((http.ReadTimeout, ReadTimeoutError), Reason.TOO_SLOW, TOO_SLOW, False),
    (http.SSLError, Reason.UNREACHABLE, "no valid TLS", False),
    (NameResolutionError, Reason.UNREACHABLE, "no such host", True),
    (http.ChunkedEncodingError, Reason.INCOMPLETE, "fewer bytes than announced", True),
    (http.ContentDecodingError, Reason.UNDECODABLE, "broken content encoding", False),
    (Exception, Reason.UNREACHABLE, "no connection, or it broke", True),
)


class FetchError(Exception):
    """A request that failed, and whether asking again may help."""

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        again: bool = False,
        retry_after_s: float = 0.0,
        status: int = 0,
        is_final: bool = False,
    ) -> None:
        """Keep what is known.

        Args:
            reason: of the closed list.
            detail: words that never vary.
            again: asking again may help.
            retry_after_s: what the server wished for.
            status: of HTTP, 0 if there was no answer.
            is_final: the host wants no further request, whatever for.
        """
        super().__init__(f"{reason} ({detail})")
        self.rejected = Rejected(reason=reason, detail=detail)
        self.again = again
        self.retry_after_s = retry_after_s
        self.status = status
        self.is_final = is_final
        self.host = ""  # that failed, of all that a request was redirected to


@contextmanager
def naming_faults() -> Iterator[None]:
    """Turn whatever requests, urllib3 and the guard raise into a `FetchError`."""
    try:
        yield
    except ForbiddenAddressError as error:
        raise FetchError(Reason.FORBIDDEN, str(error)) from error
    except (requests.RequestException, HTTPError, UnicodeError) as error:
        raise _named(error) from error


def check_status(response: requests.Response, *, host: str) -> None:
    """Let 2xx pass.

    Args:
        response: the answer.
        host: who answered, "" for a local transport, which blocks nobody.

    Raises:
        FetchError: for any other status; 429 and 5xx are worth another try.
    """
    status, detail = response.status_code, f"HTTP {response.status_code}"
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if response.headers.get(_CHALLENGE):
        raise FetchError(Reason.BLOCKED, f"{host}: challenge", status=status, is_final=True)
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise FetchError(Reason.GONE, detail, status=status)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        wait_s = parse_retry_after(response.headers.get("Retry-After"))
        raise FetchError(
            Reason.SERVER_ERROR, detail, again=True, retry_after_s=wait_s, status=status
        )
    if host and status == HTTPStatus.FORBIDDEN:
        raise FetchError(Reason.BLOCKED, f"{host}: {detail}", status=status)
    raise FetchError(Reason.REFUSED, detail, status=status)


def _named(error: Exception) -> FetchError:
    layers = _layers(error)
    for kinds, reason, detail, again in _FAULTS:
        if any(isinstance(layer, kinds) for layer in layers):
            return FetchError(reason, detail, again=again)
    raise AssertionError("the last fault fits every exception")


def _layers(error: Exception) -> list[Exception]:
    """List the exceptions that requests and urllib3 have wrapped into this one."""
    layers = [error]
    for layer in layers:  # grows while it is read
        inner = (*layer.args, getattr(layer, "reason", None))
        layers += [each for each in inner if isinstance(each, Exception) and each not in layers]
    return layers
