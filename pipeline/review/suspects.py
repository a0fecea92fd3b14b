"""Which pictures to look at first: an hour of eyes goes where a wrong label is likeliest.

In this order: a copy of the picture lies under another character; another member would take it
out; the networks that never learned from it doubt its label; another picture is nearly the same;
it comes from a source whose pictures are often rejected; it looks like no other of its character.
Equals stay in the order of sha256.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from pipeline.catalog.catalog import CatalogImage
from pipeline.records import GroupReason

_CONFLICTS = {GroupReason.LABEL_CONFLICT, GroupReason.CONFLICTING_REVIEWS}


def by_suspicion(
    pictures: Sequence[CatalogImage],
    *,
    label_probability: Callable[[CatalogImage], float | None],
    doubted: Collection[str],
    rejected: Collection[str],
) -> list[CatalogImage]:
    """Sort pictures of one character, most suspect first.

    Args:
        pictures: of one character.
        label_probability: what networks that never learned from a picture give its label.
        doubted: sha256 of what other members reject or relabel.
        rejected: sha256 of what anybody rejects: it tells which sources to trust.
    """
    share = _rejected_share(pictures, rejected)
    bits_of = dict(zip(pictures, _loneliness(pictures), strict=True))

    def order(picture: CatalogImage) -> tuple[bool, bool, float, bool, float, int, str]:
        known = label_probability(picture)
        return (
            not (picture.conflicts or picture.row.reason in _CONFLICTS),
            picture.sha256 not in doubted,
            1.0 if known is None else known,
            picture.row.nearest_sha256 == "",
            -share(picture.record.source),
            -bits_of[picture],
            picture.sha256,
        )

    return sorted(pictures, key=order)


def by_age(pictures: Iterable[CatalogImage]) -> list[CatalogImage]:
    """Sort pictures, the newest file first; one that is not pulled comes last."""

    def order(picture: CatalogImage) -> tuple[float, str]:
        try:
            return -picture.path.stat().st_mtime, picture.sha256
        except OSError:
            return 0.0, picture.sha256

    return sorted(pictures, key=order)


def _rejected_share(
    pictures: Iterable[CatalogImage], rejected: Collection[str]
) -> Callable[[str], float]:
    """Estimate which part of a source's pictures is bad; (r + 1) / (n + 2), so few say little."""
    pictures = list(pictures)
    all_of = Counter(picture.record.source for picture in pictures)
    bad_of = Counter(picture.record.source for picture in pictures if picture.sha256 in rejected)
    return lambda source: (bad_of[source] + 1) / (all_of[source] + 2)


def _loneliness(pictures: Sequence[CatalogImage]) -> list[int]:
    """Give each picture's distance to the most similar other one, in bits of 64."""
    hashes_N = np.array([int(picture.record.phash, 16) for picture in pictures], dtype=np.uint64)
    return [_nearest(hashes_N, index) for index in range(len(pictures))]


def _nearest(hashes_N: npt.NDArray[np.uint64], index: int) -> int:
    bits_N = np.bitwise_count(hashes_N ^ hashes_N[index])
    bits_N[index] = 64  # not itself
    return int(bits_N.min())
