"""The page: pictures, decisions and undo through the browser's own requests."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

ORIGIN = {"Origin": "http://127.0.0.1:8123"}


def test_start_leads_to_the_first_character(team, browse) -> None:
    """The bare address is the character that the command named."""
    assert "/characters/ariel" == browse(team).client.get("/").headers["location"]


def test_a_grid_with_words_for_all(team, browse) -> None:
    """Each picture has a button that says title, author, licence and marks."""
    team.collect("tomato", title="Ariel sings", author="An", licence="CC0")

    text = browse(team).client.get("/characters/ariel").text

    assert 'aria-label="Ariel sings, by An, CC0, from urls"' in text
    assert '<b id="left">1</b> left' in text


def test_no_pictures_yet(team, browse) -> None:
    """An empty project says what to do."""
    text = browse(team).client.get("/characters/ariel").text

    assert "No pictures yet: run <code>disney collect ariel</code>" in text


def test_words_of_strangers_are_text(team, browse) -> None:
    """A title that holds HTML is shown, and a link that runs code is none."""
    [sha256] = team.collect(
        "tomato",
        title="<script>alert(1)</script>",
        author='"><img src=x onerror=alert(1)>',
        licence="<b>free</b>",
        licence_url="javascript:alert(1)",
    )
    client = browse(team).client

    for address in ("/characters/ariel", f"/characters/ariel/panel/{sha256}"):
        text = client.get(address).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "<b>free" not in text
        assert "javascript:" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_korean_names_stay_whole(team, browse) -> None:
    """Titles in Korean come back letter by letter."""
    [sha256] = team.collect("tomato", title="인어공주 에리얼")

    text = browse(team).client.get(f"/characters/ariel/panel/{sha256}").text

    assert "<h2>인어공주 에리얼</h2>" in text


def test_small_and_large_pictures(team, browse) -> None:
    """The grid gets a small JPEG, kept for ever; enlarging gets the bytes as stored."""
    [sha256] = team.collect("tomato")
    client = browse(team).client
    small, large = client.get(f"/thumbs/{sha256}"), client.get(f"/pictures/{sha256}")

    assert "image/jpeg" == small.headers["content-type"]
    assert (120, 110) == Image.open(io.BytesIO(small.content)).size
    assert "immutable" in small.headers["cache-control"]
    assert ("image/png", team.draw_png("tomato")) == (large.headers["content-type"], large.content)


@pytest.mark.parametrize(
    "address",
    [
        "/thumbs/..%2f..%2fparams.yaml",
        "/pictures/..%2f..%2f..%2fetc%2fpasswd",
        "/pictures/%2e%2e/params.yaml",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/characters/..%2fariel",
        "/characters/nobody",
        "/characters/elsa/panel/" + "0" * 64,
        "/thumbs/" + "0" * 64,
    ],
)
def test_addresses_name_no_files(team, browse, address: str) -> None:
    """Whatever an address says, only known slugs and hashes are found."""
    team.collect("tomato")

    assert 404 == browse(team).client.get(address).status_code


def test_a_manifest_cannot_name_other_files(team, browse) -> None:
    """A row of a branch that points out of the folder is told, and is no picture."""
    one, two = team.collect("tomato", "teal")
    manifest = team.project.raw_manifest("ariel")
    text = manifest.read_text("utf-8").replace(f"data/raw/ariel/images/{two}.png", "params.yaml")
    manifest.write_text(text, "utf-8")
    client = browse(team).client

    assert [200, 404] == [client.get(f"/pictures/{each}").status_code for each in (one, two)]
    assert "file &#39;params.yaml&#39;; must be data/raw/" in client.get("/characters/ariel").text


def test_a_picture_that_is_not_pulled(team, browse) -> None:
    """The grid lists it; only its picture is missing."""
    [sha256] = team.collect("tomato")
    (team.project.raw_images("ariel") / f"{sha256}.png").unlink()
    client = browse(team).client

    assert sha256 in client.get("/characters/ariel").text
    assert (404, 404) == tuple(
        client.get(f"/{kind}/{sha256}").status_code for kind in ("thumbs", "pictures")
    )


def test_a_decision_is_saved_and_drawn(team, browse) -> None:
    """The answer holds the tile as it looks now, and what is left."""
    first, _ = team.collect("tomato", "teal")

    answer = browse(team).decide(first, "reject", note="fan art").json()

    assert "Rejected: fan art." == answer["said"]
    assert 'class="tile reject"' in answer["tiles"][f"{first}-ariel"]
    assert {"left": 1, "total": 2} == answer["tallies"]["ariel"]
    assert [(first, "reject", "fan art")] == [(r.sha256, r.verdict, r.note) for r in team.reviews()]


def test_undo_through_the_page(team, browse) -> None:
    """Undo takes the last decision of this window back."""
    [sha256] = team.collect("tomato")
    browser = browse(team)
    browser.decide(sha256, "keep")
    answer = browser.undo().json()

    assert ("Taken back.", 1) == (answer["said"], answer["tallies"]["ariel"]["left"])
    assert [] == team.reviews()


def test_a_reload_shows_what_was_decided(team, browse) -> None:
    """Decisions live in the file, not in the page."""
    [sha256] = team.collect("tomato")
    browser = browse(team)
    browser.decide(sha256, "relabel", character="elsa")

    text = browser.client.get("/characters/ariel").text

    assert 'class="tile relabel"' in text
    assert "move to elsa" in text


def test_two_servers_lose_nothing(team, browse) -> None:
    """Two commands of the same member, deciding at once, keep each other's rows."""
    sha256s = team.collect("tomato", "teal", "gold", "navy", "olive", "plum")
    browsers = [browse(team), browse(team)]

    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(browsers[number % 2].decide, sha256, "keep")
            for number, sha256 in enumerate(sha256s)
        ]
    answers = [job.result().status_code for job in jobs]

    assert [200] * 6 == answers
    assert sorted(sha256s) == [row.sha256 for row in team.reviews()]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"sha256": "0" * 64, "verdict": "keep"}, "is in hand; reload the page"),
        ({"verdict": "burn"}, "verdict 'burn'; allowed: keep, reject"),
        ({"verdict": "relabel", "character": "x"}, "no character 'x'; known: ariel"),
        ({"verdict": "keep", "character": "x"}, "no character 'x'; known: ariel"),
        ({"verdict": "distinct"}, "choose the copy that differs"),
        ({"verdict": "reject", "note": "x" * 501}, "501 characters, at most 500"),
        ({"verdict": 7}, "verdict: expected text"),
    ],
)
def test_wrong_decisions_are_explained(team, browse, body, message: str) -> None:
    """What cannot be is one line, and nothing is written."""
    [sha256] = team.collect("tomato")

    answer = browse(team).post("/decisions", **({"sha256": sha256} | body))

    assert 400 == answer.status_code
    assert message in answer.json()["error"]
    assert [] == team.reviews()


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ("{}", "text/plain", 415),
        (" " * 10_001, "application/json", 413),
        ("[" * 10_000, "application/json", 400),
        (r'{"sha256": "SHA256", "verdict": "reject", "note": "\ud800"}', "application/json", 400),
    ],
)
def test_strange_bodies_are_refused(team, browse, content: str, kind: str, status: int) -> None:
    """Not JSON, not an object, not said to be JSON, too long, too deep, no text."""
    [sha256] = team.collect("tomato")
    headers = ORIGIN | {"Content-Type": kind}
    content = content.replace("SHA256", sha256)

    answer = browse(team).client.post("/decisions", content=content, headers=headers)

    assert (status, []) == (answer.status_code, team.reviews())


