"""Pictures in words: the marks on a tile, and what a screen reader says of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.catalog.catalog import CatalogImage
from pipeline.records import UNKNOWN, GroupReason, Review, Verdict
from pipeline.review.shown import Shown

_DOUBT = 0.5  # networks give the label less than half
_VERBS: dict[str, str] = {
    Verdict.KEEP: "keep",
    Verdict.REJECT: "reject",
    Verdict.KEEPER: "the copy to keep",
    Verdict.DISTINCT: "no copy",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A few words on a tile."""

    kind: str  # mine, warn or note: how it looks
    text: str


def marks(picture: CatalogImage, shown: Shown) -> list[Mark]:
    """Say what a person should know at a glance, the own verdict first."""
    return [*_mine(picture, shown), *_warnings(picture, shown), *_notes(picture, shown)]


def verdict_of(picture: CatalogImage, shown: Shown) -> str:
    """Name my verdict on the image under this character, "" if there is none."""
    mine = shown.opinions.mine.get(picture.sha256)
    if mine is None:
        return ""
    if _has_arrived(mine, picture):
        return Verdict.KEEP.value
    return Verdict.RELABEL.value if _is_kept_elsewhere(mine, picture) else mine.verdict


def label_of(picture: CatalogImage, shown: Shown) -> str:
    """Describe a tile in one line."""
    record = picture.record
    title = record.title or f"picture {picture.sha256[:8]}"
    licence = "licence unknown" if record.licence == UNKNOWN else record.licence
    by = f"{title}, by {record.author or 'unknown'}, {licence}, from {record.source}"
    return "; ".join([by, *(mark.text for mark in marks(picture, shown))])


def phrase(review: Review) -> str:
    """Say what a review says.

    >>> phrase(Review(sha256="a", verdict="relabel", character="elsa", other_sha256="", note=""))
    'move to elsa'
    """
    if review.verdict == Verdict.RELABEL:
        said = f"move to {review.character}"
    else:
        said = _VERBS.get(review.verdict, review.verdict)
    return f"{said} ({review.note})" if review.note else said


def _mine(picture: CatalogImage, shown: Shown) -> Iterator[Mark]:
    mine = shown.opinions.mine.get(picture.sha256)
    if mine and _is_kept_elsewhere(mine, picture):
        yield Mark(kind="mine", text=f"keep under {mine.character}")
    elif mine:
        text = "moved here" if _has_arrived(mine, picture) else phrase(mine)
        yield Mark(kind="mine", text=text)


def _is_kept_elsewhere(review: Review, picture: CatalogImage) -> bool:
    """Tell whether the same bytes, which lie under two characters, were kept under the other."""
    return review.verdict == Verdict.KEEP and review.character not in {"", picture.character}


def _has_arrived(review: Review, picture: CatalogImage) -> bool:
    """Tell whether deduplicate has applied a move already."""
    return review.verdict == Verdict.RELABEL and review.character == picture.character


def _warnings(picture: CatalogImage, shown: Shown) -> Iterator[Mark]:
    others = sorted({character for _, character in picture.conflicts})
    if others:
        yield Mark(kind="warn", text=f"{picture.character}, also {', '.join(others)}")
    for member, review in shown.opinions.others(picture.sha256):
        if review.verdict in {Verdict.REJECT, Verdict.RELABEL}:
            yield Mark(kind="warn", text=f"{member}: {phrase(review)}")
    if picture.row.reason == GroupReason.CONFLICTING_REVIEWS:
        yield Mark(kind="warn", text=picture.row.reason)
    doubt = shown.gallery.label_probability(picture)
    if doubt is not None and doubt < _DOUBT:
        yield Mark(kind="warn", text=f"networks: {doubt:.0%}")


def _notes(picture: CatalogImage, shown: Shown) -> Iterator[Mark]:
    copies = shown.gallery.copies(picture)
    if shown.is_keeper(picture):
        yield Mark(kind="note", text=f"keeper of {len(copies)}")
    elif len(copies) > 1:
        yield Mark(kind="note", text="copy")
    for other in copies:
        if shown.opinions.verdicts.are_distinct(picture.sha256, other.sha256):
            yield Mark(kind="mine", text=f"not a copy of {other.sha256[:8]}")
