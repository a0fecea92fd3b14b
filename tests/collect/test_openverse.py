"""Source `openverse` against recorded answers of the documented shape, served on loopback.

Shape: https://api.openverse.org/v1/.
"""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.collect.keys import Keys
from pipeline.collect.search import search
from pipeline.collect.sources import open_client
from pipeline.errors import SourceError
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import Candidate
from tests.collect.api_server import ApiServer, Asked

NO_KEYS = Keys()
KEYS = Keys(openverse_id="an-id", openverse_secret="a-secret")  # noqa: S106 - of nobody
TOKEN = {"access_token": "a-token", "token_type": "Bearer", "expires_in": 36000, "scope": "read"}


def picture(number: int, **fields: Any) -> dict[str, Any]:
    """Write one result."""
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "title": f"Ariel {number}",
        "indexed_on": "2020-10-26T14:00:01.187671Z",
        "foreign_landing_url": f"https://www.flickr.example/photos/x/{number}",
        "url": f"https://live.staticflickr.example/{number}.jpg",
        "creator": "An Artist",
        "creator_url": "https://www.flickr.example/photos/x",
        "license": "by-sa",
        "license_version": "2.0",
        "license_url": "https://creativecommons.org/licenses/by-sa/2.0/",
        "provider": "flickr",
        "source": "flickr",
        "category": "photograph",
        "filesize": 896128,
        "filetype": "jpg",
        "attribution": f'"Ariel {number}" by An Artist is licensed under CC BY-SA 2.0.',
        "mature": False,
        "height": 4016,
        "width": 6016,
        "thumbnail": "https://api.openverse.example/v1/images/x/thumb/",
        "unstable__sensitivity": [],
    } | fields


def answer(*results: dict[str, Any], pages: int = 1) -> dict[str, Any]:
    """Write a whole answer."""
    return {
        "result_count": 20 * pages,
        "page_count": pages,
        "page_size": 20,
        "page": 1,
        "results": list(results),
    }


@pytest.fixture
def find(api: ApiServer, make_project: Callable[..., Project]) -> Callable[..., list[Candidate]]:
    """Search Ariel; `reply` gives the answer to each question about images."""

    def run(
        reply: Callable[[Asked], Any],
        *,
        keys: Keys = NO_KEYS,
        queries: tuple[str, ...] = (),
        token: Any = TOKEN,
    ) -> list[Candidate]:
        api.answer = lambda asked: token if "token" in asked.path else reply(asked)
        source = {"kind": "openverse", "api": f"http://{api.host}/v1/"}
        asked = {"name": "Ariel", "queries": list(queries)}
        project = make_project(
            contact="lead@example.org",
            collect={"sources": [source], "allow_hosts": [api.host], "retries": 0},
            characters={
                "ariel": {"member": "na", "search": asked},
                "elsa": {"member": "na", "search": {"name": "Elsa"}},
            },
        )
        params = load_params(project)
        with open_client(params, root=project.root, keys=keys) as client:
            return search("ariel", params=params, project=project, client=client)

    return run


def test_a_result_becomes_a_candidate(find):
    """The file itself is fetched, not the thumbnail; rights are those of the result."""
    (one,) = find(lambda _: answer(picture(7)))

    assert (
        Candidate(
            character="ariel",
            source="openverse",
            image_url="https://live.staticflickr.example/7.jpg",
            page_url="https://www.flickr.example/photos/x/7",
            title="Ariel 7",
            author="An Artist",
            licence="CC BY-SA 2.0",
            licence_url="https://creativecommons.org/licenses/by-sa/2.0/",
            width_px=6016,
            height_px=4016,
            rank=1,
        )
        == one
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"license": "cc0", "license_version": "1.0", "license_url": None}, "cc0 1.0"),
        (
            {"license_url": "https://creativecommons.org/publicdomain/mark/1.0/"},
            "Public Domain Mark 1.0",
        ),
        ({"license": None, "license_version": None, "license_url": None}, "unknown"),
    ],
)
def test_licences_have_their_own_names(find, fields: dict[str, Any], expected: str):
    """The address of a licence names it; without one its code does."""
    (one,) = find(lambda _: answer(picture(1, **fields)))

    assert expected == one.licence


def test_fields_may_be_missing(find):
    """Title, creator, page and size are empty in many results; one without a file is left out."""
    bare = dict.fromkeys(("title", "creator", "foreign_landing_url", "width", "height"))

    (one,) = find(lambda _: answer(picture(1, **bare), picture(2, url="data:image/png;base64,A")))

    assert ("", "", "", None) == (one.title, one.author, one.page_url, one.width_px)


def test_a_query_ends_at_240(api: ApiServer, find):
    """Twelve pages of twenty, without a key; the thirteenth would be refused."""

    def reply(asked: Asked) -> Any:
        start = 20 * int(asked.query["page"])
        return answer(*(picture(start + number) for number in range(20)), pages=99)

    found = find(reply)

    assert 240 == len(found)
    assert [str(page) for page in range(1, 13)] == [each.query["page"] for each in api.asked]
    assert {"20"} == {each.query["page_size"] for each in api.asked}
    assert all("Authorization" not in each.headers for each in api.asked)


def test_asks_no_further_than_there_is(api: ApiServer, find):
    """The answer says how many pages there are."""
    find(lambda asked: answer(picture(int(asked.query["page"])), pages=2))

    assert 2 == len(api.asked)


def test_queries_take_turns_and_are_short_enough(find):
    """One bad query cannot fill the list; letters after the 200th would be cut off anyway."""
    numbers = {"mermaid": 100, "m" * 200: 200}

    found = find(
        lambda asked: answer(*(picture(numbers[asked.query["q"]] + n) for n in range(3))),
        queries=("mermaid", "m" * 300),
    )

    assert ["Ariel 100", "Ariel 200", "Ariel 101", "Ariel 201"] == [c.title for c in found[:4]]


def test_credentials_become_a_token_asked_for_once(api: ApiServer, find):
    """The secret travels in one body, the token in a header; no address has either."""
    find(lambda asked: answer(picture(int(asked.query["page"])), pages=3), keys=KEYS)

    first, *others = api.asked
    assert ("POST", "/v1/auth_tokens/token/") == (first.method, first.path)
    assert {
        "grant_type": "client_credentials",
        "client_id": "an-id",
        "client_secret": "a-secret",
    } == first.form
    assert ["Bearer a-token"] * 3 == [each.headers["Authorization"] for each in others]
    assert "lead@example.org" in first.headers["User-Agent"]
    assert "a-secret" not in str([(each.path, each.query, each.headers) for each in api.asked])


def test_wrong_credentials_are_one_line(find):
    """The names of the variables are told, never what they hold."""
    with pytest.raises(SourceError, match="OPENVERSE_CLIENT_ID and OPENVERSE_CLIENT_SECRET") as e:
        find(lambda _: {}, keys=KEYS, token=(401, {"error": "invalid_client"}))

    assert "a-secret" not in str(e.value)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(("reply", "message"), [((500, {}), "server error"), ([], "no object")])
def test_a_failure_is_one_line(find, reply: Any, message: str):
    """An API that does not answer as documented is told with its address."""
    with pytest.raises(SourceError, match=rf"/v1/images/: .*{message}"):
        find(lambda _: reply)
