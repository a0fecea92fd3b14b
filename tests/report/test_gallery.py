"""Pictures on the page: the right ones, small, and with their origin."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from pipeline.catalog.catalog import Catalog
from pipeline.dataset.pack import read_pack
from pipeline.errors import DataError
from pipeline.evaluation.suspects import Suspect
from pipeline.files import write_rows
from pipeline.records import GroupRow
from pipeline.report.gallery import (
    choose_examples,
    choose_mistakes,
    show_suspects,
    thumbnail,
)
from pipeline.report.results import read_networks
from tests.rows import group_row, image_record


def test_thumbnails_are_small_jpegs():
    """A picture of any size becomes at most 112 px and a few kilobytes."""
    noise = np.random.default_rng(1).integers(256, size=(300, 150, 3), dtype=np.uint8)
    uri = thumbnail(noise)
    image = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))

    assert ("JPEG", (56, 112)) == (image.format, image.size)
    assert len(uri) < 12_000


def test_examples_are_originals_of_each_class(site, inputs):
    """Each character shows its first eight training pictures by sha256, no augmented copies."""
    pack = read_pack(site.pack("train"))
    examples = choose_examples(pack, inputs.catalog)
    expected = sorted({row.sha256 for row in pack.rows if row.character == "elsa"})[:8]

    assert list(pack.classes) == list(examples)
    assert expected == [picture.record.sha256 for picture in examples["elsa"]]


def test_mistakes_are_shown_with_their_pictures(site, site_params, inputs):
    """What an untrained network gets wrong is shown as the test pictures they are."""
    networks, _, _ = read_networks(site, site_params)
    shown = choose_mistakes(networks, read_pack(site.pack("test")), inputs.catalog)

    assert shown["cnn"]
    for each in shown["cnn"]:
        assert each.mistake.sha256 == each.picture.record.sha256
        assert each.mistake.label == each.picture.character != each.mistake.predicted


def test_suspects_are_shown_from_their_splits(site, inputs):
    """Doubted pictures come from the pack of their split, in the order given."""
    packs = {split: read_pack(site.pack(split)) for split in ("val", "test")}
    suspects = [
        Suspect(
            sha256=packs[split].rows[0].sha256,
            split=split,
            character="ariel",
            suggested="elsa",
            doubt=0.9,
        )
        for split in ("val", "test")
    ]
    shown = show_suspects(suspects, packs.__getitem__, inputs.catalog)

    assert suspects == [each.suspect for each in shown]
    assert [each.sha256 for each in suspects] == [each.picture.record.sha256 for each in shown]


@pytest.mark.parametrize(
    ("rows", "message"), [([], "not kept in groups.csv"), ([1], "in no manifest")]
)
def test_a_picture_without_origin_is_an_error(site, make_project, rows, message):
    """Every picture is kept and has a manifest row, or the page is not built."""
    project = make_project()
    write_rows(project.groups, GroupRow, [group_row(image_record("a" * 64)) for _ in rows])

    with pytest.raises(DataError, match=message):
        choose_examples(read_pack(site.pack("train")), Catalog(project))
