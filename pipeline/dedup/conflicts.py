"""Copies of one picture under two characters: one of the labels is wrong, a person decides."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from pipeline.catalog.reviews import Verdicts
from pipeline.dedup.verify import Likeness
from pipeline.records import ConflictRow, ImageRecord


def find_conflicts(
    images: Iterable[ImageRecord], likeness: Likeness, verdicts: Verdicts
) -> list[ConflictRow]:
    """List each pair of copies under two characters once, sorted."""
    labels: dict[str, set[str]] = defaultdict(set)
    for image in images:
        labels[image.sha256].add(image.character)
    rows = [
        ConflictRow(
            sha256=sha256,
            character=character,
            other_sha256=other_sha256,
            other_character=other_character,
            distance_bits=bits,
        )
        for sha256, other_sha256, bits in _alike(labels, likeness)
        if other_sha256 in labels and not verdicts.are_distinct(sha256, other_sha256)
        for character in sorted(labels[sha256])
        for other_character in sorted(labels[other_sha256])
        if (sha256, character) < (other_sha256, other_character) and character != other_character
    ]
    return sorted(rows, key=lambda row: (row.sha256, row.character, row.other_sha256))


def _alike(sha256s: Iterable[str], likeness: Likeness) -> Iterator[tuple[str, str, int]]:
    """Pair each image with itself and with its copies."""
    for sha256 in sha256s:
        yield sha256, sha256, 0
        for other, bits in likeness.copies.get(sha256, {}).items():
            yield sha256, other, bits
