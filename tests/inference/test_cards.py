"""Cards: true to the files, readable by the hub, honest about rights."""

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from pipeline.catalog.catalog import Catalog
from pipeline.errors import DataError
from pipeline.evaluation.predictions import make_predictions
from pipeline.evaluation.scores import write_scores
from pipeline.files import read_json, read_rows, sha256_of_file, write_rows
from pipeline.inference.cards import dataset_card, model_card, write_cards
from pipeline.params import load_params
from pipeline.records import GroupRow, ImageRecord, PackRow, SplitRow
from tests.rows import group_row, image_record

CLASSES = ("ariel", "elsa", "merida")
SPLITS = ("train", "val", "test")


def record(number: int, **facts: Any) -> ImageRecord:
    """Make the row of a picture of the web."""
    values = {
        "source": "mediawiki",
        "licence": "CC BY 4.0" if number % 2 else "unknown",
        "licence_url": "https://cc.example/by" if number % 2 else "",
    }
    return image_record(f"{number:064}", CLASSES[number % 3], **(values | facts))


@pytest.fixture
def project(make_project):
    """Write a project of eighteen pictures and one evaluated network."""
    made = make_project()
    records = [record(number) for number in range(18)]
    for slug in CLASSES:
        own = [row for row in records if row.character == slug]
        write_rows(made.raw_manifest(slug), ImageRecord, own)
    rows = [
        SplitRow(
            sha256=row.sha256,
            file=row.file,
            character=row.character,
            group=row.sha256[-16:],
            split=SPLITS[number // 3 % 3],
        )
        for number, row in enumerate(records)
    ]
    write_rows(made.split, SplitRow, rows)
    write_rows(made.groups, GroupRow, map(group_row, records))
    _evaluate(made, rows)
    return made


def catalog_of(project):
    """Read what is known, as the stage does."""
    return Catalog(project, characters=load_params(project).characters)


def _evaluate(project, rows):
    """Write the report of a network that is always right about test."""
    test = [row for row in rows if row.split == "test"]
    pack = [
        PackRow(
            sha256=row.sha256,
            character=row.character,
            group=row.group,
            variant=0,
            width_px=1,
            height_px=1,
        )
        for row in test
    ]
    probs = [[0.8 if slug == row.character else 0.1 for slug in CLASSES] for row in test]
    facts = {"init": "scratch", "num_params": 1234, "best_epoch": 3}
    write_scores(
        project.network_report("cnn"),
        make_predictions({"test": (pack, np.array(probs))}, classes=CLASSES),
        split_rows=rows,
        samples=100,
        seed=1,
        facts=facts,
    )


def front_matter(card):
    """Read what the hub reads."""
    _, front, _ = card.split("---\n", maxsplit=2)
    return YAML(typ="safe").load(io.StringIO(front))


def test_a_model_card_has_its_scores(project):
    """The front matter is YAML with the scores of metrics.json, the text has their intervals."""
    params = load_params(project)
    card = model_card(catalog_of(project), params, "cnn")
    facts = front_matter(card)
    (result,) = facts["model-index"][0]["results"]

    assert ("other", "image-classification") == (facts["license"], facts["pipeline_tag"])
    assert {"type": "accuracy", "name": "accuracy", "value": 1.0} == result["metrics"][0]
    low = read_json(project.network_report("cnn") / "metrics.json")["accuracy_low"]
    assert f"| accuracy | 1.000 [{low:.3f}, 1.000] |" in card
    assert "| Ariel | 2 | 1.00 | 1.00 |" in card


def test_rights_are_told(project):
    """Whose the characters are, how many licences are unknown, what it is not for."""
    params = load_params(project)
    catalog = catalog_of(project)
    for card in (model_card(catalog, params, "cnn"), dataset_card(catalog, params)):
        assert "The characters are Disney's" in card
        assert "Of 9 pictures the licence is unknown." in card
        assert "Not for" in card
        assert "drawn by this project's own code" not in card


def test_drawings_are_called_drawings(project):
    """Where all pictures are the studio's, the card says that they show no Disney artwork."""
    for slug in CLASSES:
        rows = read_rows(project.raw_manifest(slug), ImageRecord)
        drawn = [replace(row, source="studio") for row in rows]
        write_rows(project.raw_manifest(slug), ImageRecord, drawn)
    card = dataset_card(catalog_of(project), load_params(project))

    assert "none shows Disney artwork" in card
    assert "synthetic" in front_matter(card)["tags"]
    assert "Of 9 pictures" not in card


def test_a_dataset_card_counts(project):
    """Pictures by split, and by source and licence, are those of split.csv."""
    card = dataset_card(catalog_of(project), load_params(project))

    assert "| Ariel (`ariel`) | 2 | 2 | 2 |" in card
    assert "| mediawiki | CC BY 4.0 | 9 |" in card
    assert ["n<1K"] == front_matter(card)["size_categories"]


def test_programs_read_the_same(project):
    """Croissant names every column of split.csv, its hash and the licences; no date."""
    write_cards(catalog_of(project), load_params(project), networks=["cnn"])
    text = (project.cards / "croissant.json").read_text(encoding="utf-8")
    found = json.loads(text)
    (table,) = found["distribution"]
    columns = [each["source"]["extract"]["column"] for each in found["recordSet"][0]["field"]]

    assert sha256_of_file(project.split) == table["sha256"]
    assert project.split == (project.cards / table["contentUrl"]).resolve()
    assert [*SplitRow.__dataclass_fields__] == columns
    assert ["https://cc.example/by", "unknown"] == found["license"]
    assert "date" not in text.lower().replace("update", "")
    assert found["recordSet"][0]["key"]["@id"] in {
        each["@id"] for each in found["recordSet"][0]["field"]
    }


def test_only_evaluated_networks_have_cards(project):
    """Cards of an earlier run go, and the same project gives the same bytes."""
    params = load_params(project)
    project.cards.mkdir(parents=True)
    (project.cards / "gone.md").write_text("old", encoding="utf-8")
    write_cards(catalog_of(project), params, networks=["cnn"])
    first = {path.name: path.read_bytes() for path in project.cards.iterdir()}
    write_cards(catalog_of(project), params, networks=["cnn"])

    assert {"cnn.md", "croissant.json", "dataset.md"} == first.keys()
    assert first == {path.name: path.read_bytes() for path in project.cards.iterdir()}


def test_words_of_strangers_stay_in_their_cell(project):
    """A licence with a bar or a tag is text."""
    rows = read_rows(project.raw_manifest("ariel"), ImageRecord)
    write_rows(
        project.raw_manifest("ariel"),
        ImageRecord,
        [replace(row, licence="a | <b>x</b>") for row in rows],
    )

    assert "| a \\| &lt;b>x&lt;/b> | 6 |" in dataset_card(catalog_of(project), load_params(project))


def test_a_picture_without_origin_is_an_error(project):
    """No card speaks of rights that no manifest holds."""
    write_rows(project.raw_manifest("elsa"), ImageRecord, [])

    with pytest.raises(DataError, match="in no manifest"):
        dataset_card(catalog_of(project), load_params(project))
