"""A whole review in a real browser: sixty pictures, uploads, two windows, two members, 5,000."""

import os
from collections.abc import Iterable
from statistics import quantiles

import pytest

from pipeline.files import read_rows, sha256_of, write_bytes, write_rows
from pipeline.records import ImageRecord, Review
from tests.browsing import first_paint_ms, show
from tests.rows import image_record

pytestmark = pytest.mark.slow
# What a reviewer presses, picture after picture, and the row that comes of it.
PLAN = (
    ("k", {"verdict": "keep", "character": "ariel"}),
    ("k", {"verdict": "keep", "character": "ariel"}),
    ("r4", {"verdict": "reject", "note": "bad quality"}),
    ("k", {"verdict": "keep", "character": "ariel"}),
    ("m2", {"verdict": "relabel", "character": "elsa"}),
)
# Promised, and measured by benchmarks/review.py: 1 s and 100 ms on a machine that does nothing
# else. Here others may work beside, so only what is many times slower fails.
GRID_MS, VERDICT_MS = 5_000, 500


def colours(number: int) -> list[str]:
    """Name colours that all differ."""
    return [f"hsl({360 * each // number}, 80%, 50%)" for each in range(number)]


def tiles(page) -> list[str]:
    """Name the pictures on the page, in order."""
    return page.locator(".tile").evaluate_all("tiles => tiles.map((tile) => tile.dataset.sha256)")


def press(page, keys: Iterable[str]) -> None:
    """Press keys one after the other."""
    for key in keys:
        page.keyboard.press(key)


def wait_until_left(page, number: int) -> None:
    """Wait until the server has answered all but so many pictures."""
    page.locator(f"#left:text-is('{number}')").wait_for()


def review(sha256: str, **fields: str) -> Review:
    """Say one word."""
    return Review(sha256=sha256, **({"character": "", "other_sha256": "", "note": ""} | fields))


def in_file_order(rows: list[Review]) -> list[Review]:
    """Sort as the file is."""
    return sorted(rows, key=lambda row: row.sha256)


def png(colour: str, draw_png) -> dict[str, object]:
    """Name a file as a person who chooses it."""
    return {"name": f"{colour}.png", "mimeType": "image/png", "buffer": draw_png(colour)}


def test_sixty_pictures(team, serve, page, draw_png) -> None:
    """Sixty by keyboard, reloaded half way, two taken back, one more brought: as it was meant."""
    known = team.collect(*colours(60))
    show(page, serve(team))
    order = tiles(page)
    for number in range(30):
        press(page, PLAN[number % 5][0])
    wait_until_left(page, 30)
    page.reload()
    for number in range(30, 60):
        press(page, PLAN[number % 5][0])
    wait_until_left(page, 0)
    press(page, "uu")
    wait_until_left(page, 2)
    press(page, "r1r9")  # undo led back to the first of the two
    wait_until_left(page, 0)

    press(page, "a")
    duplicate = png("duplicate", lambda _: draw_png(colours(60)[7]))
    broken = png("broken", lambda _: draw_png()[:400])
    page.set_input_files("#files", [png("black", draw_png), duplicate, broken])
    page.locator(".uploaded li", has_text="broken.png: undecodable").wait_for()
    answers = page.locator(".uploaded li").all_text_contents()
    press(page, ["Escape"])
    page.get_by_role("link", name="1 left").click()
    page.wait_for_url("**status=left**")
    page.locator(".tile.current").wait_for()
    press(page, "k")
    wait_until_left(page, 0)

    added = sha256_of(draw_png("black"))
    expected = [review(order[at], **PLAN[at % 5][1]) for at in range(58)]
    expected += [review(order[58], verdict="reject", note="another character")]
    expected += [review(order[59], verdict="reject", note="other")]
    expected += [review(added, verdict="keep", character="ariel")]
    assert set(known) == set(order)
    assert in_file_order(expected) == team.reviews()
    assert ["black.png: added", "duplicate.png: exact duplicate"] == [
        text.rpartition(": data")[0] or text for text in answers[:2]
    ]
    manifest = team.project.manifests / "na" / "ariel.csv"
    assert [added] == [row.sha256 for row in read_rows(manifest, ImageRecord)]


