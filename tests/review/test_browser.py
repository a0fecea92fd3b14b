"""The page in a real browser: ten pictures by keyboard, undo, a reload, two windows."""

import pytest

from pipeline.records import Review
from tests.browsing import first_paint_ms, show

pytestmark = pytest.mark.slow
COLOURS = (
    *("tomato", "teal", "gold", "navy", "olive"),
    *("plum", "orchid", "sienna", "salmon", "indigo"),
)


def current(page) -> str:
    """Name the chosen picture."""
    return page.locator(".tile.current").get_attribute("data-sha256")


def test_ten_pictures_by_keyboard(team, serve, page) -> None:
    """Keep, reject, move, undo and a reload leave exactly the rows that were meant."""
    team.collect(*COLOURS)
    show(page, serve(team))
    order = [tile.get_attribute("data-sha256") for tile in page.locator(".tile").all()]

    for _ in range(7):
        page.keyboard.press("k")
    page.keyboard.press("r")
    page.keyboard.press("7")
    page.keyboard.press("m")
    page.keyboard.press("2")
    page.locator("#left", has_text="1").wait_for()
    page.keyboard.press("k")
    page.locator("#left", has_text="0").wait_for()
    page.keyboard.press("u")
    page.locator("#said", has_text="Taken back. 1 left.").wait_for()

    assert order[9] == current(page)

    page.reload()

    assert order[9] == current(page)

    page.keyboard.press("r")
    page.keyboard.press("4")
    page.locator("#left", has_text="0").wait_for()

    plain = {"character": "", "other_sha256": "", "note": ""}
    kept = plain | {"character": "ariel"}
    expected = [Review(sha256=sha256, verdict="keep", **kept) for sha256 in order[:7]]
    expected += [
        Review(sha256=order[7], verdict="reject", **plain | {"note": "fan art"}),
        Review(sha256=order[8], verdict="relabel", **plain | {"character": "elsa"}),
        Review(sha256=order[9], verdict="reject", **plain | {"note": "bad quality"}),
    ]
    assert sorted(expected, key=lambda row: row.sha256) == team.reviews()


def test_two_windows(team, serve, page) -> None:
    """Each window decides and takes back its own; neither loses the other's."""
    team.collect("tomato", "teal")
    show(page, serve(team))
    other = page.context.new_page()
    show(other, page.url)
    first = current(page)
    other.keyboard.press("End")
    last = current(other)

    page.keyboard.press("k")
    page.locator("#said", has_text="Kept.").wait_for()
    other.keyboard.press("k")
    other.locator("#said", has_text="Kept.").wait_for()
    page.keyboard.press("u")
    page.locator("#said", has_text="Taken back.").wait_for()

    assert first != last
    assert [last] == [row.sha256 for row in team.reviews()]


def test_a_duplicated_tab_takes_back_its_own(team, serve, page) -> None:
    """It begins with a copy of the first tab's memory, and still leaves its verdicts alone."""
    team.collect("tomato", "teal")
    show(page, serve(team))
    first = current(page)
    page.keyboard.press("k")
    page.locator("#said", has_text="Kept. 1 left.").wait_for()
    with page.expect_popup() as opened:
        page.evaluate("open(location)")  # as browsers duplicate: sessionStorage is copied
    copy = opened.value
    first_paint_ms(copy)
    second = current(copy)
    copy.keyboard.press("u")
    copy.locator("#said", has_text="Nothing to undo in this window.").wait_for()
    copy.keyboard.press("k")
    copy.locator("#said", has_text="Kept. 0 left.").wait_for()

    assert first != second  # the copy knew what was chosen
    assert sorted([first, second]) == [row.sha256 for row in team.reviews()]

    page.reload()
    first_paint_ms(page)
    page.keyboard.press("u")
    page.locator("#said", has_text="Taken back. 1 left.").wait_for()

    assert [second] == [row.sha256 for row in team.reviews()]


