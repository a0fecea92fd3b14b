"""Stage `floors`: score what needs no network, to be beaten by every network.

Reads data/processed/split.csv and data/processed/{train,val,test}/.
Writes reports/floors/<floor>/: metrics.json, predictions.csv, per_class.csv.
"""

from pipeline.dataset.pack import read_pack
from pipeline.evaluation.floors import FLOORS
from pipeline.evaluation.predictions import make_predictions
from pipeline.evaluation.scores import in_words, write_scores
from pipeline.files import read_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import SPLITS, SplitRow
from pipeline.stages.console import run_stage


def main(project: Project, params: Params) -> None:
    """Score every floor as if it were a network."""
    packs = {split: read_pack(project.pack(split)) for split in SPLITS}
    split_rows = read_rows(project.split, SplitRow)
    for name, answer in FLOORS.items():
        floor = answer(packs)
        parts = {split: (packs[split].rows, probs_NK) for split, probs_NK in floor.probs.items()}
        values = write_scores(
            project.floor_report(name),
            make_predictions(parts, classes=packs["train"].classes),
            split_rows=split_rows,
            samples=params.evaluate.bootstrap_samples,
            seed=params.seed,
            facts=floor.facts,
        )
        print(f"floors {name}: {in_words(values)}")


if __name__ == "__main__":
    run_stage(main)
