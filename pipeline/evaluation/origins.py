"""What is known of a picture besides its label: where it came from, and who stands where on it."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.collect.sources.studio.truth import truth
from pipeline.dataset.pack import Pack
from pipeline.errors import DataError
from pipeline.evaluation.manifests import read_records
from pipeline.evaluation.slices import Origin
from pipeline.files import read_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import GroupRow, ImageRecord, PackRow

_STUDIO = "studio"  # the source that can draw a picture again, and so knows its masks


def read_origins(project: Project, params: Params) -> dict[str, Origin]:
    """Read manifests and groups.csv: sha256 -> origin of each image that is kept.

    Raises:
        DataError: a file breaks its contract, or groups.csv names an image of no manifest.
    """
    records = read_records(project, params)
    groups = read_rows(project.groups, GroupRow)
    copies_of = Counter(row.group for row in groups)
    kept = [row for row in groups if row.keep]
    if missing := [row.sha256 for row in kept if row.sha256 not in records]:
        raise DataError(f"{missing[0]}: in groups.csv, but in no manifest; run dvc repro")
    return {row.sha256: _origin(records[row.sha256], copies_of[row.group]) for row in kept}


def masks_of(pack: Pack, origins: Mapping[str, Origin]) -> dict[str, NDArray[np.bool_]]:
    """Say where the character of each picture is, of the pictures whose source knows.

    Returns:
        sha256 -> mask of the shape of the packed content; nothing of pictures of other sources,
        and of those that do not show the character of their label.
    """
    found = {}
    for row in pack.rows:
        origin = origins.get(row.sha256)
        if origin is not None and origin.source == _STUDIO:
            mask_HW = _mask(row, origin.image_url)
            if mask_HW is not None:
                found[row.sha256] = mask_HW
    return found


def _origin(record: ImageRecord, copies: int) -> Origin:
    return Origin(
        source=record.source,
        member=record.member,
        image_url=record.image_url,
        side_px=min(record.width_px, record.height_px),
        copies=copies,
    )


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
