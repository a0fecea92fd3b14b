"""Source `flickr` against recorded answers of the documented shapes, served on loopback.

Shapes: https://www.flickr.com/services/api/flickr.photos.search.html and
flickr.photos.licenses.getInfo.html.
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
from pipeline.stages import search as search_stage
from tests.collect.api_server import ApiServer, Asked

KEY = "0123456789abcdef-secret"
LICENCES = {
    "licenses": {
        "license": [
            {"id": "0", "name": "All Rights Reserved", "url": ""},
            {
                "id": "4",
                "name": "Attribution License",
                "url": "https://creativecommons.org/licenses/by/2.0/",
            },
            {"id": "7", "name": "No known copyright restrictions", "url": ""},
            {
                "id": "9",
                "name": "Public Domain Dedication (CC0)",
                "url": "https://creativecommons.org/publicdomain/zero/1.0/",
            },
        ]
    },
    "stat": "ok",
}


def photo(number: int, *, licence: str = "4", **fields: Any) -> dict[str, Any]:
    """Write one photo of an answer, with the sizes that its owner shows."""
    defaults = {"url_l": f"https://live.staticflickr.example/{number}_b.jpg"}
    sizes = {"width_l": 1024, "height_l": "683"}
    return {
        "id": str(number),
        "owner": "12345678@N00",
        "secret": "abc",
        "server": "65535",
        "farm": 66,
        "title": f"Ariel <b>{number}</b>",
        "ispublic": 1,
        "license": licence,
        "ownername": "An Artist",
    } | (fields or defaults | sizes)


def answer(*photos: dict[str, Any], page: int = 1, pages: int = 1) -> dict[str, Any]:
    """Write a whole answer."""
    paging = {"page": page, "pages": pages, "perpage": 500, "total": len(photos)}
    return {"photos": paging | {"photo": list(photos)}, "stat": "ok"}


@pytest.fixture
def find(api: ApiServer, make_project: Callable[..., Project]) -> Callable[..., list[Candidate]]:
    """Search Ariel on Flickr; answers are given by text and page."""

    def run(
        answers: dict[tuple[str, int], Any], *, key: str = KEY, queries: tuple[str, ...] = ()
    ) -> list[Candidate]:
        def reply(asked: Asked) -> Any:
            if asked.form["method"] == "flickr.photos.licenses.getInfo":
                return LICENCES
            return answers[asked.form["text"], int(asked.form["page"])]

        api.answer = reply
        source = {"kind": "flickr", "api": f"http://{api.host}/services/rest/"}
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
        with open_client(params, root=project.root, keys=Keys(flickr=key)) as client:
            return search("ariel", params=params, project=project, client=client)

    return run


def test_a_photo_becomes_a_candidate(find):
    """Rights and sizes are those of the photo; its page is the place to name the author."""
    (one,) = find({("Ariel", 1): answer(photo(7))})

    assert (
        Candidate(
            character="ariel",
            source="flickr",
            image_url="https://live.staticflickr.example/7_b.jpg",
            page_url="https://www.flickr.com/photos/12345678@N00/7",
            title="Ariel 7",
            author="An Artist",
            licence="CC BY 2.0",
            licence_url="https://creativecommons.org/licenses/by/2.0/",
            width_px=1024,
            height_px=683,
            rank=1,
        )
        == one
    )


def test_licences_are_those_that_flickr_names(find):
    """Numbers are looked up; one that nobody explains is unknown."""
    photos = [photo(number, licence=str(number)) for number in (0, 7, 9, 99)]

    found = find({("Ariel", 1): answer(*photos)})

    expected = ["All Rights Reserved", "No known copyright restrictions", "CC0 1.0", "unknown"]
    assert expected == [candidate.licence for candidate in found]


def test_sizes_fall_back(find):
    """1024 px where there are, else what the owner shows; a photo without any is left out."""
    host = "https://live.staticflickr.example"
    photos = [
        photo(1, url_o=f"{host}/1_o.jpg", url_m=f"{host}/1.jpg", width_o="900", height_o="600"),
        photo(2, url_m=f"{host}/2.jpg", url_z=f"{host}/2_z.jpg"),
        photo(3, url_sq=f"{host}/3_s.jpg"),
    ]

    found = find({("Ariel", 1): answer(*photos)})

    assert [f"{host}/1_o.jpg", f"{host}/2_z.jpg"] == [each.image_url for each in found]
    assert [(900, 600), (None, None)] == [(each.width_px, each.height_px) for each in found]


def test_asks_as_the_documentation_says(api: ApiServer, find):
    """Photos with a licence that allows something, safe ones, with sizes; page after page."""
    find({("Ariel", 1): answer(photo(1), pages=2), ("Ariel", 2): answer(photo(2), page=2, pages=2)})

    asked = api.asked[1].form
    expected = {
        "method": "flickr.photos.search",
        "license": "1,2,3,4,5,6,7,8,9,10",
        "safe_search": "1",
        "per_page": "500",
        "format": "json",
        "nojsoncallback": "1",
    }
    assert expected == {key: asked.get(key) for key in expected}
    assert ["1", "2"] == [each.form["page"] for each in api.asked[1:]]


def test_no_further_than_flickr_counts(api: ApiServer, find):
    """After 4000 results its pages repeat: the eighth page is the last."""
    find({("Ariel", page): answer(photo(page), page=page, pages=99) for page in range(1, 9)})

    assert 1 + 8 == len(api.asked)


def test_queries_take_turns(find):
    """One bad query cannot fill the list."""
    answers = {
        ("mermaid", 1): answer(*(photo(number) for number in range(100, 400))),
        ("인어공주", 1): answer(photo(1), photo(2)),
    }

    found = find(answers, queries=("mermaid", "인어공주"))

    assert ["Ariel 100", "Ariel 1", "Ariel 101", "Ariel 2"] == [each.title for each in found[:4]]


def test_the_key_is_in_the_body_alone(api: ApiServer, find):
    """Addresses end in logs and messages: no key is in one."""
    find({("Ariel", 1): answer(photo(1))})

    assert {KEY} == {each.form["api_key"] for each in api.asked}
    assert {"POST"} == {each.method for each in api.asked}
    assert all(KEY not in str((each.path, each.query, each.headers)) for each in api.asked)


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        ({"stat": "fail", "code": 100, "message": "Invalid API Key"}, "FLICKR_API_KEY must hold"),
        ({"stat": "fail", "code": 105, "message": "Service unavailable"}, "busy"),
        ({"stat": "fail", "code": 3, "message": "Parameterless <i>searches</i>"}, "3: Paramet"),
        ([], "no object"),
        ((403, {}), "HTTP 403"),
    ],
)
def test_a_failure_is_one_line_without_the_key(find, failure: Any, message: str):
    """Errors come with HTTP 200; neither they nor their causes name the key."""
    with pytest.raises(SourceError, match=message) as caught:
        find({("Ariel", 1): failure})

    error: BaseException | None = caught.value
    while error:
        assert KEY not in repr(error)
        error = error.__cause__ or error.__context__


def test_a_broken_connection_does_not_tell_the_key(find, monkeypatch):
    """What urllib3 says of an address that does not answer is free of the key, too."""
    monkeypatch.setattr(ApiServer, "host", "127.0.0.1:1")

    with pytest.raises(SourceError, match="unreachable") as caught:
        find({})

    error: BaseException | None = caught.value
    while error:
        assert KEY not in repr(error)
        error = error.__cause__ or error.__context__


def test_collecting_needs_no_key(make_project: Callable[..., Project]):
    """Only the search asks the API: who collects from its frozen list has no key to set."""
    collect = {"sources": [{"kind": "flickr"}]}
    project = make_project(contact="lead@example.org", collect=collect)

    with open_client(load_params(project), root=project.root) as client:
        assert [] == client.hosts()


def test_the_stage_reads_the_environment(make_project: Callable[..., Project], monkeypatch):
    """A key that is not set is missed before anything is asked."""
    monkeypatch.delenv("FLICKR_API_KEY", raising=False)
    collect = {"sources": [{"kind": "flickr"}]}
    project = make_project(contact="lead@example.org", collect=collect)

    with pytest.raises(SourceError, match="FLICKR_API_KEY"):
        search_stage.main(project, load_params(project), "ariel")


def test_without_a_key_nothing_is_asked(api: ApiServer, find):
    """Which variable of the environment is missing, and where to get a key."""
    with pytest.raises(SourceError, match=r"^flickr: needs a key in .* FLICKR_API_KEY; get one at"):
        find({}, key="")

    assert [] == api.asked
