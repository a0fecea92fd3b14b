"""Who is a copy of whom, from all evidence: three bands, *duplicate*, *near* and different.

A hash sees grey shapes only. Among drawings of one layout (a figure on white in the same pose, with
other hair and another dress) nearly all pairs that are near by hash are false. So two pictures are
duplicates if they are near by hash and their colours agree cell by cell, or if they can be laid
over each other and then agree block by block (`features`).

How many blocks must agree depends on the neighbourhood. Where many pictures lie over each other and
show something else (drawings of one template, cards of one series), a copy has to show it better; a
picture that lies over nothing else but its copies may have lost more. LOG.md has what this finds
and misses.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.colours import agree
from pipeline.dedup.evidence import Sight
from pipeline.dedup.features import NO_OVERLAY
from pipeline.dedup.fingerprint import Fingerprints
from pipeline.dedup.library import Fingerprinted
from pipeline.dedup.search import WAYS, Pairs, Way, closest_ways, near_pairs
from pipeline.dedup.windows import WINDOW_BITS
from pipeline.params import Dedup
from pipeline.pictures.hashes import HASH_BITS
from pipeline.records import Band, PairRow

_BATCH = 4096  # pairs at once: about 30 MB
_SAME_WINDOW_BITS = 34  # of 256: alone nearly enough
_ALLOWED_MARKS = 0.13  # of the blocks that a watermark may cover, where hashes are the same
_FEW, _MANY = 3, 8  # others that a picture lies over without being alike: real ones have at most 7
_EASED = 0.8  # times the blocks that must agree, among few others
_HARDENED = 0.5  # times the blocks that may not agree, among many
_ENLARGED = 1.2  # times the pixels of a copy, at least
_DULLED = 0.85  # times its sharpness, at most: see `sharpness`

Distances = dict[tuple[str, str], int]  # sha256 of two images, the smaller first, to bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Which images are alike, by sha256, and at how many bits; seen from either side."""

    copies: Mapping[str, Mapping[str, int]]  # duplicates
    nearest: Mapping[str, tuple[str, int]]  # the one other that is nearest by hash, copy or not
    framed: Collection[str] = frozenset()  # have a border or a caption that a copy does not have
    upscaled: Collection[str] = frozenset()  # have more pixels than a copy, and no more detail
    pairs: Sequence[PairRow] = ()  # duplicates and near ones with their evidence, sorted


def find_likeness(
    fingerprinted: Fingerprinted, rules: Dedup, *, evidence: Iterable[Sight] = ()
) -> Likeness:
    """Find who is a copy of whom, who is near, and who is nearest by hash."""
    near_bits, same_bits = _by_hash(fingerprinted, rules)
    sights = {sight.pair: sight for sight in evidence}
    num_others = _count_others(sights.values(), rules)
    judged = (
        _judged(
            pair,
            near_bits.get(pair),
            pair in same_bits,
            sights.get(pair),
            _needed(min(num_others[sha256] for sha256 in pair), rules),
        )
        for pair in sorted(same_bits.keys() | sights.keys())
    )
    rows = [row for row in judged if row]
    copies = [row for row in rows if row.band == Band.DUPLICATE]
    return Likeness(
        copies=_from_both_sides({(row.sha256, row.other_sha256): _bits(row) for row in copies}),
        nearest={
            sha256: min(others.items(), key=lambda item: (item[1], item[0]))
            for sha256, others in _from_both_sides(near_bits).items()
        },
        framed=_framed(sights[pair] for row in copies if (pair := _pair(row)) in sights),
        upscaled=_upscaled(map(_pair, copies), fingerprinted),
        pairs=rows,
    )


