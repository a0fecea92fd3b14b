"""The page: true to the files, whole in itself, and readable by everyone."""

import re
import shutil
from html.parser import HTMLParser
from itertools import combinations, pairwise

import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

from pipeline.errors import DataError
from pipeline.evaluation.predictions import read_predictions
from pipeline.evaluation.robustness import read_perturbed
from pipeline.files import read_json, write_json
from pipeline.params import load_params
from pipeline.report.findings import compare
from pipeline.report.inputs import read_inputs
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


def built(project):
    """Build the page of a project that was changed."""
    inputs = read_inputs(project, load_params(project))
    return build_page(inputs, compare(inputs))


@pytest.fixture(scope="session")
def html(inputs, findings):
    """Build the page once."""
    return build_page(inputs, findings)


@pytest.fixture(scope="session")
def page(html):
    """Parse it."""
    return Page(html)


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
    own = re.sub(r'src="data:[^"]*"', "", html)  # a drawing may refer to its own parts
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|<link", own)
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
    assert len(page.all("table")) == len(page.all("caption"))
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(each.get("alt") for each in page.all("img"))
    assert all(each.get("aria-label") for each in page.all("svg"))
    assert all(each.get("scope") in {"row", "col", "colgroup"} for each in page.all("th"))
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


def test_scores_follow_from_predictions(site, page):
    """Accuracy, macro-F1, each character's F1 and the matrix are recomputed by scikit-learn."""
    words = " ".join(page.text.split())
    for folder in (site.network_report("cnn"), site.floor_report("colour")):
        test = read_predictions(folder / "predictions.csv").only("test")
        f1_K = f1_score(test.labels, test.predicted, average=None, labels=[0, 1, 2])

        assert percent(np.mean(test.labels == test.predicted), digits=1) in page.text
        assert percent(np.mean(f1_K), digits=1) in page.text
        assert all(percent(value) in page.text for value in f1_K)
    test = read_predictions(site.network_report("cnn") / "predictions.csv").only("test")
    for row, name in enumerate(("인어공주 Ariel", "Elsa <b>", "Merida")):
        counts = [int(np.sum((test.labels == row) & (test.predicted == col))) for col in range(3)]

        assert " ".join([name, *(str(number) for number in counts if number)]) in words


def test_calibration_follows_from_predictions(site, page):
    """Log-loss and calibration error are recomputed from the probabilities."""
    test = read_predictions(site.network_report("cnn") / "predictions.csv").only("test")
    own_N = test.probs[np.arange(len(test.labels)), test.labels]
    bins_N = np.minimum((test.confidence * 15).astype(int), 14)
    gaps_N = (test.predicted == test.labels) - test.confidence
    error = sum(abs(gaps_N[bins_N == number].sum()) for number in range(15)) / len(gaps_N)

    row = page.text.split("answered at 95")[1]

    assert f"{-np.log(own_N).mean():.2f}" in row
    assert f"{error:.3f}" in row


def test_pairs_follow_from_predictions(site, page):
    """How many pictures only one of two got right is counted anew."""
    names = {"cnn": site.network_report("cnn"), "colours alone": site.floor_report("colour")}
    rights = {}
    for name, folder in names.items():
        test = read_predictions(folder / "predictions.csv").only("test")
        is_right_N = (test.predicted == test.labels).tolist()
        rights[name] = dict(zip(test.sha256s, is_right_N, strict=True))
    words = " ".join(page.text.split())
    for one, other in combinations(names, 2):
        both = [(rights[one][sha256], rights[other][sha256]) for sha256 in rights[one]]
        counts = both.count((True, False)), both.count((False, True))

        assert f"{one} and {other} {counts[0]} {counts[1]}" in words


def test_robustness_follows_from_answers(site, page):
    """Each number of the table of spoiled pictures is recomputed from perturbed.csv."""
    words = " ".join(page.text.split())
    numbers = []
    for folder in (site.network_report("cnn"), site.floor_report("colour")):
        rows = [row for row in read_perturbed(folder) if row.perturbation == "line_art"]
        for strength in (1, 2, 3):
            own = [row.predicted == row.label for row in rows if row.strength == strength]
            numbers.append(f"{100 * np.mean(own):.0f}")

    assert f"line art {' '.join(numbers)}" in words


