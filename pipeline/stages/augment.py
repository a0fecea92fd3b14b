"""Stage `augment`: resize the pictures of each split once and pack them; expand training.

Reads data/processed/split.csv and the images it names.
Writes data/processed/<split>/ (images.npy, rows.csv, classes.json) and data/processed/preview.png.
"""

from pipeline.dataset.pack import (
    check_packable,
    draw_preview,
    read_pack,
    write_pack,
    write_preview,
)
from pipeline.dataset.split import check_groups
from pipeline.files import read_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import SPLITS, SplitRow
from pipeline.stages.console import progress_bar, run_stage


def main(project: Project, params: Params) -> None:
    """Pack train, val and test."""
    rows = read_rows(project.split, SplitRow)
    classes = sorted(params.characters)  # sorted: the order in params.yaml must not move labels
    check_groups(rows)
    check_packable(rows, classes=classes)
    for split in SPLITS:
        variants = params.augment.variants if split == "train" else 0
        with progress_bar(f"pack {split}") as progress:
            write_pack(
                [row for row in rows if row.split == split],
                project.pack(split),
                root=project.root,
                classes=classes,
                augment=params.augment.model_copy(update={"variants": variants}),
                seed=params.seed,
                progress=progress,
            )
    write_preview(project.preview, draw_preview(read_pack(project.pack("train"))))
    sizes = ", ".join(f"{len(read_pack(project.pack(split)))} {split}" for split in SPLITS)
    print(f"augment: packed {sizes} pictures of {len(classes)} characters")


if __name__ == "__main__":
    run_stage(main)
