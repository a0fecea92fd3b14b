"""Pictures of the page: small JPEGs as data URIs, so that the page needs no other file."""

import base64
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pipeline.catalog.catalog import Catalog
from pipeline.dataset.pack import Pack
from pipeline.evaluation.content import Pixels, originals
from pipeline.evaluation.mistakes import Mistake, worst_mistakes
from pipeline.evaluation.suspects import Suspect
from pipeline.records import ImageRecord
from pipeline.report.results import Result

_QUALITY, _SIDE_PX = 72, 112
_EXAMPLES, _ALL_EXAMPLES = 8, 240  # of each character, and of all: the page stays under 3 MB
_MISTAKES, _ALL_MISTAKES = 8, 80  # the same for networks


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture and where it came from."""

    character: str  # who it is, by the dataset
    src: str  # data URI
    record: ImageRecord  # title, author, licence


@dataclass(frozen=True, slots=True, kw_only=True)
class Misread:
    """A picture and what a network took it for."""

    picture: Picture
    mistake: Mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubted:
    """A picture and what speaks against its label."""

    picture: Picture
    suspect: Suspect


def choose_examples(pack: Pack, catalog: Catalog) -> dict[str, list[Picture]]:
    """Show some training pictures of each class: the first by sha256, which is as if drawn.

    Args:
        pack: of the training pictures.
        catalog: where each came from.
    """
    limit = min(_EXAMPLES, max(1, _ALL_EXAMPLES // len(pack.classes)))
    sha256s: dict[str, list[str]] = {slug: [] for slug in pack.classes}
    for row in sorted(pack.rows, key=lambda row: row.sha256):
        if row.variant == 0 and len(sha256s[row.character]) < limit:
            sha256s[row.character].append(row.sha256)
    shown = _pictures(pack, (each for chosen in sha256s.values() for each in chosen), catalog)
    return {slug: [shown[sha256] for sha256 in chosen] for slug, chosen in sha256s.items()}


def choose_mistakes(
    networks: Sequence[Result], pack: Pack, catalog: Catalog
) -> dict[str, list[Misread]]:
    """Show the mistakes that each network was surest of.

    Args:
        networks: what was evaluated.
        pack: of the test pictures.
        catalog: where each came from.
    """
    limit = min(_MISTAKES, max(1, _ALL_MISTAKES // max(1, len(networks))))
    worst = {each.slug: worst_mistakes(each.test, limit=limit) for each in networks}
    shown = _pictures(pack, (each.sha256 for chosen in worst.values() for each in chosen), catalog)
    return {
        slug: [Misread(picture=shown[each.sha256], mistake=each) for each in chosen]
        for slug, chosen in worst.items()
    }


def show_suspects(
    suspects: Sequence[Suspect],
    read: Callable[[str], Pack],
    catalog: Catalog,
) -> list[Doubted]:
    """Show pictures whose labels are doubted, in the order given.

    Args:
        suspects: of any splits.
        read: gives the pack of a split.
        catalog: where each came from.
    """
    shown: dict[str, Picture] = {}
    for split in sorted({each.split for each in suspects}):
        own = (each.sha256 for each in suspects if each.split == split)
        shown |= _pictures(read(split), own, catalog)
    return [
        Doubted(picture=shown[each.sha256], suspect=each)
        for each in suspects
        if each.sha256 in shown
    ]


def thumbnail(picture: Pixels) -> str:
    """Shrink an RGB picture (H, W, 3) to a data URI of a few kilobytes."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    image.thumbnail((_SIDE_PX, _SIDE_PX))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def _pictures(pack: Pack, sha256s: Iterable[str], catalog: Catalog) -> dict[str, Picture]:
    wanted = set(sha256s)
    return {
        row.sha256: Picture(
            character=row.character, src=thumbnail(content), record=catalog.kept_record(row.sha256)
        )
        for row, content in originals(pack)
        if row.sha256 in wanted
    }
