"""Fingerprints kept between runs: a picture is decoded once in its life.

The library is a cache, never an output: it lies outside the stage's outs, a lost or broken one is
built anew, and a run that is killed keeps what was saved last.
"""

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np

from pipeline.dedup.fingerprint import Fingerprints, fingerprint, joined
from pipeline.files import PixelCopy, read_checked, replacing_checked
from pipeline.paths import Project
from pipeline.progress import Progress, silent
from pipeline.records import Rejected

_FILE = "fingerprints-5.npz"  # raise the number when a fingerprint of the same bytes changes
_ARRAYS = tuple(field.name for field in fields(Fingerprints))
_SAVE_EVERY = 1000  # pictures: the most that a kill can cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprinted:
    """The fingerprints of all files that can be read."""

    sha256s: tuple[str, ...]  # sorted; the pictures of `fingerprints`, in this order
    fingerprints: Fingerprints
    unreadable: frozenset[str]  # sha256 of files that cannot be decoded


def fingerprint_files(
    files: Mapping[str, Path], *, cache: Path, progress: Progress = silent
) -> Fingerprinted:
    """Fingerprint files, decoding only those that were never seen before.

    Args:
        files: sha256 to any file with these bytes.
        cache: folder that outlives runs; the library is a file in it.
        progress: called after each picture that had to be decoded.
    """
    library = _load(cache / _FILE)
    missing = sorted(files.keys() - library.keys())
    unreadable = set()
    with ThreadPoolExecutor() as pool:  # Pillow decodes and resizes without the interpreter lock
        for start in range(0, len(missing), _SAVE_EVERY):
            chunk = missing[start : start + _SAVE_EVERY]
            for done, found in enumerate(pool.map(_read, map(files.__getitem__, chunk)), start=1):
                if isinstance(found, Rejected):
                    unreadable.add(chunk[done - 1])
                else:
                    library[chunk[done - 1]] = found
                progress(start + done, len(missing))
            _save(cache / _FILE, library)
    sha256s = tuple(sorted(files.keys() - unreadable))
    return Fingerprinted(
        sha256s=sha256s,
        fingerprints=joined([library[sha256] for sha256 in sha256s]),
        unreadable=frozenset(unreadable),
    )


def pixel_copies(project: Project, sha256s: Collection[str]) -> Iterator[PixelCopy]:
    """Find images in the library: a fingerprint holds the colours of each, in a coarse grid.

    Libraries of an older format, or broken ones, go as a whole; nothing reads them.
    """
    for path in sorted(project.fingerprints.glob("*fingerprints-*")):
        library = _load(path) if path.name == _FILE else {}
        left = {sha256: each for sha256, each in library.items() if sha256 not in sha256s}
        if not left:
            yield PixelCopy(path)
        elif len(left) < len(library):
            yield PixelCopy(path, rewrite=partial(_save, path, left))


def _read(file: Path) -> Fingerprints | Rejected:
    return fingerprint(file.read_bytes())


def _load(path: Path) -> dict[str, Fingerprints]:
    """Read the library; a damaged one is as good as none."""
    data = read_checked(path)
    if data is None:
        return {}
    with np.load(BytesIO(data)) as arrays:
        parts = {name: arrays[name] for name in _ARRAYS}
        return {
            str(sha256): Fingerprints(**{name: all_N[[n]] for name, all_N in parts.items()})
            for n, sha256 in enumerate(arrays["sha256"])
        }


def _save(path: Path, library: Mapping[str, Fingerprints]) -> None:
    sha256s = sorted(library)
    found = joined([library[sha256] for sha256 in sha256s])
    with replacing_checked(path) as file:
        np.savez(
            file,
            allow_pickle=False,
            sha256=np.array(sha256s),
            **{name: getattr(found, name) for name in _ARRAYS},
        )