def test_notes_are_one_line(team, browse) -> None:
    """A line break in a note would look like another row to readers."""
    [sha256] = team.collect("tomato")
    browse(team).decide(sha256, "reject", note="two\nlines\x1f")

    assert "two lines" == team.reviews()[0].note


def test_what_is_wrong_in_a_file_is_told(team, browse) -> None:
    """A review file of another member that was broken by hand is a line on the page, no crash."""
    team.collect("tomato")
    browser = browse(team)
    (team.project.reviews / "m2.csv").write_text("sha256\n", "utf-8")

    answer = browser.client.get("/characters/ariel")

    assert 200 == answer.status_code
    assert "m2.csv:1: columns are sha256" in answer.text


def test_a_broken_file_of_my_own_is_explained(team, browse) -> None:
    """Nothing is decided on half of what I said: one line instead of the page."""
    team.collect("tomato")
    browser = browse(team)
    (team.project.reviews / "na.csv").write_text("sha256\n", "utf-8")

    answer = browser.client.get("/characters/ariel")

    assert 400 == answer.status_code
    assert "na.csv:1: columns are sha256" in answer.text


def test_a_disk_that_cannot_be_written(team, browse) -> None:
    """The page is told that nothing was saved, in the system's words."""
    [sha256] = team.collect("tomato")
    browser = browse(team)
    team.project.reviews.rmdir()
    team.project.reviews.write_text("not a folder", "utf-8")

    answer = browser.decide(sha256, "keep")

    assert 507 == answer.status_code
    assert "reviews" in answer.json()["error"]


def test_pages_of_the_grid(team, browse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many pictures come in pages; a page that is not there is the last one."""
    monkeypatch.setattr("pipeline.review.pages.PAGE_ROWS", 2)
    team.collect("tomato", "teal", "gold")
    client = browse(team).client

    assert 2 == client.get("/characters/ariel").text.count('class="tile ')
    assert 1 == client.get("/characters/ariel?page=99999").text.count('class="tile ')
    assert "page 2 of 2" in client.get("/characters/ariel?page=2").text
    assert "page 1 of 2" in client.get("/characters/ariel?page=x").text


def test_strange_filters_count_as_none(team, browse) -> None:
    """An address typed by hand shows everything rather than failing."""
    team.collect("tomato")

    text = browse(team).client.get("/characters/ariel?view=x&status=x&member=<b>&order=x").text

    assert 1 == text.count('class="tile ')
    assert "<b>&" not in text
