"""Stage `train <network>`: train one network, best epoch chosen on val.

Reads data/processed/train/ and data/processed/val/.
Writes models/<network>/: weights.safetensors, card.json, history.csv, timing.json; seeds/<seed>/
likewise for each further seed; calibration.json, of the first, which alone answers;
out_of_fold.csv, empty without `train.folds`.
"""

from pipeline.dataset.pack import read_pack
from pipeline.evaluation.predictions import write_predictions
from pipeline.files import empty_folder, write_json, write_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import EpochRow
from pipeline.stages.console import catching_signals, progress_bar, run_item_stage
from pipeline.stages.launch import is_launched, launch


def main(project: Project, params: Params, slug: str) -> None:
    """Train the network of this slug, or take up a run that was killed."""
    network = params.network(slug)  # a wrong name is told before torch takes its seconds
    settings = params.train_of(network)
    if settings.launcher and not is_launched():
        launch("train", slug, root=project.root, processes=settings.launcher.processes)
        return
    from pipeline.networks import save_model  # noqa: PLC0415
    from pipeline.training import answers, repeats  # noqa: PLC0415
    from pipeline.training.distributed import joined  # noqa: PLC0415
    from pipeline.training.loop import Hooks, Job, in_words  # noqa: PLC0415
    from pipeline.training.runtime import Runtime  # noqa: PLC0415

    packs = {split: read_pack(project.pack(split)) for split in ("train", "val")}
    with joined(), catching_signals() as is_stopped, progress_bar(f"train {slug}") as progress:
        job = Job(
            network=network,
            common=params.train,
            train_pack=packs["train"],
            val_pack=packs["val"],
            seed=params.seed,
            root=project.root,
            runtime=Runtime.detect(settings.precision),
        )
        hooks = Hooks(progress=progress, is_stopped=is_stopped)
        trained = repeats.train_seeds(job, runs=project.runs, hooks=hooks)
        unseen = repeats.predict_out_of_fold(job, packs, runs=project.runs, hooks=hooks)
        if not job.runtime.is_first:
            return
    empty_folder(project.model_seeds(slug))  # an output, also if there are none
    for number, (seed, each) in enumerate(trained.items()):
        folder = project.model_seeds(slug) / str(seed) if number else project.model(slug)
        save_model(folder, each.weights, each.card)
        write_rows(folder / "history.csv", EpochRow, each.history)
        write_json(folder / "timing.json", each.timing)
        print(f"train {slug}, seed {seed}: {in_words(each)}")
    answers.calibrate_model(project.model(slug), packs["val"], runtime=Runtime.detect())
    write_predictions(project.model(slug) / "out_of_fold.csv", unseen)


if __name__ == "__main__":
    run_item_stage(main)