def test_two_windows_and_two_members(team, serve, page) -> None:
    """All three decide in turn; each file holds its member's words, and who reloads sees them."""
    team.collect(*colours(12))
    show(page, serve(team))
    order = tiles(page)
    second = page.context.new_page()
    show(second, page.url)
    other = page.context.new_page()
    show(other, serve(team, "m2"))
    for at in range(6):
        press(page, "k")
        page.locator(f'.tile.keep[data-sha256="{order[at]}"]').wait_for()
        press(second, ["End", *at * ["ArrowLeft"], "r", "3"])
        second.locator(f'.tile.reject[data-sha256="{order[11 - at]}"]').wait_for()
        press(other, "m2")
        other.locator(f'.tile.relabel[data-sha256="{order[at]}"]').wait_for()
    press(page, "u")
    page.locator("#said", has_text="Taken back.").wait_for()
    page.reload()

    expected = [review(sha, verdict="keep", character="ariel") for sha in order[:5]]
    expected += [review(sha, verdict="reject", note="several characters") for sha in order[6:]]
    assert in_file_order(expected) == team.reviews()
    moved = [review(sha, verdict="relabel", character="elsa") for sha in order[:6]]
    assert in_file_order(moved) == team.reviews("m2")
    assert 6 == page.locator(".mark.warn", has_text="m2: move to elsa").count()
    assert 6 == page.locator(".tile.reject").count()  # the second window's


@pytest.fixture
def five_thousand(team, draw_png) -> list[str]:
    """Collect 5,000 pictures of one character; the bytes of all are the same, and small."""
    sha256s = [f"{number:064x}" for number in range(5_000)]
    folder = team.project.raw_images("ariel")
    write_bytes(folder / "one", draw_png())
    for sha256 in sha256s:
        os.link(folder / "one", folder / f"{sha256}.png")
    rows = [image_record(sha256) for sha256 in sha256s]
    write_rows(team.project.raw_manifest("ariel"), ImageRecord, rows)
    return sha256s


def test_five_thousand_pictures(team, five_thousand: list[str], serve, page) -> None:
    """Every page is quick, small copies are made when they come into view, verdicts are saved."""
    show(page, serve(team))
    page.locator(".tile img").last.scroll_into_view_if_needed()
    made = len(list((team.project.cache / "thumbs").rglob("*.jpg")))
    seen, waits_ms = tiles(page), [grid_ms(page)]
    for _ in range(4):
        press(page, ["End"])
        with page.expect_navigation(wait_until="commit"):
            press(page, "k")  # the last of a page: saved before the page is turned
        waits_ms.append(grid_ms(page))
        seen += tiles(page)
    show(page, page.url.replace("page=5", "page=25"))
    waits_ms.append(grid_ms(page))
    seen += tiles(page)
    for _ in range(20):
        press(page, "k")
    wait_until_left(page, 5_000 - 24)

    assert five_thousand[:1_000] + five_thousand[-200:] == seen
    assert "page 25 of 25, 5000 pictures" == page.locator(".pages span").text_content()
    assert [*seen[199:999:200], *seen[1_000:1_020]] == [row.sha256 for row in team.reviews()]
    assert 0 < made < 200
    assert max(waits_ms) < GRID_MS
    assert quantiles(verdicts_ms(page), n=20)[-1] < VERDICT_MS


def grid_ms(page) -> float:
    """Tell how long the page took from the click to its first content, once the grid is there."""
    page.locator(".tile.current").wait_for()
    return first_paint_ms(page)


def verdicts_ms(page) -> list[float]:
    """Tell how long the verdicts on this page took from the key to the server's answer."""
    return page.evaluate(
        """performance.getEntriesByType("resource")
            .filter((entry) => entry.name.endsWith("/decisions"))
            .map((entry) => entry.duration)"""
    )
