"""Rows of the project's files for tests: each field has a plain default, and may be given."""

from pathlib import Path
from typing import Any

from pipeline.catalog.catalog import Catalog, CatalogImage
from pipeline.files import sha256_of
from pipeline.paths import Project
from pipeline.records import UNKNOWN, Candidate, GroupReason, GroupRow, ImageRecord, Review


def sha(name: object) -> str:
    """Name an image that nobody has drawn."""
    return sha256_of(str(name).encode())


def image_record(sha256: str, character: str = "ariel", member: str = "", **facts: Any):
    """Describe one image in hand: collected, or brought by a member where one is named.

    Its file lies where its manifest would be read.
    """
    folder = f"contributions/{member}/{character}" if member else f"raw/{character}/images"
    defaults: dict[str, Any] = {
        "file": f"data/{folder}/{sha256}.png",
        "member": member or "na",
        "source": "urls",
        "image_url": "https://pics.example/1.png",
        "page_url": "",
        "title": "",
        "author": "",
        "licence": UNKNOWN,
        "licence_url": "",
        "width_px": 9,
        "height_px": 9,
        "bytes": 5,
        "format": "PNG",
        "phash": "0" * 16,
    }
    return ImageRecord(sha256=sha256, character=character, **(defaults | facts))


def candidate(rank: int = 1, **facts: Any) -> Candidate:
    """Describe one image that a source offers."""
    defaults: dict[str, Any] = {
        "character": "ariel",
        "source": "urls",
        "image_url": f"https://pics.example/{rank}.png",
        "page_url": "",
        "title": "",
        "author": "",
        "licence": UNKNOWN,
        "licence_url": "",
        "width_px": None,
        "height_px": None,
    }
    return Candidate(rank=rank, **(defaults | facts))


def group_row(record: ImageRecord, **facts: Any) -> GroupRow:
    """Make the row of an image that is kept alone."""
    defaults: dict[str, Any] = {
        "character": record.character,
        "group": record.sha256[:16],
        "keep": True,
        "reason": GroupReason.KEPT.value,
        "nearest_sha256": "",
        "distance_bits": None,
    }
    return GroupRow(sha256=record.sha256, file=record.file, **(defaults | facts))


def catalog_image(record: ImageRecord, **known: Any) -> CatalogImage:
    """Join a row with what no file says: fields of its row of groups.csv, copies, conflicts."""
    catalog = Catalog(Project(Path("nowhere")), strict=False)
    catalog.conflicts_of = {(record.sha256, record.character): list(known.pop("conflicts", ()))}
    catalog.group_sizes = {record.sha256[:16]: known.pop("copies", 1)}
    return CatalogImage(record=record, row=group_row(record, **known), catalog=catalog)


def review(sha256: str, verdict: str, **facts: str) -> Review:
    """Write one verdict."""
    defaults = {"character": "", "other_sha256": "", "note": ""}
    return Review(sha256=sha256, verdict=verdict, **(defaults | facts))
