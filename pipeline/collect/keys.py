"""Keys of APIs: read from the environment by whoever starts a search, and shown to nobody.

A key travels in a header or a body, added by the transport to requests of one API only. So it is
never part of an address, which ends in messages, logs and ledgers, and never follows a redirect
to another host.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, urljoin, urlsplit

from requests import PreparedRequest, Request, Response

from pipeline.collect.guard import Guard
from pipeline.collect.transport import GuardedAdapter

FLICKR_KEY = "FLICKR_API_KEY"
OPENVERSE_ID = "OPENVERSE_CLIENT_ID"
OPENVERSE_SECRET = "OPENVERSE_CLIENT_SECRET"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of one run; "" where there is none."""

    flickr: str = field(default="", repr=False)
    openverse_id: str = field(default="", repr=False)
    openverse_secret: str = field(default="", repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Read the keys from variables of the environment."""
        return cls(
            flickr=environment.get(FLICKR_KEY, "").strip(),
            openverse_id=environment.get(OPENVERSE_ID, "").strip(),
            openverse_secret=environment.get(OPENVERSE_SECRET, "").strip(),
        )


class FlickrAdapter(GuardedAdapter):
    """Sends each question to Flickr as a form, with the key in it.

    Flickr takes GET and POST alike: https://www.flickr.com/services/api/request.rest.html.
    """

    def __init__(self, key: str, *, guard: Guard) -> None:
        """Take the key."""
        super().__init__(guard, connections_per_host=1)
        self._key = key

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Move the question from the address into the body, and add the key."""
        form = request.copy()
        parts = urlsplit(str(request.url))
        form.prepare_method("POST")
        form.prepare_url(parts._replace(query="").geturl(), None)
        form.prepare_body({**dict(parse_qsl(parts.query)), "api_key": self._key}, None)
        response = super().send(form, *args, **kwargs)
        response.request = request  # without the key
        return response


class OpenverseAdapter(GuardedAdapter):
    """Signs each question to Openverse with a token, which it asks for once.

    https://api.openverse.org/v1/#tag/auth: a key raises the rate, not the number of results.
    """

    def __init__(self, api: str, keys: Keys, *, guard: Guard) -> None:
        """Take the API's base address and the credentials."""
        super().__init__(guard, connections_per_host=1)
        self._api = api
        self._keys = keys
        self._token = ""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Add the token; where none is given out, answer what was said about it."""
        if not self._token:
            answer = super().send(self._token_request(request), *args, **kwargs)
            if not answer.ok:
                return answer
            self._token = str(answer.json().get("access_token", ""))
        signed = request.copy()
        signed.headers["Authorization"] = f"Bearer {self._token}"
        response = super().send(signed, *args, **kwargs)
        response.request = request  # without the token
        return response

    def _token_request(self, request: PreparedRequest) -> PreparedRequest:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._keys.openverse_id,
            "client_secret": self._keys.openverse_secret,
        }
        agent = {"User-Agent": request.headers["User-Agent"]}
        url = urljoin(self._api, "auth_tokens/token/")
        return Request("POST", url, data=form, headers=agent).prepare()
