"""What was seen when two pictures were laid over each other, kept between runs.

Evidence on a pair depends on the bytes of the two files alone, so it is found once: 10 new images
are compared with all, and not all with all. Like the library of fingerprints this is a cache: a
lost or broken one is found anew.

Two pictures are looked at if any of their windows are alike (`candidates`), or if both lie well
over a third: of one original the one copy may be captioned and the other turned, and no window of
the two is alike.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.candidates import window_pairs
from pipeline.dedup.features import NO_OVERLAY, Look, Overlay, lay_over, look_at
from pipeline.dedup.library import Fingerprinted
from pipeline.dedup.windows import WINDOW_BITS
from pipeline.files import read_checked, replacing_checked
from pipeline.pictures.decode import decode
from pipeline.progress import Progress, silent
from pipeline.records import Rejected

_FILE = "evidence-4.npz"  # raise the number when the same two pictures give other evidence
_LOOKS = 512  # pictures in memory, 0.4 MB each
_TILE = _LOOKS // 4  # of pictures, whose pairs among each other are looked at together
_WELL = 0.8  # agreement from which what lies over the same picture is looked at, too


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """One pair that is to be looked at."""

    sha256: str
    other_sha256: str  # the greater of the two
    window_bits: int  # of 256, between the windows most alike; 256: met through a third picture
    is_mirrored: bool

    @property
    def pair(self) -> tuple[str, str]:
        """Give both sha256, the smaller first."""
        return self.sha256, self.other_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight(_Met):
    """One pair that was looked at."""

    overlay: Overlay


def find_evidence(
    found: Fingerprinted, files: Mapping[str, Path], *, cache: Path, progress: Progress = silent
) -> list[Sight]:
    """Look at every pair that may be copies, and was not looked at before.

    Args:
        found: the fingerprints of all pictures.
        files: sha256 to any file with these bytes.
        cache: folder that outlives runs.
        progress: called after each pair.

    Returns:
        All pairs among these pictures, sorted.
    """
    searched, sights = _load(cache / _FILE)
    is_new_N = np.array([sha256 not in searched for sha256 in found.sha256s], dtype=bool)
    if is_new_N.any():
        sights += _look(_met(found, is_new_N), files, progress)
    here = set(found.sha256s)
    mine = {sight.pair: sight for sight in sights if here.issuperset(sight.pair)}
    direct = [sight for sight in mine.values() if sight.window_bits < WINDOW_BITS]
    through = _met_through(direct)
    looked = _look([met for met in through if met.pair not in mine], files, progress)
    if looked or is_new_N.any():
        _save(cache / _FILE, sorted(searched | here), sights + looked)
    mine |= {sight.pair: sight for sight in looked}
    # What was met through a picture that has left is not told: it was never here.
    told = [*direct, *(mine[met.pair] for met in through)]
    return sorted(told, key=lambda sight: sight.pair)


def _met_through(direct: Iterable[Sight]) -> list[_Met]:
    """Pair the pictures that lie well over the same third, and were not met by themselves."""
    over: dict[str, dict[str, bool]] = defaultdict(dict)  # who lies over whom, and mirrored or not
    met = set()
    for sight in direct:
        met.add(sight.pair)
        if sight.overlay.agreement >= _WELL:
            over[sight.sha256][sight.other_sha256] = sight.is_mirrored
            over[sight.other_sha256][sight.sha256] = sight.is_mirrored
    found: dict[tuple[str, str], bool] = {}
    for others in over.values():
        for one, other in combinations(sorted(others), 2):
            if (one, other) not in met:
                is_mirrored = others[one] != others[other]
                found[one, other] = is_mirrored and found.get((one, other), True)
    return [
        _Met(sha256=one, other_sha256=other, window_bits=WINDOW_BITS, is_mirrored=is_mirrored)
        for (one, other), is_mirrored in sorted(found.items())
    ]


def _met(found: Fingerprinted, is_new_N: NDArray[np.bool_]) -> list[_Met]:
    """Pair the pictures, each pair once, mirrored or as it is: whatever is nearer."""
    nearest: dict[tuple[int, int], tuple[int, bool]] = {}
    for mirrored in (False, True):
        pairs = window_pairs(found.fingerprints.windows_NWH, mirrored=mirrored, is_new_N=is_new_N)
        columns = (pairs.first_K, pairs.second_K, pairs.distance_bits_K)
        for i, j, bits in zip(*(column.tolist() for column in columns), strict=True):
            nearest[i, j] = min(nearest.get((i, j), (bits, mirrored)), (bits, mirrored))
    return [
        _Met(
            sha256=found.sha256s[i],
            other_sha256=found.sha256s[j],
            window_bits=bits,
            is_mirrored=mirrored,
        )
        for (i, j), (bits, mirrored) in sorted(nearest.items(), key=_by_tiles)
    ]


def _by_tiles(met: tuple[tuple[int, int], object]) -> tuple[int, ...]:
    """Order pairs so that the pictures in memory are used up before others are decoded."""
    i, j = met[0]
    return i // _TILE, j // _TILE, i, j


def _look(pairs: Sequence[_Met], files: Mapping[str, Path], progress: Progress) -> list[Sight]:
    cv2.setNumThreads(1)  # the pairs are shared out among threads; more would only wait

    @lru_cache(maxsize=_LOOKS)
    def look(sha256: str, *, is_mirrored: bool = False) -> Look | Rejected:
        picture = decode(files[sha256].read_bytes())
        if isinstance(picture, Rejected):
            return picture
        return look_at(picture.image, is_mirrored=is_mirrored)

    def overlay(pair: _Met) -> Overlay:
        one, other = look(pair.sha256), look(pair.other_sha256, is_mirrored=pair.is_mirrored)
        if isinstance(one, Rejected) or isinstance(other, Rejected):
            return NO_OVERLAY
        return lay_over(one, other)

    sights = []
    with ThreadPoolExecutor() as pool:  # OpenCV works without the interpreter lock
        for done, (pair, laid) in enumerate(zip(pairs, pool.map(overlay, pairs), strict=True), 1):
            sights.append(Sight(**asdict(pair), overlay=laid))
            progress(done, len(pairs))
    return sights


def _load(path: Path) -> tuple[frozenset[str], list[Sight]]:
    """Read who was searched and what was seen; a damaged file is as good as none."""
    data = read_checked(path)
    if data is None:
        return frozenset(), []
    with np.load(BytesIO(data)) as arrays:
        searched = arrays["searched"].tolist()
        columns = [arrays[name].tolist() for name in _COLUMNS]
    return frozenset(searched), [_sight(row, searched) for row in zip(*columns, strict=True)]


def _sight(row: Iterable[Any], searched: Sequence[str]) -> Sight:
    values = dict(zip(_COLUMNS, row, strict=True))
    overlay = Overlay(**{name: values.pop(name) for name in _OVERLAY})
    first, second = (searched[values.pop(name)] for name in ("first", "second"))
    return Sight(sha256=first, other_sha256=second, overlay=overlay, **values)


_OVERLAY = tuple(field.name for field in fields(Overlay))
_COLUMNS = ("first", "second", "window_bits", "is_mirrored", *_OVERLAY)


def _save(path: Path, searched: Sequence[str], sights: Sequence[Sight]) -> None:
    place = {sha256: number for number, sha256 in enumerate(searched)}
    rows = [
        (
            place[sight.sha256],
            place[sight.other_sha256],
            sight.window_bits,
            sight.is_mirrored,
            *(getattr(sight.overlay, name) for name in _OVERLAY),
        )
        for sight in sights
    ]
    columns = zip(*rows, strict=True) if rows else ([] for _ in _COLUMNS)
    with replacing_checked(path) as file:
        np.savez(
            file,
            allow_pickle=False,
            searched=np.array(searched),
            **{name: np.array(column) for name, column in zip(_COLUMNS, columns, strict=True)},
        )
