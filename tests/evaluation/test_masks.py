"""Masks of what the studio drew."""

import numpy as np

from pipeline.collect.sources.studio.plan import Kind, plan_of
from pipeline.evaluation.masks import masks_of
from tests.rows import catalog_image, image_record


def test_masks_are_known_of_studio_pictures_only(make_pack):
    """The picture's own character, at the size it is packed; nobody's of others or of strangers."""
    plans = [plan_of("ariel", number) for number in range(1, 40)]
    own = next(plan for plan in plans if plan.kind is Kind.PICTURE)
    other = next(plan for plan in plans if plan.kind is Kind.WRONG and plan.subject != "ariel")
    urls = [own.url, other.url, own.url, "studio://pictures/ariel/1.nothing"]
    sources = ["studio", "studio", "urls", "studio"]
    pack = make_pack(np.zeros((4, 16, 16, 3), dtype=np.uint8), ["ariel"] * 4, sizes=[(16, 12)] * 4)
    images = {
        row.sha256: catalog_image(image_record(row.sha256, source=source, image_url=url))
        for row, source, url in zip(pack.rows, sources, urls, strict=True)
    }
    masks = masks_of(pack, images)

    assert [pack.rows[0].sha256] == list(masks)
    assert ((12, 16), np.bool_) == (
        masks[pack.rows[0].sha256].shape,
        masks[pack.rows[0].sha256].dtype,
    )
    assert 0.05 < masks[pack.rows[0].sha256].mean() < 0.95
