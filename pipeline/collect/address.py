"""What an address says: whose it is, and where a redirect leads."""

from functools import lru_cache
from urllib.parse import urljoin, urlsplit

import requests
from requests.utils import requote_uri

from pipeline.collect.faults import FetchError
from pipeline.records import Reason

WEB_PORTS = {"http": 80, "https": 443}


@lru_cache(maxsize=1024)  # each fetch asks several times
def host_and_port(url: str) -> tuple[str, int]:
    """Split a web address; port 0 stands for other schemes.

    Raises:
        FetchError: it is no address.

    >>> host_and_port("https://pics.example/a.jpg"), host_and_port("studio://ariel/7")
    (('pics.example', 443), ('ariel', 0))
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise FetchError(Reason.FORBIDDEN, "not an address that is asked here") from error
    default = WEB_PORTS.get(parts.scheme.lower(), 0)
    return parts.hostname or "", (default and port) or default


@lru_cache(maxsize=1024)
def shown_host(url: str) -> str:
    """Name the host of a web address as people write it, with a port that is unusual.

    >>> shown_host("https://pics.example/a.jpg"), shown_host("http://pics.example:8080/a.jpg")
    ('pics.example', 'pics.example:8080')
    """
    host, port = host_and_port(url)
    return host if port in {0, *WEB_PORTS.values()} else f"{host}:{port}"


def next_hop(url: str, response: requests.Response) -> str | None:
    """Resolve a redirect, which may lead to the web only, never to a disk or a drawing.

    Returns:
        Where it leads, or None if the response is none.

    Raises:
        FetchError: it leads to no address, or out of the web.
    """
    if not response.is_redirect:
        return None
    target = response.headers["Location"].encode("latin1").decode("utf-8", "replace")
    try:
        address = urljoin(url, requote_uri(target))
        scheme = urlsplit(address).scheme.lower()
    except (ValueError, requests.RequestException) as error:
        raise FetchError(Reason.FORBIDDEN, "redirect to no address") from error
    if scheme not in WEB_PORTS:
        raise FetchError(Reason.FORBIDDEN, f"redirect to {scheme}:")
    return address
