"""Source `mediawiki` against answers of the documented shapes, served on loopback.

Shapes: https://www.mediawiki.org/wiki/API:Query, API:Imageinfo, API:Continue, Manual:Maxlag.
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pipeline.collect.http import Client
from pipeline.collect.sources.mediawiki import candidates
from pipeline.collect.sources.mediawiki.listing import profile_of
from pipeline.errors import SourceError
from pipeline.params import MediawikiParams, Search
from pipeline.records import Candidate
from tests.collect.fault_server import FaultServer

PATH = "/w/api.php"
FILES = "https://files.example/images"


def info(name: str, **fields: Any) -> dict[str, Any]:
    """Write one imageinfo with a thumbnail, as a wiki does."""
    return {
        "size": 100_000,
        "width": 1600,
        "height": 1200,
        "url": f"{FILES}/a/ab/{name}",
        "descriptionurl": f"https://wiki.example/wiki/File:{name}",
        "thumburl": f"{FILES}/thumb/a/ab/{name}/500px-{name}",
        "thumbwidth": 500,
        "thumbheight": 375,
        "mime": "image/jpeg",
    } | fields


def file(name: str, index: int | None = None, **fields: Any) -> dict[str, Any]:
    """Write one page of an answer; with an index where it comes from a search."""
    page = {"pageid": sum(name.encode()), "ns": 6, "title": f"File:{name}"}
    page |= {} if index is None else {"index": index}
    return page | {"imageinfo": [info(name, **fields)]}


def answer(*pages: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Write a whole answer of one batch."""
    return {"batchcomplete": True, "query": {"pages": list(pages)}} | more


class FakeWiki:
    """Gives each question its answers in turn, and keeps the questions.

    What is asked beside the files (who uses them, what is below) is answered from tables.
    """

    def __init__(self, server: FaultServer) -> None:
        """Answer at the server's /w/api.php."""
        self.api = server.url(PATH)
        self.asked: list[dict[str, str]] = []
        self.answers: dict[str, list[Any]] = {}  # title, category or text -> answers in turn
        self.headers: dict[str, str] = {}
        self.uses: dict[str, list[str]] = {}  # pageid -> articles
        self.below: dict[str, list[str]] = {}  # category or prefix -> titles
        self.asked_beside: list[dict[str, str]] = []
        server.answers[PATH] = self._answer

    def _answer(self, handler: Any) -> None:
        query = {key: values[0] for key, values in parse_qs(urlsplit(handler.path).query).items()}
        value = self._beside(query) if {"list", "pageids"} & set(query) else self._files(query)
        handler.send(json.dumps(value).encode(), kind="application/json", **self.headers)

    def _files(self, query: dict[str, str]) -> Any:
        self.asked.append(query)
        key = query.get("gsrsearch") or query.get("titles") or query["gcmtitle"]
        return self.answers[key].pop(0)

    def _beside(self, query: dict[str, str]) -> Any:
        self.asked_beside.append(query)
        if "list" in query:
            titles = self.below.get(query.get("cmtitle") or query["apprefix"], [])
            rows = [{"ns": 0, "title": title} for title in titles]
            return {"batchcomplete": True, "query": {query["list"]: rows}}
        left, pages = int(query["fulimit"]), []
        for number in query["pageids"].split("|"):
            uses = [{"title": title} for title in self.uses.get(number, [])[:left]]
            left -= len(uses)
            pages.append({"pageid": int(number)} | ({"fileusage": uses} if uses else {}))
        cut = {} if left else {"continue": {"fucontinue": "7|8", "continue": "||"}}
        return {
            "query": {"pages": pages}
        } | cut  # as the API does: no "batchcomplete" where it is cut


@pytest.fixture
def wiki(server: FaultServer) -> FakeWiki:
    """Serve a wiki without any file yet."""
    return FakeWiki(server)


