"""A sheet of all pairs of real bases that any method calls alike, to be looked at by a person.

    python benchmarks/dedup_twins.py --real 330 --sheet pairs.jpg [--peers-python PYTHON]

Prints the two sha256 of each pair, in the order of the sheet. Those that show one picture belong
into `dedup_twins.txt`, so that no method is blamed for finding them. The thresholds are loose on
purpose: a pair that is not on the sheet is one that no method calls alike even so.
"""

import argparse
import tempfile
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from dedup import SHARED
from dedup_methods import Answer, hashes, ours, peers, truth_of
from dedup_planted import TWINS, Base, plant, read_twins, real_bases
from PIL import Image, ImageDraw

LOOSE = {  # much looser than what is precise enough
    "imagehash phash": 12,
    "imagehash dhash": 8,
    "imagededup PHash": 12,
    "imagededup DHash": 8,
    "PDQ": 88,
    "PDQ dihedral": 80,
    "fastdup": 0.08,
}
_CELL_PX, _COLUMNS = 150, 6  # pairs in a row


def alike(bases: Sequence[Base], python: Path | None) -> dict[tuple[int, int], list[str]]:
    """Ask every method about the bases alone; give pairs of them, and who calls them alike."""
    with tempfile.TemporaryDirectory() as folder:
        planted = plant(bases, Path(folder) / "images", has_edits=False)
        truth = truth_of(planted, unseen=())
        answers: Iterable[Answer] = chain(
            ours(planted, truth, Path(folder) / "cache"),
            hashes(planted),
            peers(planted, python, Path(folder)),
        )
        found: dict[tuple[int, int], list[str]] = {}
        for answer in answers:
            print(f"{answer.name}: {answer.skipped or len(answer.found.pairs_P2)}")
            for places in answer.found.within(LOOSE.get(answer.name, 0)).tolist():
                one, other = sorted(planted[place].base for place in places)
                found.setdefault((one, other), []).append(answer.name)
    return dict(sorted(found.items()))


def draw(bases: Sequence[Base], pairs: Iterable[tuple[int, int]]) -> Image.Image:
    """Put the pairs side by side, with their numbers."""
    pairs = list(pairs)
    rows = -(-len(pairs) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * 2 * (_CELL_PX + 4), rows * (_CELL_PX + 16)), "white")
    pen = ImageDraw.Draw(sheet)
    for number, pair in enumerate(pairs):
        x = number % _COLUMNS * 2 * (_CELL_PX + 4)
        y = number // _COLUMNS * (_CELL_PX + 16)
        pen.text((x, y), str(number), "red")
        for side, base in enumerate(pair):
            small = bases[base].image.copy()
            small.thumbnail((_CELL_PX, _CELL_PX))
            sheet.paste(small, (x + side * _CELL_PX, y + 12))
    return sheet


def main() -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, default=SHARED, help="folder of real pictures")
    parser.add_argument("--real", type=int, default=330)
    parser.add_argument("--sheet", type=Path, required=True)
    parser.add_argument("--peers-python", type=Path)
    options = parser.parse_args()
    known = read_twins(TWINS.read_text().splitlines())
    bases = real_bases(options.pictures, options.real, twins=known)
    pairs = alike(bases, options.peers_python)
    for number, ((one, other), names) in enumerate(pairs.items()):
        print(f"{number}: {bases[one].name} {bases[other].name}  # {', '.join(names)}")
    draw(bases, pairs).save(options.sheet)


if __name__ == "__main__":
    main()