def test_copies_enlarged_and_small(team, serve, page) -> None:
    """The keeper is changed beside its copy, and keys work while enlarged, on a phone, too."""
    one, two = team.collect("tomato", "teal")
    team.group(one, two)
    page.set_viewport_size({"width": 360, "height": 700})
    show(page, serve(team))
    page.get_by_role("link", name="Copies").click()
    page.wait_for_url("**view=copies**")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("p")
    page.locator(f'.tile[data-sha256="{two}"]', has_text="keeper of 2").wait_for()
    page.keyboard.press("Enter")
    page.locator("body.large").wait_for()
    page.locator('.whole[src^="/pictures/"]').wait_for()
    page.keyboard.press("d")
    page.locator("#said", has_text="Two different pictures.").wait_for()
    page.keyboard.press("Escape")

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [("distinct", one), ("keeper", "")] == [
        (row.verdict, row.other_sha256) for row in team.reviews()
    ]


@pytest.mark.parametrize(
    ("key", "said"), [("ㅏ", "Kept. 0 left."), ("t", "")], ids=["Korean", "Dvorak"]
)
def test_keyboards_of_the_world(team, serve, page, key: str, said: str) -> None:
    """The key at the place of k keeps on a Korean keyboard; on Dvorak it is a t."""
    team.collect("tomato")
    show(page, serve(team))
    page.dispatch_event("body", "keydown", {"key": key, "code": "KeyK", "bubbles": True})
    page.keyboard.press("?")
    page.locator("#help[open]").wait_for()
    if said:
        page.locator("#said", has_text=said).wait_for()

    assert len(said) // 13 == len(team.reviews())


def test_a_server_that_is_gone(team, serve, page) -> None:
    """The page says loudly that nothing more is saved, and why."""
    team.collect("tomato")
    show(page, serve(team))
    page.route("**/decisions", lambda route: route.abort())
    page.keyboard.press("k")
    page.locator("#problem", has_text="nothing more is saved").wait_for()
    page.unroute("**/decisions")
    page.context.clear_cookies()
    page.keyboard.press("k")
    page.locator("#problem", has_text="Not saved: no session").wait_for()

    assert [] == team.reviews()


def test_leaving_while_a_decision_is_on_its_way(team, serve, page) -> None:
    """The browser asks first, and who stays has lost nothing."""
    team.collect("tomato", "teal")
    show(page, serve(team))
    held = []

    def hold(route: object) -> None:
        held.append(route)

    page.route("**/decisions", hold)
    with page.expect_request("**/decisions"):
        page.keyboard.press("k")

    with page.expect_event("dialog") as asked:
        page.evaluate("setTimeout(() => location.reload())")

    assert "beforeunload" == asked.value.type
    asked.value.dismiss()
    held[0].continue_()
    page.locator("#said", has_text="Kept. 1 left.").wait_for()
    page.reload()
    assert 1 == len(team.reviews())


def test_uploads(team, serve, page) -> None:
    """Chosen or dropped: each file is answered in a line, and only the good one is added."""
    show(page, serve(team))
    good = {"name": "good.png", "mimeType": "image/png", "buffer": team.draw_png("tomato")}
    broken = {"name": "<b>x</b>.png", "mimeType": "image/png", "buffer": b"no"}
    page.keyboard.press("a")
    page.set_input_files("#files", [good, broken, good | {"name": "again.png"}])
    page.locator(".uploaded li", has_text="again.png: exact duplicate").wait_for()

    lines = page.locator(".uploaded li").all_text_contents()
    assert ["good.png: added", "<b>x</b>.png: not an image: text"] == lines[:2]

    page.keyboard.press("Escape")
    page.locator(".tile").wait_for()
    page.evaluate(
        """() => {
          const dropped = new DataTransfer();
          dropped.items.add(new File(["<svg/>"], "dropped.svg"));
          document.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true }));
        }"""
    )
    page.locator(".uploaded li", has_text="dropped.svg: not an image: SVG").wait_for()

    assert 1 == len(list((team.project.contributions / "na" / "ariel").glob("*.png")))
