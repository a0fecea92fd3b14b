"""All sources as one: found by name, in order, under one client."""

from collections.abc import Callable

import pytest

from pipeline.collect.search import MAX_CANDIDATES, search
from pipeline.collect.sources import open_client
from pipeline.errors import ParamsError, SourceError
from pipeline.params import load_params
from pipeline.paths import Project

WIKI = {"kind": "mediawiki", "api": "http://wiki.example/w/api.php"}


@pytest.fixture
def find(make_project: Callable[..., Project]) -> Callable[..., list[str]]:
    """Search Ariel in a project whose sources are a folder and a list of addresses."""

    def run(sources: list[dict[str, str]], *, files=(), rows=(), character="ariel", **more):
        project = make_project(contact="lead@example.org", collect={"sources": sources}, **more)
        folder = project.root / "images" / "ariel"
        folder.mkdir(parents=True)
        for name in files:
            (folder / name).write_bytes(b"x")
        lines = [f"ariel,{url}" for url in rows]
        text = "\n".join(["character,image_url", *lines, ""])
        (project.root / "my.csv").write_text(text, encoding="utf-8")
        params = load_params(project)
        with open_client(params, root=project.root) as client:
            return search(character, params=params, project=project, client=client)

    return run


FOLDER = {"kind": "folder", "path": "images"}
URLS = {"kind": "urls", "path": "my.csv"}


def test_asks_sources_in_order_and_ranks_from_one(find):
    """The first source comes first, its own order is kept, ranks run through."""
    found = find([URLS, FOLDER], files=["b.jpg", "a.jpg"], rows=["http://x.example/9.jpg"])

    assert ["urls", "folder", "folder"] == [candidate.source for candidate in found]
    assert ["a", "b"] == [candidate.title for candidate in found[1:]]
    assert [1, 2, 3] == [candidate.rank for candidate in found]


def test_an_address_is_listed_once(find):
    """Two sources that offer one image give one candidate."""
    rows = ["http://x.example/1.jpg", "http://x.example/2.jpg", "http://x.example/1.jpg"]

    found = find([URLS, URLS], rows=rows)

    assert ["http://x.example/1.jpg", "http://x.example/2.jpg"] == [c.image_url for c in found]


def test_asks_for_a_fixed_number(find):
    """However much there is, and whatever the target, the list ends at one length."""
    rows = [f"http://x.example/{number}.jpg" for number in range(MAX_CANDIDATES + 50)]

    assert MAX_CANDIDATES == len(find([URLS], rows=rows))


def test_the_studio_needs_nobody_to_complain_to(find):
    """The embedded source runs without contact and fills the list."""
    found = find([{"kind": "studio"}])

    assert {"studio"} == {candidate.source for candidate in found}
    assert len({candidate.image_url for candidate in found}) == len(found) > 200


def test_no_candidate_at_all_is_an_error(find):
    """An empty list is told with where to look."""
    with pytest.raises(SourceError, match=r"^ariel: no source .folder, urls. has a candidate"):
        find([FOLDER, URLS])


def test_an_unknown_character_lists_the_known(find):
    """A slug that params do not have is one line with those they have."""
    with pytest.raises(ParamsError, match="no 'belle'; known: ariel, elsa, merida"):
        find([FOLDER], character="belle")


@pytest.mark.parametrize("source", [WIKI, {"kind": "urls", "path": "my.csv"}])
def test_web_sources_refuse_to_start_without_contact(make_project, source):
    """Whoever asks the web says who asks."""
    project = make_project(collect={"sources": [source]})

    with pytest.raises(SourceError, match=f"^contact: empty, but {source['kind']} asks the web"):
        open_client(load_params(project), root=project.root)


@pytest.mark.parametrize("contact", ["인어@example.org", "a@b.example\r\nX-Evil: 1"])
def test_a_contact_must_fit_into_a_header(make_project, contact: str):
    """What cannot be sent is refused before anything is asked."""
    project = make_project(contact=contact)

    with pytest.raises(ParamsError, match=r"^contact: got "):
        open_client(load_params(project), root=project.root)