def _count_others(sights: Iterable[Sight], rules: Dedup) -> Counter[str]:
    """Count for each picture those that lie over it, and show something else all the same."""
    alike = _needed(0, rules).near
    return Counter(
        sha256
        for sight in sights
        if sight.overlay.num_inliers and sight.overlay.agreement < alike
        for sha256 in sight.pair
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Needed:
    """How many of the blocks must agree, as a fraction."""

    duplicate: float
    same_hash: float  # likewise, where the hashes of windows are nearly the same, too
    near: float


def _needed(num_others: int, rules: Dedup) -> _Needed:
    """Fit the rules to the neighbourhood of two pictures, of which the less crowded one counts."""
    blocks = rules.min_blocks
    if num_others <= _FEW:
        eased = blocks * _EASED
        return _Needed(duplicate=eased, same_hash=eased, near=rules.near_blocks * _EASED)
    if num_others < _MANY:
        marked = blocks * (1 - _ALLOWED_MARKS)
        return _Needed(duplicate=blocks, same_hash=marked, near=rules.near_blocks)
    hardened = 1 - (1 - blocks) * _HARDENED
    return _Needed(duplicate=hardened, same_hash=hardened, near=rules.near_blocks)


def _by_hash(fingerprinted: Fingerprinted, rules: Dedup) -> tuple[Distances, Distances]:
    """Find the pairs that are near by hash, and those of them that agree in colour."""
    near, same = [], []
    for way in WAYS:
        pairs = near_pairs(
            fingerprinted.fingerprints, way, max_distance_bits=rules.max_distance_bits
        )
        near.append(pairs)
        same.append(pairs.where(_is_copy(fingerprinted.fingerprints, way, pairs, rules)))
    near_bits, same_bits = (
        _distances(closest_ways(parts), fingerprinted.sha256s) for parts in (near, same)
    )
    return near_bits, same_bits


def _is_copy(fingerprints: Fingerprints, way: Way, pairs: Pairs, rules: Dedup) -> NDArray[np.bool_]:
    is_copy_K = np.zeros(len(pairs), dtype=bool)
    for start in range(0, len(pairs), _BATCH):
        batch = slice(start, start + _BATCH)
        first = fingerprints.colours_NVSSC[pairs.first_K[batch], way.first_view]
        second = fingerprints.colours_NVSSC[pairs.second_K[batch], way.second_view]
        if way.is_mirrored:
            second = second[:, :, ::-1]
        is_copy_K[batch] = agree(
            first,
            second,
            max_colour_levels=rules.max_colour_levels,
            min_agreement=rules.min_agreement,
        )
    return is_copy_K


def _judged(
    pair: tuple[str, str],
    distance_bits: int | None,
    has_same_colours: bool,  # noqa: FBT001 - of all evidence, the second piece
    sight: Sight | None,
    needed: _Needed,
) -> PairRow | None:
    """Put a pair into its band; None if the two are different."""
    overlay = sight.overlay if sight else NO_OVERLAY
    window_bits = sight.window_bits if sight and sight.window_bits < WINDOW_BITS else None
    is_same_hash = window_bits is not None and window_bits <= _SAME_WINDOW_BITS
    least = needed.same_hash if is_same_hash else needed.duplicate
    is_duplicate = has_same_colours or overlay.agreement >= least
    if not is_duplicate and overlay.agreement < needed.near:
        return None
    return PairRow(
        sha256=pair[0],
        other_sha256=pair[1],
        band=Band.DUPLICATE if is_duplicate else Band.NEAR,
        distance_bits=distance_bits,
        has_same_colours=has_same_colours,
        window_bits=window_bits,
        is_mirrored=bool(sight and sight.is_mirrored),
        num_inliers=overlay.num_inliers,
        agreement=round(overlay.agreement, 4),
        overlap=round(overlay.overlap, 4),
    )


def _bits(row: PairRow) -> int:
    """Give the distance of copies in bits of 64, from their windows where phash is out of reach."""
    if row.distance_bits is not None:
        return row.distance_bits
    window_bits = WINDOW_BITS if row.window_bits is None else row.window_bits
    return round(window_bits * HASH_BITS / WINDOW_BITS)


def _framed(copies: Iterable[Sight]) -> frozenset[str]:
    """Name the images that have a border or a caption, going by their copies without."""
    names = set()
    for sight in copies:
        if sight.overlay.is_framed and not sight.overlay.is_other_framed:
            names.add(sight.sha256)
        if sight.overlay.is_other_framed and not sight.overlay.is_framed:
            names.add(sight.other_sha256)
    return frozenset(names)


def _upscaled(copies: Iterable[tuple[str, str]], fingerprinted: Fingerprinted) -> frozenset[str]:
    """Name the images that are larger than a copy of theirs, and much less sharp."""
    place = {sha256: number for number, sha256 in enumerate(fingerprinted.sha256s)}
    sizes = fingerprinted.fingerprints.num_pixels_N.tolist()
    sharpness = fingerprinted.fingerprints.sharpness_N.tolist()
    names = set()
    for pair in copies:
        small, large = sorted((place[sha256] for sha256 in pair), key=sizes.__getitem__)
        is_larger = sizes[large] >= _ENLARGED * sizes[small]
        if is_larger and sharpness[large] <= _DULLED * sharpness[small]:
            names.add(fingerprinted.sha256s[large])
    return frozenset(names)


def _pair(row: PairRow) -> tuple[str, str]:
    return row.sha256, row.other_sha256


def _distances(pairs: Pairs, sha256s: tuple[str, ...]) -> Distances:
    columns = (pairs.first_K, pairs.second_K, pairs.distance_bits_K)
    return {
        (sha256s[i], sha256s[j]): bits
        for i, j, bits in zip(*(column.tolist() for column in columns), strict=True)
    }


def _from_both_sides(distances: Distances) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (one, other), bits in distances.items():
        found.setdefault(one, {})[other] = bits
        found.setdefault(other, {})[one] = bits
    return found
