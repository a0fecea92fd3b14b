"""What each method calls copies among the files of `benchmarks/dedup.py`: ours and the others.

`imagehash` is a dependency of the project and runs in this process, the peers in processes of
their own with another interpreter (`dedup_peers.py`). All see the same files.
"""

import json
import os
import resource
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import imagehash
import numpy as np
from dedup_peers import METHODS
from dedup_planted import Planted
from dedup_scores import Found, Truth
from numpy.typing import NDArray
from PIL import Image

from pipeline.catalog.reviews import Verdicts
from pipeline.dedup.evidence import find_evidence
from pipeline.dedup.groups import group_images
from pipeline.dedup.library import fingerprint_files
from pipeline.dedup.verify import Likeness, find_likeness
from pipeline.params import Dedup
from pipeline.pictures.hashes import hamming_bits, near_words, to_bits
from pipeline.records import Band, ImageRecord

HERE = Path(__file__).resolve().parent
PEER_LIMIT_S = 420  # of one peer; what takes longer is ended and reported so
HASH_BITS = 20  # of 64: a wide threshold, from which the best is chosen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What one method found, or why it was not asked."""

    name: str
    found: Found
    cpu_s: float
    has_fixed_rule: bool = False  # ours: no threshold is chosen after the fact
    is_acted_on: bool = True  # near pictures are both kept
    kept: NDArray[np.int64] | None = None  # places of the images that its own rule keeps
    skipped: str = ""  # why it could not run


def truth_of(planted: Sequence[Planted], *, unseen: Sequence[str]) -> Truth:
    """Bring what was planted into the arrays that scores are made from."""
    return Truth(
        base_N=np.array([each.base for each in planted]),
        other_base_N=np.array(
            [-1 if each.other_base is None else each.other_base for each in planted]
        ),
        edits=[each.edit for each in planted],
        pixels_N=np.array([each.width_px * each.height_px for each in planted]),
        is_counted_N=np.array([each.edit not in unseen for each in planted]),
    )


def ours(planted: Sequence[Planted], truth: Truth, cache: Path) -> list[Answer]:
    """Run what the stage runs: the bands `duplicate`, which is acted on, and `near` with it."""
    files = {each.sha256: each.file for each in planted}
    cpu_s = time.process_time()
    found = fingerprint_files(files, cache=cache)
    hashed_s = time.process_time() - cpu_s
    evidence = find_evidence(found, files, cache=cache)
    likeness = find_likeness(found, Dedup(), evidence=evidence)
    cpu_s = time.process_time() - cpu_s
    print(f"ours: {len(files) / hashed_s:.0f} fingerprints per CPU-second,", end=" ")
    print(f"{len(evidence)} pairs looked at, CPU {cpu_s:.0f} s", flush=True)
    place = {each.sha256: number for number, each in enumerate(planted)}
    pairs = [
        (sorted((place[row.sha256], place[row.other_sha256])), row.band) for row in likeness.pairs
    ]
    copies = [pair for pair, band in pairs if band == Band.DUPLICATE]
    return [
        Answer(
            name="ours, duplicate",
            found=_found((one, other, 0) for one, other in copies),
            cpu_s=cpu_s,
            has_fixed_rule=True,
            kept=_kept(planted, truth, likeness),
        ),
        Answer(
            name="ours, or near",
            found=_found((one, other, 0) for (one, other), _ in pairs),
            cpu_s=cpu_s,
            has_fixed_rule=True,
            is_acted_on=False,
        ),
    ]


def _kept(planted: Sequence[Planted], truth: Truth, likeness: Likeness) -> NDArray[np.int64]:
    """Name the images that our rule keeps of those that are counted."""
    counted = [planted[place] for place in np.flatnonzero(truth.is_counted_N)]
    records = [_record(each) for each in counted]
    grouped = group_images(records, likeness, verdicts=Verdicts())
    kept = {row.sha256 for row in grouped.rows if row.keep}
    return np.array([number for number, each in enumerate(planted) if each.sha256 in kept])


def _record(each: Planted) -> ImageRecord:
    """Describe a picture as a manifest does."""
    texts = dict.fromkeys(("image_url", "page_url", "title", "author", "licence_url"), "")
    return ImageRecord(
        sha256=each.sha256,
        file=each.file.name,
        character="one",
        member="m",
        source="folder",
        licence="unknown",
        width_px=each.width_px,
        height_px=each.height_px,
        bytes=each.file.stat().st_size,
        format=each.file.suffix[1:].upper(),
        phash="0" * 16,
        **texts,
    )


def hashes(planted: Sequence[Planted]) -> Iterator[Answer]:
    """Compare the hashes of the imagehash package, as its users do."""
    for name, take in (("imagehash phash", imagehash.phash), ("imagehash dhash", imagehash.dhash)):
        cpu_s = time.process_time()
        hashes_N = to_bits([str(take(Image.open(each.file))) for each in planted])
        later_N = np.arange(1, 1 + len(hashes_N))
        ones_K, others_K = near_words(hashes_N, hashes_N, max_bits=HASH_BITS, since_P=later_N)
        bits_K = hamming_bits(hashes_N[ones_K], hashes_N[others_K])
        pairs = zip(ones_K.tolist(), others_K.tolist(), bits_K.tolist(), strict=True)
        yield Answer(name=name, found=_found(pairs), cpu_s=time.process_time() - cpu_s)


def peers(planted: Sequence[Planted], python: Path | None, folder: Path) -> Iterator[Answer]:
    """Run each peer, if there is an interpreter that has it."""
    place = {each.file.name: number for number, each in enumerate(planted)}
    for name in METHODS:
        cpu_s = _cpu_of_children()
        skipped, out = _run_peer(name, python, planted[0].file.parent, folder)
        pairs = [] if skipped else json.loads(out.read_text())
        known = [(*sorted((place[one], place[other])), far) for one, other, far in pairs]
        yield Answer(
            name=name, found=_found(known), cpu_s=_cpu_of_children() - cpu_s, skipped=skipped
        )


def _run_peer(name: str, python: Path | None, images: Path, folder: Path) -> tuple[str, Path]:
    """Start a peer; give why there is no answer, or "", and where the answer is."""
    out = folder / f"{name}.json"
    if python is None:
        return "not installed: no --peers-python", out
    command = [python, HERE / "dedup_peers.py", name, images, out]
    quiet = os.environ | {"SENTRY_OPT_OUT": "1"}  # fastdup reports home otherwise
    try:
        ended = subprocess.run(
            command, env=quiet, capture_output=True, text=True, timeout=PEER_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"not done in {PEER_LIMIT_S} s", out
    if ended.returncode:
        lines = ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"]
        return lines[-1][:100], out
    return "", out


def _found(pairs: Iterator[tuple[int, int, float]] | Sequence[tuple[int, int, float]]) -> Found:
    rows_P3 = np.array(list(pairs), np.float64).reshape(-1, 3)
    return Found(pairs_P2=rows_P3[:, :2].astype(np.int64), distances_P=rows_P3[:, 2])


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
