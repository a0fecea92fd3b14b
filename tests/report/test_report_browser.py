"""The page in a real browser: sorted, enlarged, printed, on a phone, in the dark, and large."""

from contextlib import contextmanager

import pytest

from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.stages import report
from tests.browsing import first_paint_ms
from tests.report.sites import build_large_site

pytestmark = pytest.mark.slow
DESKTOP, PHONE = (1280, 900), (390, 844)
OPEN_ALL = "document.querySelectorAll('details').forEach((part) => { part.open = true; })"


@pytest.fixture(scope="module")
def address(site, site_params):
    """Write the page once and give its address."""
    project = Project(site.root)
    report.main(project, site_params)
    return project.page.as_uri()


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Write the page of sixty characters, six networks and nineteen studies."""
    project = Project(tmp_path_factory.mktemp("large"))
    build_large_site(project, characters=60, networks=6, studies=19)
    report.main(project, load_params(project))
    return project.page


@pytest.fixture
def opened(chromium):
    """Open a page in a window of a size; errors of its scripts and requests fail the test."""

    @contextmanager
    def open_page(address, *, size=DESKTOP, **settings):
        width, height = size
        context = chromium.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", **settings
        )
        page, wrong = context.new_page(), []
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: wrong.append(asked.url))
        page.goto(address)
        yield page
        context.close()
        assert [address] == [each for each in wrong if not each.startswith("data:")]

    return open_page


def column(page, table, number):
    """Give the texts of a column."""
    cells = f"{table} tbody tr > :nth-child({number})"
    return [text.split()[0] for text in page.locator(cells).all_inner_texts()]


def test_headings_sort(address, opened):
    """A click sorts by number, largest first, Enter turns it round; dashes come last."""
    table = "#found table"
    with opened(address) as page:
        heading = page.locator(f"{table} thead th").nth(4).get_by_role("button")
        heading.click()
        numbers = [int(text.replace(",", "")) for text in column(page, table, 5)]

        assert sorted(numbers, reverse=True) == numbers

        heading.press("Enter")

        assert numbers[::-1] == [int(t.replace(",", "")) for t in column(page, table, 5)]
        assert "ascending" == page.locator(f"{table} thead th").nth(4).get_attribute("aria-sort")

        page.locator(f"{table} thead th").nth(5).get_by_role("button").click()

        assert ["\u2013", "\u2013"] == column(page, table, 6)[1:]


def test_figures_enlarge_by_keyboard(address, opened):
    """Enter shows a figure in a dialog, Escape closes it and gives the focus back."""
    with opened(address) as page:
        button = page.locator("#learning .enlarge-button").first
        button.focus()
        page.keyboard.press("Enter")
        box = page.locator("dialog svg").bounding_box()

        assert box["width"] > 900

        page.keyboard.press("Escape")

        assert not page.locator("dialog").is_visible()
        assert page.evaluate("document.activeElement.className") == "enlarge-button"


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(address, opened, size, scheme):
    """Contrast, names, roles and order are right in both schemes and widths, all parts open."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")
    with opened(address, size=size, color_scheme=scheme) as page:
        page.evaluate(OPEN_ALL)
        found = axe.Axe().run(page).response["violations"]

    assert [] == [
        (each["id"], each["nodes"][0]["html"][:200])
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]


def test_a_phone_scrolls_one_way(address, opened):
    """At phone width nothing but tables and commands is wider than the window."""
    with opened(address, size=PHONE) as page:
        page.evaluate(OPEN_ALL)

        assert PHONE[0] == page.evaluate("document.documentElement.scrollWidth")


def test_print_opens_what_is_closed(address, opened):
    """On paper there is no menu, and the parts that were closed are there."""
    with opened(address) as page:
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")

        assert not page.locator("nav").is_visible()
        assert page.locator("#study-heads figcaption").is_visible()
        assert page.pdf(format="A4").startswith(b"%PDF")


def test_a_link_opens_its_study(address, opened):
    """From the table of verdicts a study is one click away."""
    with opened(address) as page:
        page.get_by_role("link", name="Title of heads").click()

        page.locator("#study-heads figcaption").wait_for(state="visible")
        assert not page.locator("#study-filter_size figcaption").is_visible()


def test_korean_is_marked_as_such(address, opened):
    """A screen reader switches its voice for the Korean words."""
    with opened(address) as page:
        page.evaluate(OPEN_ALL)

        assert "멀티 헤드가 낫다" in page.locator("#study-heads [lang=ko]").all_inner_texts()


def test_sixty_characters_are_usable(large, opened):
    """Under 8 MB, painted within 2 s, no wider than the window, and its tables sort."""
    with opened(large.as_uri()) as page:
        paint = first_paint_ms(page)
        page.locator("#confusion table.sortable thead button").nth(1).click()

        assert large.stat().st_size < 8_000_000
        assert paint < 2000
        assert DESKTOP[0] == page.evaluate("document.documentElement.scrollWidth")
        assert 60 == page.locator("#confusion table.sortable tbody tr").count()
        assert "most frequent mistakes" in page.locator("#confusion").inner_text()
