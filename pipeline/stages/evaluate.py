"""Stage `evaluate <network>`: score one trained network, once, on the test pictures.

Reads models/<network>/, data/processed/split.csv, data/processed/val/ and data/processed/test/.
Writes reports/networks/<network>/: predictions.csv and what follows from it (metrics.json,
per_class.csv, confusion.svg, mistakes.png), seeds.csv and seeds/ of further trainings,
out_of_fold.csv, learning.svg with its history.csv, and timing.json.
"""

from time import perf_counter

from pipeline.dataset.pack import read_pack
from pipeline.evaluation.figures import write_figures
from pipeline.evaluation.predictions import read_predictions, write_predictions
from pipeline.evaluation.repeats import write_seeds
from pipeline.evaluation.scores import in_words, write_scores
from pipeline.files import read_rows, write_json, write_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import EpochRow, SplitRow
from pipeline.stages.console import run_item_stage


def main(project: Project, params: Params, slug: str) -> None:
    """Predict val and test, score test, draw figures."""
    params.network(slug)  # a wrong name is told before torch takes its seconds
    from pipeline.training.repeats import load_seeds, measure, predict_splits  # noqa: PLC0415
    from pipeline.training.runtime import Runtime  # noqa: PLC0415

    models = load_seeds(project.model(slug), project.model_seeds(slug))
    packs = {split: read_pack(project.pack(split)) for split in ("val", "test")}
    start_s = perf_counter()
    runtime = Runtime.detect()
    by_seed = {model.card.seed: predict_splits(model, packs, runtime=runtime) for model in models}
    seconds = (perf_counter() - start_s) / len(models)
    card, folder = models[0].card, project.network_report(slug)
    predictions = by_seed[card.seed]
    history = read_rows(project.model(slug) / "history.csv", EpochRow)
    facts = measure(models[0]) | card.model_dump(include={"init", "num_params", "best_epoch"})
    values = write_scores(
        folder,
        predictions,
        split_rows=read_rows(project.split, SplitRow),
        samples=params.evaluate.bootstrap_samples,
        seed=params.seed,
        facts=facts
        | {"arch": card.network.arch, "num_epochs": len(history)}
        | write_seeds(folder, by_seed),
    )
    best = card.best_epoch
    write_figures(folder, predictions, test_pack=packs["test"], history=history, best_epoch=best)
    write_rows(folder / "history.csv", EpochRow, history)
    unseen = read_predictions(project.model(slug) / "out_of_fold.csv")
    write_predictions(folder / "out_of_fold.csv", unseen)
    images_per_s = len(predictions.sha256s) / seconds
    write_json(folder / "timing.json", {"seconds": seconds, "images_per_s": images_per_s})
    print(f"evaluate {slug}: {in_words(values)}")


if __name__ == "__main__":
    run_item_stage(main)
