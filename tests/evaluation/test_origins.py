"""Origins: manifests joined with groups, and masks of what the studio drew."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.collect.sources.studio.plan import Kind, plan_of
from pipeline.errors import DataError
from pipeline.evaluation.origins import masks_of, read_origins
from pipeline.evaluation.slices import Origin
from pipeline.files import write_rows
from pipeline.params import load_params
from pipeline.records import GroupRow, ImageRecord

RECORD = ImageRecord(
    sha256="a" * 64,
    file="data/raw/ariel/images/x.png",
    character="ariel",
    member="na",
    source="studio",
    image_url="studio://pictures/ariel/1.jpg",
    page_url="",
    title="",
    author="",
    licence="unknown",
    licence_url="",
    width_px=300,
    height_px=200,
    bytes=1,
    format="PNG",
    phash="0" * 16,
)
GROUP = GroupRow(
    sha256="a" * 64,
    file="",
    character="ariel",
    group="g",
    keep=True,
    reason="",
    nearest_sha256="",
    distance_bits=None,
)


def test_a_kept_image_knows_its_copies(make_project):
    """A contribution and its collected copy are one group of two; only the keeper has an origin."""
    project = make_project()
    brought = replace(RECORD, sha256="b" * 64, member="m2", source="folder")
    write_rows(project.raw_manifest("ariel"), ImageRecord, [RECORD])
    write_rows(project.manifests / "m2" / "ariel.csv", ImageRecord, [brought])
    write_rows(
        project.groups, GroupRow, [replace(GROUP, keep=False), replace(GROUP, sha256="b" * 64)]
    )

    assert {
        "b" * 64: Origin(
            source="folder", member="m2", image_url=RECORD.image_url, side_px=200, copies=2
        )
    } == read_origins(project, load_params(project))


def test_an_image_of_no_manifest_is_told(make_project):
    """groups.csv that is newer than the manifests names what is missing."""
    project = make_project()
    write_rows(project.groups, GroupRow, [GROUP])

    with pytest.raises(DataError, match="in no manifest"):
        read_origins(project, load_params(project))


def test_masks_are_known_of_studio_pictures_only(make_pack):
    """The picture's own character, at the size it is packed; nobody's of others or of strangers."""
    plans = [plan_of("ariel", number) for number in range(1, 40)]
    own = next(plan for plan in plans if plan.kind is Kind.PICTURE)
    other = next(plan for plan in plans if plan.kind is Kind.WRONG and plan.subject != "ariel")
    urls = [own.url, other.url, own.url, "studio://pictures/ariel/1.nothing"]
    sources = ["studio", "studio", "urls", "studio"]
    pack = make_pack(np.zeros((4, 16, 16, 3), dtype=np.uint8), ["ariel"] * 4, sizes=[(16, 12)] * 4)
    origins = {
        row.sha256: Origin(source=source, member="na", image_url=url, side_px=1, copies=1)
        for row, source, url in zip(pack.rows, sources, urls, strict=True)
    }
    masks = masks_of(pack, origins)

    assert [pack.rows[0].sha256] == list(masks)
    assert ((12, 16), np.bool_) == (
        masks[pack.rows[0].sha256].shape,
        masks[pack.rows[0].sha256].dtype,
    )
    assert 0.05 < masks[pack.rows[0].sha256].mean() < 0.95
