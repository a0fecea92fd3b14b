"""Give every kept image to train, val or test, as its own hash decides. No torch.

The split of an image depends on its sha256, the seed and the fractions alone: collecting more
images never moves an old one. Of 200 images, 15 % is then 30 +- 5, not exactly 30.

A family (near ones, pictures of one page) is in one split: the one that most of its images drew.
The others are left out, and not moved.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipeline.errors import DataError
from pipeline.params import Split
from pipeline.records import SPLITS, GroupReason, GroupRow, PairRow, SplitRow

_GROUPS = "data/interim/groups.csv"


def draw_split(sha256: str, fractions: Split, *, seed: int) -> str:
    """Draw "train", "val" or "test" for one image from its own hash and the seed alone.

    >>> draw_split("ab" * 32, Split(train=0.7, val=0.15, test=0.15), seed=7)
    'train'
    """
    digest = hashlib.sha256(f"{seed}:{sha256}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64  # uniform in [0, 1)
    if place < fractions.train:
        return "train"
    return "val" if place < fractions.train + fractions.val else "test"


def leave_out_straddlers(
    rows: Sequence[GroupRow], fractions: Split, *, seed: int
) -> list[GroupRow]:
    """Leave out the images of each family that drew another split than most of it.

    Args:
        rows: of groups.csv, in any order, which is kept.
        fractions: of images, in expectation.
        seed: of the project.
    """
    drawn = {row.sha256: draw_split(row.sha256, fractions, seed=seed) for row in rows if row.keep}
    families: dict[str, list[str]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.sha256):
        if row.keep:
            families[row.family].append(drawn[row.sha256])
    # Of equally frequent ones the first counts: that of the smallest sha256.
    home = {family: Counter(splits).most_common(1)[0][0] for family, splits in families.items()}
    return [
        replace(row, keep=False, reason=GroupReason.OTHER_SPLIT)
        if row.keep and drawn[row.sha256] != home[row.family]
        else row
        for row in rows
    ]


def split_images(
    rows: Iterable[GroupRow], fractions: Split, *, seed: int, characters: Sequence[str]
) -> list[SplitRow]:
    """Give each kept image its split, and refuse a family that straddles two.

    Args:
        rows: groups.csv.
        fractions: of images, in expectation.
        seed: of the project.
        characters: slugs that must have images.

    Returns:
        A row for each kept image, sorted by sha256.

    Raises:
        DataError: a character has no image left, an image is kept twice, or a family straddles two
            splits.
    """
    kept = sorted((row for row in rows if row.keep), key=lambda row: row.sha256)
    check_unique((row.sha256 for row in kept), source=_GROUPS, stage="deduplicate")
    missing = sorted(set(characters) - {row.character for row in kept})
    if missing:
        raise DataError(
            f"{_GROUPS}: no image of {', '.join(missing)} is left; see why with disney progress, "
            "or take the character out of params.yaml"
        )
    split = [
        SplitRow(
            sha256=row.sha256,
            file=row.file,
            character=row.character,
            group=row.family or row.group,
            split=draw_split(row.sha256, fractions, seed=seed),
        )
        for row in kept
    ]
    check_groups(split, source=_GROUPS)
    return split


def gaps(rows: Iterable[SplitRow], *, characters: Sequence[str]) -> list[tuple[str, str]]:
    """List the characters that have no image in a split, with the split: too few for the draw."""
    present = {(row.character, row.split) for row in rows}
    wanted = [(character, split) for character in characters for split in SPLITS]
    return [pair for pair in wanted if pair not in present]


def check_unique(sha256s: Iterable[str], *, source: str, stage: str) -> None:
    """Refuse an image that a file names twice.

    Raises:
        DataError: names the first, and the stage that writes the file.
    """
    seen = set()
    for sha256 in sha256s:
        if sha256 in seen:
            raise DataError(
                f"{source}: sha256 {sha256} is kept twice; undo the edit, or run dvc repro --force "
                f"{stage}"
            )
        seen.add(sha256)


def check_groups(rows: Iterable[SplitRow], *, source: str = "data/processed/split.csv") -> None:
    """Refuse a split in which copies of one picture are both learned from and tested on.

    Raises:
        DataError: names the first group that straddles, and its splits; or an image listed twice.
    """
    rows = list(rows)
    check_unique((row.sha256 for row in rows), source=source, stage="split")
    splits: dict[str, set[str]] = {}
    for row in rows:
        splits.setdefault(row.group, set()).add(row.split)
    for group, found in sorted(splits.items()):
        if len(found) > 1:
            raise DataError(
                f"{source}: group {group} is in {' and '.join(sorted(found))}; copies of one "
                "picture must share a split: undo the edit and run dvc repro --force split"
            )


def check_leaks(rows: Iterable[SplitRow], pairs: Iterable[PairRow]) -> None:
    """Refuse a split in which two images that are alike are in two splits.

    Raises:
        DataError: names the first such pair, its splits and how alike they are.
    """
    places = {row.sha256: row for row in rows}
    for pair in pairs:
        one, other = places.get(pair.sha256), places.get(pair.other_sha256)
        if one and other and one.split != other.split:
            raise DataError(
                f"leak: {one.file} in {one.split} and {other.file} in {other.split} are alike "
                f"({pair.band} in data/interim/pairs.csv); run dvc repro --force deduplicate, or "
                "say distinct in data/reviews/<member>.csv if they are not"
            )