@pytest.fixture
def ask(
    wiki: FakeWiki, make_client: Callable[..., Client], tmp_path
) -> Callable[..., list[Candidate]]:
    """Ask the wiki for Ariel."""

    def run(
        thumb_width_px: int | None = 500, api: str = "", settings: Any = (), **search: Any
    ) -> list[Candidate]:
        source = MediawikiParams(
            kind="mediawiki",
            api=api or wiki.api,
            thumb_width_px=thumb_width_px,
            **dict(settings),
        )
        asked = Search.model_validate({"name": "Ariel"} | search)
        return list(candidates("ariel", asked, source, client=make_client(), root=tmp_path))

    return run


def titles(found: list[Candidate]) -> list[str]:
    """List the titles of candidates."""
    return [candidate.title for candidate in found]


def test_asks_as_the_documentation_says(wiki: FakeWiki, ask):
    """Search looks in files only, with licences and a thumbnail of the allowed width."""
    wiki.answers["Ariel"] = [answer()]

    ask()

    (query,) = wiki.asked
    expected = {
        "action": "query",
        "format": "json",
        "formatversion": "2",
        "maxlag": "5",
        "generator": "search",
        "gsrnamespace": "6",
        "gsrsearch": "Ariel",
        "gsrlimit": "50",
        "prop": "imageinfo",
        "iiurlwidth": "500",
    }
    assert expected == {key: query.get(key) for key in expected}
    assert "extmetadata" in query["iiprop"]


def test_search_results_come_by_rank_not_by_page_number(wiki: FakeWiki, ask):
    """Pages are sent in the order of their ids; `index` is their rank."""
    wiki.answers["Ariel"] = [answer(file("C.jpg", 3), file("A.jpg", 1), file("B.jpg", 2))]

    found = ask()

    assert ["A.jpg", "B.jpg", "C.jpg"] == titles(found)
    assert [1, 2, 3] == [candidate.rank for candidate in found]


def test_follows_continuation_with_every_key(wiki: FakeWiki, ask):
    """Each answer's `continue` is sent back whole, until there is none."""
    following = {"gsroffset": 50, "continue": "gsroffset||"}
    wiki.answers["Ariel"] = [
        answer(file("A.jpg", 1), **{"continue": following}),
        answer(file("B.jpg", 51)),
    ]

    found = ask()

    assert ["A.jpg", "B.jpg"] == titles(found)
    assert ("50", "gsroffset||") == (wiki.asked[1]["gsroffset"], wiki.asked[1]["continue"])


def test_merges_a_batch_that_is_split(wiki: FakeWiki, ask):
    """What one answer leaves out of a batch, the next one adds; order is that of the whole."""
    bare = {"pageid": 1, "ns": 6, "title": "File:A.jpg", "index": 1}
    split = {
        "continue": {"iicontinue": "B.jpg|2020", "continue": "||"},
        "query": {"pages": [file("B.jpg", 2), bare]},
    }
    other_half = {"pageid": 2, "ns": 6, "title": "File:B.jpg", "index": 2}
    wiki.answers["Ariel"] = [split, answer(file("A.jpg", 1), other_half)]

    assert ["A.jpg", "B.jpg"] == titles(ask())


def test_queries_pages_and_categories_take_turns(wiki: FakeWiki, ask):
    """One source of files cannot fill the list, and a file found twice is listed once."""
    wiki.answers = {
        "인어공주": [answer(file("S1.jpg", 1), file("S2.jpg", 2))],
        "Ariel/Gallery": [answer(file("G1.jpg"), file("S2.jpg"), file("G2.jpg"))],
        "Category:Ariel": [answer(file("C1.jpg"))],
    }

    found = ask(queries=["인어공주"], pages=["Ariel/Gallery"], categories=["Ariel"])

    assert ["S1.jpg", "G1.jpg", "C1.jpg", "S2.jpg", "G2.jpg"] == titles(found)
    assert ["search", "images", "categorymembers"] == [q["generator"] for q in wiki.asked]
    assert "1" == wiki.asked[1]["redirects"]


def test_an_answer_without_query_has_no_files(wiki: FakeWiki, ask):
    """A search without results and a page that is not there have no `query` key."""
    wiki.answers["Ariel"] = [{"batchcomplete": True}]

    assert [] == ask()


