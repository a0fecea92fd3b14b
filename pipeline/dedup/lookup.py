"""Of which images of the dataset a picture is a copy: the picture against all, not all with all."""

from collections.abc import Mapping
from pathlib import Path

from pipeline.dedup.evidence import find_evidence
from pipeline.dedup.library import fingerprint_files
from pipeline.dedup.verify import find_likeness
from pipeline.errors import DataError
from pipeline.files import sha256_of_file
from pipeline.params import Dedup
from pipeline.records import PairRow


def look_up(
    picture: Path, files: Mapping[str, Path], *, rules: Dedup, cache: Path
) -> list[PairRow]:
    """Find the images that are alike, duplicates first.

    Args:
        picture: any file.
        files: of the dataset, sha256 to file.
        rules: which band a pair is in.
        cache: folder of what was found before.

    Raises:
        DataError: the picture is not there or cannot be read.
    """
    if not picture.is_file():
        raise DataError(f"{picture}: not there; name a picture file")
    sha256 = sha256_of_file(picture)
    everything = {**files, sha256: picture}
    found = fingerprint_files(everything, cache=cache)
    if sha256 in found.unreadable:
        raise DataError(f"{picture}: not a picture that can be read (JPEG, PNG, WebP or GIF)")
    evidence = find_evidence(found, everything, cache=cache)
    pairs = find_likeness(found, rules, evidence=evidence).pairs
    mine = [pair for pair in pairs if sha256 in {pair.sha256, pair.other_sha256}]
    return sorted(mine, key=lambda pair: (pair.band, -pair.agreement, pair.sha256))
