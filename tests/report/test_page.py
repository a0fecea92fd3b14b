"""The page: true to the files, whole in itself, and readable by everyone."""

import re
import shutil
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from pipeline.errors import DataError
from pipeline.files import read_json, write_json
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.report.page import build_page
from pipeline.report.words import percent
from pipeline.stages import report

VOID = {"meta", "img", "line", "circle", "polyline", "br"}


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and whether they nest."""

    def __init__(self, html):
        """Read a page."""
        super().__init__()
        self.elements, self.open, self.text = [], [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Note an element without content."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        """Check that the last one opened is the one closed."""
        assert self.open.pop() == tag
        self.text += " " if tag in {"td", "th"} else ""

    def handle_data(self, data):
        """Collect text."""
        self.text += data

    def all(self, tag):
        """List the attributes of all elements of a kind."""
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture(scope="session")
def html(site, site_params):
    """Build the page once."""
    return build_page(site, site_params)


@pytest.fixture(scope="session")
def page(html):
    """Parse it."""
    return Page(html)


@pytest.fixture
def copied(site, tmp_path):
    """Give a copy of the project that a test may break."""
    shutil.copytree(site.root, tmp_path / "copy")
    return Project(tmp_path / "copy")


def test_asks_nobody_else(page, html):
    """No attribute, style or script names an address outside the page."""
    addresses = [
        value
        for _, attrs in page.elements
        for name, value in attrs.items()
        if name in {"src", "href", "srcset", "poster", "action", "data", "xlink:href"}
    ]

    assert addresses
    assert all(each.startswith(("#", "data:image/")) for each in addresses)
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|<link", html)
    assert any("default-src 'none'" in each.get("content", "") for each in page.all("meta"))


def test_is_well_formed(page):
    """Every element that opens closes, in order."""
    assert page.open == []


def test_words_of_strangers_are_text(page):
    """Markup in titles, authors and names is shown, not run."""
    titles = [each["title"] for each in page.all("img") if "title" in each]

    assert 1 == len(page.all("script"))
    assert '<script>alert("t")</script> & co.' in titles
    assert "Elsa <b>" in page.text
    assert not any("evil" in each.get("href", "") for each in page.all("a"))


def test_is_readable_by_everyone(page):
    """Language, landmarks, one title, headings in steps, texts for pictures, no double ids."""
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]

    assert "en" == page.all("html")[0]["lang"]
    assert [1, 1, 1, 1] == [len(page.all(tag)) for tag in ("header", "nav", "main", "h1")]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(each.get("alt") for each in page.all("img"))
    assert all(each.get("aria-label") for each in page.all("svg"))
    assert all(each.get("scope") in {"row", "col"} for each in page.all("th"))
    assert len(ids) == len(set(ids))
    assert {each["href"].removeprefix("#") for each in page.all("a")} <= set(ids)
    assert {each["aria-labelledby"] for each in page.all("section")} <= set(ids)


def test_scores_are_those_of_the_files(site, page):
    """Accuracy and macro-F1 with their intervals, of network and floors, stand on the page."""
    folders = [site.network_report("cnn"), site.floor_report("colour")]
    folders.append(site.floor_report("majority"))
    for folder in folders:
        metrics = read_json(folder / "metrics.json")
        for name in ("accuracy", "macro_f1"):
            assert percent(metrics[name], digits=1) in page.text
            low, high = (percent(metrics[f"{name}_{end}"]) for end in ("low", "high"))
            assert f"{low} to {high}" in page.text


def test_counts_are_those_of_the_files(page):
    """The funnel, its reasons, conflicts and licences stand on the page."""
    cells = " ".join(page.text.split())

    assert "all 60 48 45 45 45 24 9 12" in cells  # 20 candidates, 15 pictures of each of three
    assert "gone 3" in cells
    assert "too small 3" in cells
    assert "One pair of copies lies under two characters" in cells
    assert "mediawiki unknown 24" in cells
    assert "mediawiki CC BY 4.0 21" in cells


def test_korean_names_are_shown(page):
    """Names are as params.yaml writes them, slugs beside them."""
    assert "인어공주 Ariel" in page.text


def test_a_network_that_was_not_evaluated_is_named(page):
    """params.yaml names vit, no report does: the page says so."""
    assert "Not evaluated yet, though params.yaml names them: vit." in page.text


def test_a_page_without_any_network(copied):
    """Before the first training the page shows the dataset and the floors."""
    shutil.rmtree(copied.network_report("cnn"))
    page = Page(build_page(copied, load_params(copied)))

    assert "No network was evaluated yet." in page.text
    assert "params.yaml names them: cnn, vit." in page.text
    assert "colours alone" in page.text


def test_two_networks_are_compared(copied):
    """The better one on val leads, and the text says whether test tells them apart."""
    shutil.copytree(copied.network_report("cnn"), copied.network_report("vit"))
    page = Page(build_page(copied, load_params(copied)))

    assert "cnn and vit cannot be told apart on these pictures." in page.text
    assert "Not evaluated yet" not in page.text


def test_several_seeds_are_told(copied):
    """Mean and spread over trainings stand beside the figure of the first."""
    path = copied.network_report("cnn") / "metrics.json"
    spread = {"num_seeds": 3, "accuracy_mean": 0.8125, "accuracy_sd": 0.021}
    write_json(path, read_json(path) | spread)

    text = Page(build_page(copied, load_params(copied))).text

    assert "3 seeds: 81.2\u00a0% \u00b1 2.1" in text
    assert "where several were trained" in text


def test_training_time_may_be_unknown(copied):
    """timing.json is no contract: without it the page has a dash."""
    (copied.model("cnn") / "timing.json").unlink()

    assert (
        "min" not in Page(build_page(copied, load_params(copied))).text.split("pictures/s")[1][:90]
    )


def test_missing_floor_says_what_to_run(copied):
    """Without the floors nothing can be compared."""
    shutil.rmtree(copied.floor_report("colour"))

    with pytest.raises(DataError, match=r"metrics.json: not there; run the stage"):
        build_page(copied, load_params(copied))


def test_same_input_same_bytes(site, site_params, html):
    """Nothing on the page depends on the clock or on the order of a set."""
    assert html == build_page(site, site_params)


def test_stage_writes_a_small_page(copied, capsys):
    """The stage leaves one file well under 3 MB and says where it is."""
    report.main(copied, load_params(copied))

    assert copied.page.stat().st_size < 1_000_000
    assert "index.html" in capsys.readouterr().out
