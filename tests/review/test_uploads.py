"""Pictures dropped on the page are judged as those of `disney contribute add`."""

from pipeline.files import read_rows
from pipeline.records import ImageRecord

ORIGIN = {"Origin": "http://127.0.0.1:8123"}


def drop(browser, data: bytes, *, name: str = "mine.png", character: str = "ariel"):
    """Drop a file on the page."""
    address = f"/characters/{character}/uploads"
    return browser.client.post(address, params={"name": name}, content=data, headers=ORIGIN)


def test_a_good_picture_is_added_once(team, browse) -> None:
    """It gets its row and file; the same picture again is refused by name."""
    browser = browse(team)
    data = team.draw_png("tomato")
    answer = drop(browser, data).json()

    assert {"name": "mine.png", "is_added": True, "said": "added"} == answer

    [row] = read_rows(team.project.manifests / "na" / "ariel.csv", ImageRecord)

    assert data == (team.project.root / row.file).read_bytes()
    assert row.sha256 in browser.client.get("/characters/ariel").text

    again = drop(browser, data, name="again.png").json()

    assert not again["is_added"]
    assert again["said"].startswith("exact duplicate: ")


def test_what_is_no_picture_is_refused(team, browse) -> None:
    """A drawing with a script, a broken file, nothing: each with its reason."""
    browser = browse(team)
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    found = [drop(browser, data).json()["said"] for data in (svg, b"\x89PNG broken", b"")]

    assert ["not an image: SVG", "not an image: unknown format", "not an image: empty"] == found
    assert [] == list(team.project.manifests.glob("*/*.csv"))


def test_a_name_is_only_shown(team, browse) -> None:
    """What a file is called never becomes a path."""
    answer = drop(browse(team), team.draw_png("teal"), name="../../<b>x</b>.png").json()

    assert ("../../<b>x</b>.png", True) == (answer["name"], answer["is_added"])
    [file] = (team.project.contributions / "na" / "ariel").glob("*.png")
    assert 64 == len(file.stem)


def test_too_many_bytes(team, browse) -> None:
    """50 MB stop at the limit, whatever the request says of its length."""
    chunks = (bytes(1_000_000) for _ in range(50))

    answer = drop(browse(team), chunks)

    assert (413, "too many bytes: at most 15000000") == (answer.status_code, answer.json()["error"])


def test_another_members_character(team, browse) -> None:
    """A picture of a character that another member collects is refused in words."""
    answer = drop(browse(team), team.draw_png("teal"), character="elsa")

    assert 400 == answer.status_code
    assert answer.json()["error"].startswith("elsa: is m2's, not na's")


def test_unknown_character(team, browse) -> None:
    """No folder is made for a name that params.yaml does not have."""
    assert 404 == drop(browse(team), b"", character="nobody").status_code
