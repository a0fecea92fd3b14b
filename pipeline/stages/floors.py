"""Stage `floors`: score what needs no network, to be beaten by every network.

Reads data/processed/, data/interim/groups.csv and the manifests. Writes reports/floors/<floor>/:
predictions.csv, the tables that follow from it, and perturbed.csv with robustness.csv of a floor
that looks at pictures.
"""

from pipeline.dataset.pack import read_pack
from pipeline.evaluation.dossier import read_background, write_dossier
from pipeline.evaluation.floors import FLOORS
from pipeline.evaluation.predictions import make_predictions
from pipeline.evaluation.scores import in_words
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import SPLITS
from pipeline.stages.console import run_stage


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


if __name__ == "__main__":
    run_stage(main)
