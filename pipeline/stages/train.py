"""Stage `train <network>`: train one network, best epoch chosen on val.

Reads data/processed/train/ and data/processed/val/.
Writes models/<network>/: weights.safetensors, card.json, history.csv, timing.json.
"""

from pipeline.dataset.pack import read_pack
from pipeline.files import write_json, write_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import EpochRow
from pipeline.stages.console import progress_bar, run_item_stage


def main(project: Project, params: Params, slug: str) -> None:
    """Train the network of this slug, or take up a run that was killed."""
    network = params.network(slug)  # a wrong name is told before torch takes its seconds
    from pipeline.networks import save_model  # noqa: PLC0415
    from pipeline.training.loop import Job, train_network  # noqa: PLC0415
    from pipeline.training.runtime import Runtime  # noqa: PLC0415

    job = Job(
        network=network,
        train=params.train_of(network),
        train_pack=read_pack(project.pack("train")),
        val_pack=read_pack(project.pack("val")),
        seed=params.seed,
        root=project.root,
        runtime=Runtime.detect(),
    )
    with progress_bar(f"train {slug}") as progress:
        trained = train_network(job, runs=project.runs, progress=progress)
    folder = project.model(slug)
    save_model(folder, trained.weights, trained.card)
    write_rows(folder / "history.csv", EpochRow, trained.history)
    write_json(folder / "timing.json", trained.timing)
    card, seconds = trained.card, trained.timing["seconds"]
    print(
        f"train {slug}: val macro-F1 {card.val_macro_f1:.3f} at epoch {card.best_epoch} of "
        f"{len(trained.history)}, {card.num_params:,} parameters from {card.init}, {seconds:.0f} s"
    )


if __name__ == "__main__":
    run_item_stage(main)