def test_only_bitmaps_that_are_there(wiki: FakeWiki, ask):
    """Drawings, films, missing files and other pages are left out."""
    missing = {"ns": 6, "title": "File:Gone.jpg", "missing": True}
    wiki.answers["Ariel"] = [
        answer(
            file("A.svg", mime="image/svg+xml"),
            file("A.ogv", mime="video/ogg"),
            file("A.jpg", filemissing=True, url=None, thumburl=None),
            file("File.jpg", thumburl="file:///etc/passwd"),
            missing,
            {"pageid": 3, "ns": 0, "title": "Ariel"},
            file("A.webp", mime="image/webp"),
        )
    ]

    assert ["A.webp"] == titles(ask())


def test_reads_rights_as_plain_text(wiki: FakeWiki, ask):
    """Licence and author come out of HTML; sizes are those of what is fetched."""
    metadata = {
        "LicenseShortName": {"value": "CC BY-SA 4.0", "source": "commons-desc-page"},
        "LicenseUrl": {"value": "https://creativecommons.org/licenses/by-sa/4.0"},
        "Artist": {"value": '<a href="//wiki.example/User:An">An&nbsp;Artist</a>'},
    }
    wiki.answers["Ariel"] = [answer(file("A.jpg", extmetadata=metadata))]

    (one,) = ask()

    assert (
        Candidate(
            character="ariel",
            source="mediawiki",
            image_url=f"{FILES}/thumb/a/ab/A.jpg/500px-A.jpg",
            page_url="https://wiki.example/wiki/File:A.jpg",
            title="A.jpg",
            author="An Artist",
            licence="CC BY-SA 4.0",
            licence_url="https://creativecommons.org/licenses/by-sa/4.0",
            width_px=500,
            height_px=375,
            rank=1,
        )
        == one
    )


@pytest.mark.parametrize("metadata", [None, [], {}, {"UsageTerms": {"value": "Fair use"}}])
def test_rights_may_be_missing(wiki: FakeWiki, ask, metadata: Any):
    """Fandom has no extmetadata and PHP writes an empty one as a list: licence unknown."""
    wiki.answers["Ariel"] = [answer(file("A.jpg", extmetadata=metadata))]

    (one,) = ask()

    assert ("Fair use" if metadata else "unknown") == one.licence
    assert "" == one.author


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (None, "https://static.wikia.nocookie.net/x/A.jpg/revision/latest?cb=7&format=original"),
        (500, "https://static.wikia.nocookie.net/x/A.jpg/scale/500?cb=7&format=original"),
    ],
)
def test_fandom_is_asked_for_original_bytes(wiki: FakeWiki, ask, width, expected: str):
    """Fandom's file server would send WebP of its own making."""
    thumb = {} if width is None else {"thumburl": expected.removesuffix("&format=original")}
    page = file("A.jpg", url="https://static.wikia.nocookie.net/x/A.jpg/revision/latest?cb=7")
    page["imageinfo"][0].pop("thumburl")
    page["imageinfo"][0].update(thumb)
    wiki.answers["Ariel"] = [answer(page)]

    (one,) = ask(thumb_width_px=width)

    assert expected == one.image_url
    assert (width is None) == ("iiurlwidth" not in wiki.asked[0])


def test_a_lagging_wiki_is_asked_again(wiki: FakeWiki, ask):
    """A wiki that lags says so in HTTP 200; the same question is asked again later."""
    lagged = {"error": {"code": "maxlag", "info": "Waiting for db1: 7 seconds lagged", "lag": 7}}
    wiki.headers = {"Retry_After": "5"}
    wiki.answers["Ariel"] = [lagged, answer(file("A.jpg"))]

    assert ["A.jpg"] == titles(ask())
    assert wiki.asked[0] == wiki.asked[1]


def test_a_wiki_that_stays_busy_is_one_line(wiki: FakeWiki, ask):
    """Patience ends after the retries, with the address."""
    wiki.answers["Ariel"] = [{"error": {"code": "maxlag", "info": "x"}}] * 2

    with pytest.raises(SourceError, match=r"api\.php: server error \(busy\)"):
        ask()


