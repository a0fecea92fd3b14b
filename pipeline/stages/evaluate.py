"""Stage `evaluate <network>`: score one trained network, once, on the test pictures.

Reads models/<network>/, data/processed/split.csv, data/processed/val/ and data/processed/test/.
Writes reports/networks/<network>/: predictions.csv and what follows from it (metrics.json,
per_class.csv, confusion.svg, mistakes.png), learning.svg with its history.csv, and timing.json.
"""

from time import perf_counter

from pipeline.dataset.pack import read_pack
from pipeline.evaluation.figures import write_figures
from pipeline.evaluation.predictions import make_predictions
from pipeline.evaluation.scores import in_words, write_scores
from pipeline.files import read_rows, write_json, write_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import EpochRow, SplitRow
from pipeline.stages.console import run_item_stage


def main(project: Project, params: Params, slug: str) -> None:
    """Predict val and test, score test, draw figures."""
    params.network(slug)  # a wrong name is told before torch takes its seconds
    from pipeline.networks import load_model  # noqa: PLC0415
    from pipeline.training.predict import predict_probs  # noqa: PLC0415
    from pipeline.training.runtime import Runtime  # noqa: PLC0415

    model, runtime = load_model(project.model(slug)), Runtime.detect()
    card, history = model.card, read_rows(project.model(slug) / "history.csv", EpochRow)
    packs = {split: read_pack(project.pack(split)) for split in ("val", "test")}
    start_s = perf_counter()
    with runtime.applied():
        module = runtime.place(model.module)
        parts = {
            split: (pack.rows, predict_probs(module, pack, view=card.view, device=runtime.device))
            for split, pack in packs.items()
        }
    seconds = perf_counter() - start_s
    predictions = make_predictions(parts, classes=card.classes)
    folder = project.network_report(slug)
    values = write_scores(
        folder,
        predictions,
        split_rows=read_rows(project.split, SplitRow),
        samples=params.evaluate.bootstrap_samples,
        seed=params.seed,
        facts=card.model_dump(include={"init", "num_params", "best_epoch"})
        | {"arch": card.network.arch, "num_epochs": len(history)},
    )
    write_figures(
        folder, predictions, test_pack=packs["test"], history=history, best_epoch=card.best_epoch
    )
    write_rows(folder / "history.csv", EpochRow, history)
    images_per_s = len(predictions.sha256s) / seconds
    write_json(folder / "timing.json", {"seconds": seconds, "images_per_s": images_per_s})
    print(f"evaluate {slug}: {in_words(values)}")


if __name__ == "__main__":
    run_item_stage(main)
