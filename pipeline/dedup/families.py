"""Which images one split must hold: copies, near ones, and pictures of one page.

A family may chain, where a group of copies may not: to keep a few images too many together costs
nothing, to have two that are alike in train and test makes every score a lie.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipeline.records import GroupReason, GroupRow, ImageRecord, PairRow

_TOGETHER = {GroupReason.KEPT, GroupReason.EXACT_DUPLICATE, GroupReason.NEAR_DUPLICATE}


def with_families(
    rows: Sequence[GroupRow], images: Iterable[ImageRecord], pairs: Iterable[PairRow]
) -> list[GroupRow]:
    """Name the family of each image that is kept or a copy of one that is.

    Args:
        rows: of groups.csv.
        images: with their page_url; an empty one is no page.
        pairs: duplicates and near ones.

    Returns:
        The rows in their order; a family has the name of its smallest group, and an image that is
        left out for other reasons has its group's.
    """
    together = [row for row in rows if row.reason in _TOGETHER]
    pages = {image.sha256: f"page {image.page_url}" for image in images if image.page_url}
    links = [(row.group, row.sha256) for row in together]
    links += [(row.group, pages[row.sha256]) for row in together if row.sha256 in pages]
    here = {row.sha256 for row in together}
    links += [
        (pair.sha256, pair.other_sha256)
        for pair in pairs
        if pair.sha256 in here and pair.other_sha256 in here
    ]
    label = _components(links)
    groups: dict[str, set[str]] = defaultdict(set)
    for row in together:
        groups[label[row.group]].add(row.group)
    return [
        replace(row, family=min(groups[label[row.group]]) if row.group in label else row.group)
        for row in rows
    ]


def _components(links: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give all that is linked, directly or through others, one name of theirs (union-find)."""
    above: dict[str, str] = {}

    def top(name: str) -> str:
        while above.setdefault(name, name) != name:
            above[name] = above[above[name]]  # halves the way for the next who asks
            name = above[name]
        return name

    for one, other in links:
        above[top(other)] = top(one)
    return {name: top(name) for name in above}
