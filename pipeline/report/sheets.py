"""Contact sheets of files as they were collected: small pictures side by side, with words."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pipeline.paths import Project
from pipeline.pictures.decode import decode
from pipeline.records import GroupRow, QualityRow, Rejected
from pipeline.report.gallery import thumbnail


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One picture of a sheet."""

    src: str  # data URI
    character: str
    words: str  # such as kept, or why it is left out and what shows it


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Pictures side by side, the keeper first."""

    name: str
    tiles: tuple[Tile, ...]
    num_more: int  # pictures that belong here and are not shown


def make_sheet(name: str, tiles: Iterable[Tile | None], *, num_more: int) -> Sheet:
    """Put those pictures on a sheet that are on this machine."""
    return Sheet(name=name, tiles=tuple(each for each in tiles if each), num_more=num_more)


def make_tile(project: Project, row: GroupRow | QualityRow, words: str) -> Tile | None:
    """Shrink a picture, if its file is on this machine and can be read."""
    path = project.root / row.file
    picture = decode(path.read_bytes()) if path.is_file() else None
    if picture is None or isinstance(picture, Rejected):
        return None
    return Tile(src=thumbnail(np.asarray(picture.image)), character=row.character, words=words)