def test_recall_decides_who_is_hard_to_find(site, findings, inputs):
    """The recalls that advice rests on are those of the predictions."""
    best = inputs.networks[0]
    test = read_predictions(site.network_report("cnn") / "predictions.csv").only("test")
    recalls = recall_score(test.labels, test.predicted, average=None, labels=[0, 1, 2])

    assert findings.than_colour.keys() == {"cnn"}
    assert [row.recall for row in best.per_class] == pytest.approx(recalls.tolist(), abs=1e-6)


def test_studies_are_told(page):
    """Each study has a row of the table and a part of its own, in the notes' order."""
    parts = [each["id"] for each in page.all("details") if "id" in each]

    assert ["study-filter_size", "study-heads"] == parts
    assert "one is supported, zero refuted and one undecided" in " ".join(page.text.split())
    assert "Claim <i> of heads" in page.text
    assert "멀티 헤드가 낫다" in page.text
    assert "0.0884" in page.text
    assert "\u22120.0319 to 0.209" in page.text
    assert {"alt": "Caption of heads."}.items() <= next(
        each for each in page.all("img") if each["alt"].startswith("Caption of heads")
    ).items()


def test_without_studies_or_extras_their_parts_are_left_out(copied):
    """What an older run did not write is missing, not an error."""
    shutil.rmtree(copied.study_report("heads").parent)
    for name in ("explain.png", "belief.svg", "robustness.csv", "perturbed.csv", "slices.csv"):
        (copied.network_report("cnn") / name).unlink()
    (copied.network_report("cnn") / "suspects.csv").unlink()
    (copied.floor_report("colour") / "robustness.csv").unlink()
    page = Page(built(copied))

    ids = {attrs["id"] for _, attrs in page.elements if "id" in attrs}

    assert "studies" not in ids
    assert "limits" in ids
    assert "Where they break" not in page.text
    assert "Review these" not in page.text


def test_reviewers_are_compared(page):
    """Two reviewers and their kappa stand on the page, and the dispute is to be settled."""
    words = " ".join(page.text.split())

    assert "m2 and na 3 67\u00a0% 0.40 1" in words.replace(" %", "\u00a0%")
    assert "Settle what m2 and na see differently" in words


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
    page = Page(built(copied))

    assert "No network was evaluated yet." in page.text
    assert "params.yaml names them: cnn, vit." in page.text
    assert "colours alone" in page.text


def test_two_networks_are_compared(copied):
    """The better one on val leads, and the text says whether test tells them apart."""
    shutil.copytree(copied.network_report("cnn"), copied.network_report("vit"))
    page = Page(built(copied))

    assert "cnn and vit cannot be told apart on these pictures." in page.text
    assert "Not evaluated yet" not in page.text


def test_several_seeds_are_told(copied):
    """Mean and spread over trainings stand beside the figure of the first."""
    path = copied.network_report("cnn") / "metrics.json"
    spread = {"num_seeds": 3, "accuracy_mean": 0.8125, "accuracy_sd": 0.021}
    write_json(path, read_json(path) | spread)

    text = Page(built(copied)).text

    assert "3 seeds: 81.2\u00a0% \u00b1 2.1" in text
    assert "where several were trained" in text


def test_training_time_may_be_unknown(copied):
    """timing.json is no contract: without it the page has a dash."""
    (copied.model("cnn") / "timing.json").unlink()

    assert "min" not in Page(built(copied)).text.split("pictures/s")[1][:90]


def test_missing_floor_says_what_to_run(copied):
    """Without the floors nothing can be compared."""
    shutil.rmtree(copied.floor_report("colour"))

    with pytest.raises(DataError, match=r"metrics.json: not there; run the stage"):
        built(copied)


def test_same_input_same_bytes(site, html):
    """Nothing on the page depends on the clock or on the order of a set."""
    assert html == built(site)


def test_stage_writes_page_summary_and_cards(copied, capsys):
    """The stage leaves a small page, its summary and the cards, and says where the page is."""
    report.main(copied, load_params(copied))

    assert copied.page.stat().st_size < 1_500_000
    assert copied.summary.read_text(encoding="utf-8").startswith("## Characters")
    assert {"cnn.md", "croissant.json", "dataset.md"} == {
        path.name for path in copied.cards.iterdir()
    }
    assert "index.html" in capsys.readouterr().out
