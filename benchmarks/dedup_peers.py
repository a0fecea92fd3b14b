"""The peers of `benchmarks/dedup.py`, each in a process of its own.

    PYTHON benchmarks/dedup_peers.py METHOD FOLDER OUT

FOLDER holds the images, OUT is the JSON file to write: pairs [name, name, distance] of all images
that METHOD calls alike at a wide threshold, so that the best one can be chosen from them. PYTHON is
an interpreter that has the peers, which are no dependency of the project:

    python -m venv /tmp/peers && /tmp/peers/bin/pip install imagededup pdqhash cleanvision fastdup

Each method imports what it needs inside, as a run of it alone would.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

HASH_BITS = 20  # of 64: imagededup advises 10
PDQ_BITS = 100  # of 256: Meta advises 31
FASTDUP_DISTANCE = 0.3  # 1 - similarity: fastdup calls .04 a duplicate
FASTDUP_NEIGHBOURS = 6  # as many as one base has files
Pair = tuple[str, str, float]


def imagededup_phash(folder: Path) -> Iterator[Pair]:
    """Compare imagededup's perceptual hashes."""
    return _imagededup(folder, "PHash")


def imagededup_dhash(folder: Path) -> Iterator[Pair]:
    """Compare imagededup's difference hashes."""
    return _imagededup(folder, "DHash")


def _imagededup(folder: Path, kind: str) -> Iterator[Pair]:
    from imagededup import methods  # noqa: PLC0415

    hasher = getattr(methods, kind)(verbose=False)
    found = hasher.find_duplicates(
        encoding_map=hasher.encode_images(image_dir=str(folder)),
        max_distance_threshold=HASH_BITS,
        scores=True,
    )
    for name, others in found.items():
        for other, bits in others:
            if name < other:
                yield name, other, float(bits)


def pdq(folder: Path) -> Iterator[Pair]:
    """Compare PDQ hashes as they are."""
    return _pdq(folder, is_dihedral=False)


def pdq_dihedral(folder: Path) -> Iterator[Pair]:
    """Compare PDQ hashes with those of the eight mirrored and turned forms."""
    return _pdq(folder, is_dihedral=True)


def _pdq(folder: Path, *, is_dihedral: bool) -> Iterator[Pair]:
    import numpy as np  # noqa: PLC0415
    import pdqhash  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    files = sorted(folder.iterdir())
    forms = []
    for file in files:
        pixels = np.asarray(Image.open(file).convert("RGB"))
        hashes = (
            pdqhash.compute_dihedral(pixels)[0] if is_dihedral else [pdqhash.compute(pixels)[0]]
        )
        forms.append(np.stack(hashes).astype(np.int32))
    forms_NFB = np.stack(forms)
    plain_NB = forms_NFB[:, 0]
    bits_NN = np.min([_hamming(plain_NB, forms_NFB[:, f]) for f in range(forms_NFB.shape[1])], 0)
    bits_NN = np.minimum(bits_NN, bits_NN.T)  # the forms are not exactly those of a mirrored file
    for one, other in np.argwhere(np.triu(bits_NN <= PDQ_BITS, k=1)).tolist():
        yield files[one].name, files[other].name, float(bits_NN[one, other])


def _hamming(one_NB, other_NB):  # noqa: ANN001, ANN202 - numpy is imported inside
    """Count the bits that differ, of all pairs: in floats, for the sake of speed."""
    one_NB, other_NB = one_NB.astype("float32"), other_NB.astype("float32")
    same_NN = one_NB @ other_NB.T
    return one_NB.sum(1)[:, None] + other_NB.sum(1)[None] - 2 * same_NN


def cleanvision(folder: Path) -> Iterator[Pair]:
    """Take cleanvision's sets of exact and near duplicates."""
    from cleanvision import Imagelab  # noqa: PLC0415

    lab = Imagelab(data_path=str(folder))
    kinds = ("exact_duplicates", "near_duplicates")
    lab.find_issues({kind: {} for kind in kinds}, n_jobs=1, verbose=False)
    found = set()
    for kind in kinds:
        for alike in lab.info[kind]["sets"]:
            found |= set(combinations(sorted(Path(name).name for name in alike), 2))
    for one, other in sorted(found):
        yield one, other, 0.0


def fastdup(folder: Path) -> Iterator[Pair]:
    """Take fastdup's nearest neighbours by its embedding."""
    import fastdup as peer  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as work:
        lab = peer.create(work_dir=work, input_dir=str(folder))
        lab.run(
            nearest_neighbors_k=FASTDUP_NEIGHBOURS,
            threshold=1 - FASTDUP_DISTANCE,
            num_threads=1,
            overwrite=True,
            print_summary=False,
        )
        table = lab.similarity()
    nearest: dict[tuple[str, str], float] = {}
    columns = (table[key] for key in ("filename_from", "filename_to", "distance"))
    for one, other, similarity in zip(*columns, strict=True):
        pair = tuple(sorted((Path(one).name, Path(other).name)))
        if pair[0] != pair[1]:
            nearest[pair] = min(nearest.get(pair, 1.0), 1 - float(similarity))
    for (one, other), distance in sorted(nearest.items()):
        yield one, other, distance


METHODS: dict[str, Callable[[Path], Iterator[Pair]]] = {
    "imagededup PHash": imagededup_phash,
    "imagededup DHash": imagededup_dhash,
    "PDQ": pdq,
    "PDQ dihedral": pdq_dihedral,
    "cleanvision": cleanvision,
    "fastdup": fastdup,
}


def main() -> None:
    """Run one method and write what it found."""
    method, folder, out = sys.argv[1:]
    pairs = list(METHODS[method](Path(folder)))
    Path(out).write_text(json.dumps(pairs))


if __name__ == "__main__":
    main()