def test_an_error_inside_http_200_is_one_line(wiki: FakeWiki, ask):
    """Code and words of the wiki are passed on, with the question."""
    error = {"code": "invalidcategory", "info": "The category\nname is <b>invalid</b>."}
    wiki.answers["Category:|"] = [{"error": error}]

    with pytest.raises(SourceError, match=r"invalidcategory: The category name is invalid\.") as e:
        ask(categories=["|"])

    assert "\n" not in str(e.value)


def test_a_file_without_thumbnail_does_not_cost_its_batch(wiki: FakeWiki, ask):
    """A wiki refuses a whole batch for one odd file: that batch is asked for as it is."""
    refused = {"error": {"code": "urlparamnormal", "info": "Could not normalize image parameters"}}
    page = file("A.jpg", 1)
    del page["imageinfo"][0]["thumburl"]
    following = {"continue": {"gsroffset": 50, "continue": "gsroffset||"}}
    wiki.answers["Ariel"] = [refused, answer(page, **following), answer(file("B.jpg", 51))]

    found = ask()

    assert [f"{FILES}/a/ab/A.jpg", f"{FILES}/thumb/a/ab/B.jpg/500px-B.jpg"] == [
        candidate.image_url for candidate in found
    ]
    assert ["500", None, "500"] == [query.get("iiurlwidth") for query in wiki.asked]


def test_going_round_in_circles_ends(wiki: FakeWiki, ask):
    """A wiki that continues with the same place for ever is left."""
    circle = answer(file("A.jpg"), **{"continue": {"gsroffset": 50, "continue": "gsroffset||"}})
    wiki.answers["Ariel"] = [circle] * 3

    with pytest.raises(SourceError, match="goes round in circles"):
        ask()


def test_a_wiki_that_is_down_is_one_line(server: FaultServer, ask):
    """No answer is told with the address and where to look."""
    with pytest.raises(SourceError, match=r"^http://127\.0\.0\.1:1/api\.php: .*collect\.sources"):
        ask(api="http://127.0.0.1:1/api.php")
    with pytest.raises(SourceError, match=r"gone .HTTP 404."):
        ask(api=server.url("/404/api.php"))


def test_asks_no_further_than_wanted(wiki: FakeWiki, make_client: Callable[..., Client], tmp_path):
    """Candidates are made as they are taken: who has enough causes no more requests."""
    following = {"continue": {"gsroffset": 1, "continue": "gsroffset||"}}
    wiki.answers["Ariel"] = [answer(file("A.jpg", 1), **following)]
    source = MediawikiParams(kind="mediawiki", api=wiki.api)

    found = candidates("ariel", Search(name="Ariel"), source, client=make_client(), root=tmp_path)

    assert "A.jpg" == next(found).title
    assert 1 == len(wiki.asked)


def test_profiles_go_by_the_host():
    """Wikimedia's and Fandom's wikis are known by their domains, and params may say otherwise."""
    hosts = ("commons.wikimedia.org", "disney.fandom.com", "notfandom.com", "wiki.example")
    sources = [MediawikiParams(kind="mediawiki", api=f"https://{h}/api.php") for h in hosts]

    assert ["commons", "fandom", "plain", "plain"] == [profile_of(source) for source in sources]
    assert "fandom" == profile_of(sources[3].model_copy(update={"profile": "fandom"}))


def test_commons_is_asked_for_bitmaps(wiki: FakeWiki, ask):
    """Its search engine knows the word; another wiki's would look for it."""
    wiki.answers["Ariel filetype:bitmap"] = [answer(file("A.jpg"))]

    assert ["A.jpg"] == titles(ask(settings={"profile": "commons"}))


