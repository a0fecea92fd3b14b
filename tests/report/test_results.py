"""Results read back: the best first, and compared on the same pictures."""

from shutil import copytree

import pytest

from pipeline.errors import DataError
from pipeline.files import read_json, read_rows, write_json
from pipeline.records import SplitRow
from pipeline.report.results import difference, read_floor, read_networks
from pipeline.stages import report

OTHERS = "from other pictures than are packed now"


def test_networks_and_what_is_missing(site, site_params):
    """Evaluated networks are read with history and timing, others are named."""
    (cnn,), missing, _ = read_networks(site, site_params)

    assert ["vit"] == missing
    assert ("cnn", 2, 90.0) == (cnn.slug, len(cnn.history), cnn.train_s)
    assert 12 == len(cnn.test.sha256s)
    assert cnn.images_per_s > 0


@pytest.mark.parametrize("order", [["cnn", "vit"], ["vit", "cnn"]])
def test_equally_good_networks_come_as_in_params(copied, site_params, order):
    """The same macro-F1 on val, and whatever they scored on test; a better one comes first."""
    copytree(copied.network_report("cnn"), copied.network_report("vit"))
    path = copied.network_report("vit") / "metrics.json"
    networks = {slug: site_params.networks[slug] for slug in order}
    params = site_params.model_copy(update={"networks": networks})

    write_json(path, read_json(path) | {"accuracy": 1.0, "macro_f1": 1.0})
    assert order == [each.slug for each in read_networks(copied, params)[0]]
    write_json(path, read_json(path) | {"val_macro_f1": 1.0})
    assert ["vit", "cnn"] == [each.slug for each in read_networks(copied, params)[0]]


@pytest.mark.parametrize(
    ("facts", "line", "num_shown"),
    [
        (
            {"data_sha256": "00"},
            f"cnn learned {OTHERS} (dvc repro train@cnn); its results are left out",
            0,
        ),
        (
            {"seed": 99},
            "cnn was trained by other settings than params.yaml has now (dvc repro train@cnn)",
            1,
        ),
    ],
    ids=["other pictures", "other settings"],
)
def test_results_of_something_else_are_told(copied, site_params, capsys, facts, line, num_shown):
    """The page, the summary and the stage say so; no rival is one that learned other pictures."""
    path = copied.network_report("cnn") / "card.json"
    write_json(path, read_json(path) | facts)

    networks, missing, stale = read_networks(copied, site_params)
    report.main(copied, site_params)

    assert (num_shown, ["vit"], [line]) == (len(networks), missing, stale)
    assert f'<p class="missing">{line}</p>' in copied.page.read_text()
    assert f"- {line}" in copied.summary.read_text()
    assert f"report: {line}" in capsys.readouterr().out
    assert bool(num_shown) == (copied.cards / "cnn.md").exists()


def test_difference_to_the_colour_floor(site, site_params):
    """An untrained network is worse than colours where colours tell all."""
    (cnn,), _, _ = read_networks(site, site_params)
    colour = read_floor(site, "colour")
    rows = read_rows(site.split, SplitRow)
    gap = difference(cnn, colour, split_rows=rows, params=site_params)

    assert 1.0 == colour.metrics["accuracy"]
    assert cnn.metrics["accuracy"] - 1 == pytest.approx(gap.value)
    assert gap.low <= gap.value <= gap.high
    assert (False, True) == (gap.is_better, gap.is_worse)


def test_results_older_than_the_split_are_refused(site, site_params):
    """Predictions of other pictures than split.csv has cannot be compared."""
    (cnn,), _, _ = read_networks(site, site_params)

    with pytest.raises(DataError, match="older than the split"):
        difference(cnn, cnn, split_rows=[], params=site_params)
