"""Stage `deduplicate`: reads data/raw, manifests, reviews and denied.csv, writes data/interim."""

from collections import Counter

from pipeline.catalog.catalog import Catalog
from pipeline.catalog.file_checks import check_files
from pipeline.dataset.split import leave_out_straddlers
from pipeline.dedup.evidence import find_evidence
from pipeline.dedup.groups import group_images
from pipeline.dedup.library import fingerprint_files
from pipeline.dedup.quality import find_flawed, grade_pictures, list_quality
from pipeline.dedup.verify import find_likeness
from pipeline.files import write_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import ConflictRow, GroupRow, PairRow, QualityRow
from pipeline.stages.console import progress_bar, run_stage


def main(project: Project, params: Params) -> None:
    """Group the copies among all images and say how many pictures are left."""
    catalog = Catalog(project, characters=params.characters)
    verdicts, images = catalog.verdicts, catalog.records
    with progress_bar("check files") as progress:
        check_files(catalog.records_of, progress=progress)
    files = {image.sha256: project.root / image.file for image in images}
    with progress_bar("fingerprint") as progress:
        found = fingerprint_files(files, cache=project.fingerprints, progress=progress)
    with progress_bar("compare") as progress:
        seen = find_evidence(found, files, cache=project.fingerprints, progress=progress)
    grades = grade_pictures(found, params.dedup.quality)
    grouped = group_images(
        images,
        find_likeness(found, params.dedup, evidence=seen),
        verdicts=verdicts,
        denied=catalog.denied.among(images),
        unreadable=found.unreadable,
        flawed=find_flawed(grades, params.dedup.quality.reject),
        conflicts=params.dedup.conflicts,
    )
    rows = leave_out_straddlers(grouped.rows, params.split, seed=params.seed)
    write_rows(project.groups, GroupRow, rows)
    write_rows(project.pairs, PairRow, grouped.pairs)
    write_rows(project.conflicts, ConflictRow, grouped.conflicts)
    write_rows(project.quality, QualityRow, list_quality(rows, grades))
    reasons = Counter(row.reason for row in rows)
    print("deduplicate: " + ", ".join(f"{n} {reason}" for reason, n in sorted(reasons.items())))


if __name__ == "__main__":
    run_stage(main)
