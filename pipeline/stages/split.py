"""Stage `split`: reads data/interim/groups.csv and pairs.csv, writes data/processed/split.csv."""

import sys
from collections import Counter

from pipeline.dataset.split import check_leaks, gaps, split_images
from pipeline.files import read_rows, write_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import SPLITS, GroupRow, PairRow, SplitRow
from pipeline.stages.console import run_stage


def main(project: Project, params: Params) -> None:
    """Split the kept images, check that nothing leaks, and say how many went where."""
    rows = split_images(
        read_rows(project.groups, GroupRow),
        params.split,
        seed=params.seed,
        characters=tuple(params.characters),
    )
    check_leaks(rows, read_rows(project.pairs, PairRow))
    write_rows(project.split, SplitRow, rows)
    for character, split in gaps(rows, characters=tuple(params.characters)):
        print(f"no image of {character} is in {split}: collect more of it", file=sys.stderr)
    counts = Counter(row.split for row in rows)
    print("split: " + ", ".join(f"{counts[split]} {split}" for split in SPLITS))


if __name__ == "__main__":
    run_stage(main)
