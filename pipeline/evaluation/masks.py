"""Where on a picture its character stands, of the pictures whose source can say."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.catalog.catalog import CatalogImage
from pipeline.catalog.rights import DRAWN
from pipeline.collect.sources.studio.truth import truth
from pipeline.dataset.pack import Pack
from pipeline.records import PackRow


def masks_of(pack: Pack, images: Mapping[str, CatalogImage]) -> dict[str, NDArray[np.bool_]]:
    """Say where the character of each picture is, of the pictures whose source knows.

    Args:
        pack: of the pictures.
        images: what is known of at least some of them, by sha256.

    Returns:
        sha256 -> mask of the shape of the packed content; nothing of pictures of other sources,
        and of those that do not show the character of their label.
    """
    drawn = [row for row in pack.rows if row.sha256 in images]
    drawn = [row for row in drawn if images[row.sha256].record.source == DRAWN]
    masks = {row.sha256: _mask(row, images[row.sha256].record.image_url) for row in drawn}
    return {sha256: mask_HW for sha256, mask_HW in masks.items() if mask_HW is not None}


def _mask(row: PackRow, url: str) -> NDArray[np.bool_] | None:
    """Draw one mask again; None if the studio has no such address or drew somebody else."""
    try:
        masks = truth(url).masks()
    except ValueError:  # somebody's manifest says studio of a picture that is not
        return None
    if row.character not in masks:
        return None
    mask = Image.fromarray(masks[row.character])
    small = mask.resize((row.width_px, row.height_px), Image.Resampling.NEAREST)
    return np.asarray(small, dtype=np.bool_)
