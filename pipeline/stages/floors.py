"""Stage `floors`: score what needs no network, to be beaten by every network.

Reads data/processed/, data/interim/groups.csv and the manifests. Writes reports/floors/<floor>/:
predictions.csv, the tables that follow from it, and perturbed.csv with robustness.csv of a floor
that looks at pictures. Beside them leakage.csv: how right floors seem if copies straddle the split.
"""

from pipeline.catalog.catalog import Catalog
from pipeline.dataset.pack import read_pack
from pipeline.dedup.library import fingerprint_files
from pipeline.evaluation.dossier import read_background, write_dossier
from pipeline.evaluation.floors import FLOORS
from pipeline.evaluation.leakage import compare_splits
from pipeline.evaluation.predictions import make_predictions
from pipeline.evaluation.scores import in_words
from pipeline.files import write_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import SPLITS, Belief
from pipeline.stages.console import progress_bar, run_stage


def main(project: Project, params: Params) -> None:
    """Score every floor as if it were a network."""
    packs = {split: read_pack(project.pack(split)) for split in SPLITS}
    background = read_background(project, params)
    for name, fit in FLOORS.items():
        floor = fit(packs)
        parts = {split: (packs[split].rows, probs_NK) for split, probs_NK in floor.probs.items()}
        values = write_dossier(
            project.floor_report(name),
            make_predictions(parts, classes=packs["train"].classes),
            background=background,
            answer=floor.answer if floor.sees_pictures else None,
            facts=floor.facts,
        )
        print(f"floors {name}: {in_words(values)}")
    write_rows(project.leakage, Belief, _beliefs(project, params))


def _beliefs(project: Project, params: Params) -> list[Belief]:
    """Compare a naive split with ours, on the fingerprints that stage deduplicate took."""
    rows = Catalog(project).groups
    with progress_bar("fingerprint") as progress:
        found = fingerprint_files(
            {row.sha256: project.root / row.file for row in rows},
            cache=project.fingerprints,
            progress=progress,
        )
    place = {sha256: number for number, sha256 in enumerate(found.sha256s)}
    readable = [row for row in rows if row.sha256 in place]
    cells_NSSC = found.fingerprints.colours_NVSSC[[place[row.sha256] for row in readable], 0]
    return compare_splits(readable, cells_NSSC, params.split)


if __name__ == "__main__":
    run_stage(main)