def test_fandom_galleries_are_looked_up(wiki: FakeWiki, ask):
    """From a name alone: the gallery of that name and the pages below it, not its namesakes."""
    wiki.below["Ariel/Gallery"] = ["Ariel/Gallery", "Ariel/Gallery 2", "Ariel/Gallery/Films"]
    wiki.answers = {
        "Ariel": [answer(file("S.jpg", 1))],
        "Ariel/Gallery": [answer(file("G.jpg"))],
        "Ariel/Gallery/Films": [answer(file("F.jpg"))],
    }

    assert ["S.jpg", "G.jpg", "F.jpg"] == titles(ask(settings={"profile": "fandom"}))


def test_a_fandom_page_that_is_not_listed_is_asked_by_its_name(wiki: FakeWiki, ask):
    """Such as a title that the wiki writes with another first letter."""
    wiki.answers["ariel/Gallery"] = [answer(file("G.jpg"))]

    assert ["G.jpg"] == titles(ask(settings={"profile": "fandom"}, pages=["ariel/Gallery"]))


def test_categories_are_walked_to_a_depth_and_never_in_circles(wiki: FakeWiki, ask):
    """Files of a category come first, then those of the categories below it, each once."""
    wiki.below = {
        "Category:Ariel": ["Category:Dolls", "Category:Art"],
        "Category:Dolls": ["Category:Ariel", "Category:Shops"],
        "Category:Art": ["Category:Dolls"],
    }
    tops = ("Ariel", "Dolls", "Art", "Shops")
    for depth, expected in enumerate((1, 3, 4)):
        wiki.answers = {f"Category:{top}": [answer(file(f"{top}.jpg"))] for top in tops}
        found = ask(settings={"category_depth": depth}, categories=["Ariel"])

        assert [f"{top}.jpg" for top in tops[:expected]] == titles(found)


def test_icons_are_left_out_by_the_size_of_the_original(wiki: FakeWiki, ask):
    """A small original is an icon, however large its thumbnail; an unknown size passes."""
    wiki.answers["Ariel"] = [
        answer(
            file("Icon.png", width=40, height=400),
            file("Unknown.jpg", width=None, height=None),
            file("Big.jpg", width=100, height=100),
        )
    ]

    assert ["Unknown.jpg", "Big.jpg"] == titles(ask())


def test_navigation_of_a_page_is_left_out(wiki: FakeWiki, ask):
    """A file that many articles use is no picture of one; pages below an article are the same."""
    icon, still, own = file("Icon.jpg"), file("Still.jpg"), file("Own.jpg")
    wiki.uses = {
        str(icon["pageid"]): [f"Article {number}" for number in range(9)],
        str(still["pageid"]): [f"Article {number}" for number in range(8)],
        str(own["pageid"]): [f"Ariel/{number}" for number in range(30)],
    }
    wiki.answers = {"Ariel/Gallery": [answer(icon, still, own)]}

    assert ["Still.jpg", "Own.jpg"] == titles(ask(pages=["Ariel/Gallery"]))


def test_one_icon_of_ten_thousand_pages_does_not_hide_the_next(wiki: FakeWiki, ask):
    """Where the list of uses is cut short, the others are asked again without the first."""
    pages = [file("Icon.jpg"), file("Other icon.jpg"), file("Own.jpg")]
    many = [f"Article {number}" for number in range(10_000)]
    wiki.uses = {str(page["pageid"]): many for page in pages[:2]}
    wiki.answers = {"Ariel/Gallery": [answer(*pages)]}

    assert ["Own.jpg"] == titles(ask(pages=["Ariel/Gallery"]))
    assert 3 == len(wiki.asked_beside)


def test_a_list_of_uses_that_tells_nothing_ends(wiki: FakeWiki, ask):
    """Cut short, and no file known to be shared: what is not known is kept."""
    page = file("Own.jpg")
    wiki.uses = {str(page["pageid"]): [f"Ariel/{number}" for number in range(900)]}
    shared_repository = {key: value for key, value in file("Far.jpg").items() if key != "pageid"}
    wiki.answers = {"Ariel/Gallery": [answer(page, shared_repository)]}

    assert ["Own.jpg", "Far.jpg"] == titles(ask(pages=["Ariel/Gallery"]))
    assert 1 == len(wiki.asked_beside)
