"""A project whose pictures are packed: what stages `train` and `evaluate` start from."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.dataset.pack import write_pack
from pipeline.files import sha256_of, write_bytes, write_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import SPLITS, GroupRow, ImageRecord, SplitRow
from tests.rows import image_record

CHARACTERS = ("ariel", "elsa", "merida")


def write_pictures(project: Project, split: str, *, num: int) -> list[SplitRow]:
    """Write noisy pictures whose strongest colour tells the character, the characters in turn."""
    rng = np.random.default_rng([SPLITS.index(split), num])
    rows = []
    for index in range(num):
        pixels = rng.integers(0, 200, (24, 20, 3), dtype=np.uint8)
        pixels[:, :, index % 3] = 255
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        sha256 = sha256_of(buffer.getvalue())
        slug = CHARACTERS[index % 3]
        path = project.raw_images(slug) / f"{sha256}.png"
        write_bytes(path, buffer.getvalue())
        rows.append(
            SplitRow(
                sha256=sha256,
                file=project.relative(path),
                character=slug,
                group=sha256[:16],
                split=split,
            )
        )
    return rows


def write_origins(project: Project, rows: list[SplitRow]) -> None:
    """Write groups.csv and the manifests of pictures that somebody had in a folder."""
    write_rows(project.groups, GroupRow, [group_row(row) for row in rows])
    for slug in CHARACTERS:
        own = [record(row) for row in rows if row.character == slug]
        write_rows(project.raw_manifest(slug), ImageRecord, own)


def group_row(row: SplitRow) -> GroupRow:
    """Keep a picture, which has no copies."""
    return GroupRow(
        sha256=row.sha256,
        file=row.file,
        character=row.character,
        group=row.group,
        keep=True,
        reason="",
        nearest_sha256="",
        distance_bits=None,
    )


def record(row: SplitRow) -> ImageRecord:
    """Say where a picture came from."""
    facts = {"source": "folder", "image_url": "", "width_px": 20, "height_px": 24}
    return image_record(row.sha256, row.character, file=row.file, **facts)


@pytest.fixture
def make_packed(make_project: Callable[..., Project]) -> Callable[..., Project]:
    """Make a project with packs of 19 training, 7 val and 5 test pictures: odd on purpose."""

    def make(folder: str = "project", **sections: Any) -> Project:
        project = make_project(folder, **sections)
        rows: list[SplitRow] = []
        for split, num in (("train", 19), ("val", 7), ("test", 5)):
            own = write_pictures(project, split, num=num)
            write_pack(
                own,
                project.pack(split),
                root=project.root,
                classes=CHARACTERS,
                augment=load_params(project).augment.model_copy(update={"variants": 0}),
                seed=7,
            )
            rows += own
        write_rows(project.split, SplitRow, sorted(rows, key=lambda row: row.sha256))
        write_origins(project, rows)
        return project

    return make
