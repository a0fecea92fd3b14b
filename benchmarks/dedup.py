"""How many copies are found and how many originals lost: ours and others on the same files.

    python benchmarks/dedup.py                                  # 300 real and 500 drawn bases
    python benchmarks/dedup.py --real 60 --drawn 40             # a small run, a minute or two
    python benchmarks/dedup.py --peers-python /tmp/peers/bin/python
    python benchmarks/dedup.py --scale 10000                    # pair search alone, random hashes

Each base gets 4 of 14 edits in turn, and one of 5 that no rule was tuned on; those are reported
apart. Real and drawn bases (500 figures of 20 templates, the hard case) are two sets. Precision and
recall are over all pairs of one base; recall by edit is of base and copy; an original is lost if no
image of it is kept. Ours has one setting for both sets, the default one; every other method has in
each set the widest threshold at which its precision is .99 *on that very set*, which favours it.
How bases are chosen: `dedup_planted.py`. How peers are installed: `dedup_peers.py`.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from dedup_edits import COLLAGE, TUNED, UNSEEN
from dedup_methods import Answer, hashes, ours, peers, truth_of
from dedup_planted import (
    TWINS,
    Base,
    Planted,
    drawn_bases,
    plant,
    read_twins,
    real_bases,
)
from dedup_scores import Score, Truth, choose_threshold, count_lost, score

from pipeline.dedup.candidates import window_pairs
from pipeline.dedup.windows import HASH_WORDS, NUM_WINDOWS
from pipeline.pictures.hashes import near_words

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
APART = (*UNSEEN, COLLAGE)
BORDERED_EVERY = 4  # of random pictures, the one that has a plain border
PHASH_BITS = 10  # imagededup's default


def compare(name: str, bases: Sequence[Base], python: Path | None) -> None:
    """Plant copies of these bases, ask every method, and print the tables for LOG.md."""
    with tempfile.TemporaryDirectory() as folder:
        planted = plant(bases, Path(folder) / "images")
        truth = truth_of(planted, unseen=APART)
        print(f"\n## {name}: {len(bases)} bases, {len(planted)} files", flush=True)
        scored = []
        for answer in _answers(planted, truth, python, Path(folder)):
            if answer.skipped:
                print(f"{answer.name} skipped: {answer.skipped}", flush=True)
                continue
            threshold = 0.0 if answer.has_fixed_rule else choose_threshold(answer.found, truth)
            found_P2 = answer.found.within(threshold)
            lost = None if answer.kept is None else count_lost(answer.kept, truth)
            scored.append((answer, threshold, score(found_P2, truth, lost=lost)))
            print(f"{answer.name}: done, CPU {answer.cpu_s:.0f} s", flush=True)
            if answer.has_fixed_rule:
                _print_wrong(found_P2, truth, planted, bases)
    print_methods(scored, num_bases=len(bases))
    print_edits(scored, truth)


def _answers(
    planted: Sequence[Planted], truth: Truth, python: Path | None, folder: Path
) -> Iterator[Answer]:
    yield from ours(planted, truth, folder / "cache")
    yield from hashes(planted)
    yield from peers(planted, python, folder)


def print_methods(scored: Sequence[tuple[Answer, float, Score]], *, num_bases: int) -> None:
    """Print a row for each method."""
    print(f"\n| method | threshold | precision | recall | lost of {num_bases} | CPU-s |")
    print("|---|---|---|---|---|---|")
    for answer, threshold, found in scored:
        chosen = "as set" if answer.has_fixed_rule else f"{threshold:.3g}"
        lost = found.lost if answer.is_acted_on else "-"
        scores = f"{found.precision:.4f} | {found.recall:.3f} | {lost}"
        print(f"| {answer.name} | {chosen} | {scores} | {answer.cpu_s:.0f} |")


def print_edits(scored: Sequence[tuple[Answer, float, Score]], truth: Truth) -> None:
    """Print a row for each edit, those that nobody tuned on last."""
    names = " | ".join(answer.name for answer, _, _ in scored)
    print(f"\n| recall of base and copy | {names} |\n|---|{'---|' * len(scored)}")
    for edit in (*TUNED, *APART):
        number, mark = truth.edits.count(edit), "unseen: " if edit in APART else ""
        row = " | ".join(f"{found.recall_of.get(edit, 0):.2f}" for _, _, found in scored)
        print(f"| {mark}{edit} ({number}) | {row} |")
    wrong = " | ".join(str(found.num_wrong_unseen) for _, _, found in scored)
    print(f"| wrong pairs with an unseen edit | {wrong} |")


def _print_wrong(
    found_P2: np.ndarray, truth: Truth, planted: Sequence[Planted], bases: Sequence[Base]
) -> None:
    """Name the bases of which ours calls images copies of each other: to be looked at."""
    wrong_P2 = found_P2[~truth.is_right(found_P2)]
    pairs = {
        tuple(sorted((planted[one].base, planted[other].base))) for one, other in wrong_P2.tolist()
    }
    for one, other in sorted(pairs):
        print(f"  wrong: {bases[one].name} {bases[other].name}")


def measure_scale(number: int) -> None:
    """Time the search among random hashes, all of them new and then ten of them."""
    rng = np.random.default_rng(7)
    size = (number, NUM_WINDOWS, HASH_WORDS)
    windows = rng.integers(1, 2**64, size, dtype=np.uint64, endpoint=False)
    has_border = np.arange(number) % BORDERED_EVERY == 0
    windows[~has_border, 1] = windows[~has_border, 0]
    cpu = time.process_time()
    near_words(windows[:, 0, 0], windows[:, 0, 1], max_bits=PHASH_BITS)
    print(f"{number} images, one hash of 64 bits: {time.process_time() - cpu:.2f} CPU-s")
    for num_new in (number, 10):
        is_new = np.arange(number) >= number - num_new
        cpu = time.process_time()
        pairs = [window_pairs(windows, mirrored=way, is_new_N=is_new) for way in (False, True)]
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        cost = time.process_time() - cpu
        print(f"{number} images, {num_new} new: {cost:.2f} CPU-s, {sum(map(len, pairs))} pairs")
        print(f"  peak memory {peak_mb:.0f} MB, hashes {windows.nbytes / 2**20:.0f} MB")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, default=SHARED, help="folder of real pictures")
    parser.add_argument("--real", type=int, default=300, help="bases from there; 0: none")
    parser.add_argument("--drawn", type=int, default=500, help="bases that are drawn; 0: none")
    parser.add_argument("--peers-python", type=Path, help="an interpreter that has the peers")
    parser.add_argument("--scale", type=int, help="time the pair search of so many images")
    options = parser.parse_args()
    if options.scale:
        measure_scale(options.scale)
        return
    twins = read_twins(TWINS.read_text().splitlines())
    sets = {
        "real": real_bases(options.pictures, options.real, twins=twins),
        "drawn": drawn_bases(options.drawn),
    }
    for name, bases in sets.items():
        if bases:
            compare(name, bases, options.peers_python)


if __name__ == "__main__":
    main()
