"""Stage `evaluate <network>`: score one trained network, once, on the test pictures.

Reads models/<network>/, data/processed/ (split.csv, val/, test/), data/interim/groups.csv and the
manifests. Writes reports/networks/<network>/: predictions.csv, perturbed.csv, out_of_fold.csv and
seeds/, the tables and figures that follow from them, history.csv, card.json and timing.json.
"""

from pipeline.dataset.pack import read_pack
from pipeline.evaluation.dossier import OUT_OF_FOLD, read_background, write_dossier, write_unseen
from pipeline.evaluation.figures import write_figures
from pipeline.evaluation.repeats import write_seeds
from pipeline.evaluation.scores import in_words
from pipeline.evaluation.temperature import read_calibration
from pipeline.files import read_rows, write_json, write_rows
from pipeline.inference.trained import check_learned
from pipeline.params import Params
from pipeline.params.card import CARD
from pipeline.paths import Project
from pipeline.records import EpochRow
from pipeline.stages.console import run_item_stage


def main(project: Project, params: Params, slug: str) -> None:
    """Predict val and test, also spoiled; score test; draw figures."""
    card = check_learned(slug, project, params)  # told before torch takes its seconds
    from pipeline.evaluation.explain.report import write_explanations  # noqa: PLC0415
    from pipeline.training import answers  # noqa: PLC0415
    from pipeline.training.runtime import Runtime  # noqa: PLC0415

    runtime = Runtime.detect()
    models = answers.load_seeds(project.model(slug), project.model_seeds(slug))
    background = read_background(project, params)
    packs = {"val": read_pack(project.pack("val")), "test": background.test_pack}
    by_seed, seconds = answers.predict_seeds(models, packs, runtime=runtime)
    first, folder = models[0], project.network_report(slug)
    predictions = by_seed[card.seed]
    history = read_rows(project.model(slug) / "history.csv", EpochRow)
    facts = card.model_dump(include={"init", "num_params", "best_epoch"}) | answers.measure(first)
    facts |= {"arch": card.network.arch, "num_epochs": len(history)}
    values = write_dossier(
        folder,
        predictions,
        background=background,
        answer=answers.answer_by(first, runtime=runtime),
        facts=facts | write_seeds(folder, by_seed),
        calibration=read_calibration(project.model(slug), weights_sha256=card.weights_sha256),
    )
    write_unseen(folder, project.model(slug) / OUT_OF_FOLD, predictions=predictions)
    best = card.best_epoch
    write_figures(folder, predictions, test_pack=packs["test"], history=history, best_epoch=best)
    write_explanations(folder, first, packs["test"], predictions)
    write_rows(folder / "history.csv", EpochRow, history)
    write_json(folder / CARD, card.model_dump(mode="json"))
    timing = {"seconds": seconds, "images_per_s": len(predictions.sha256s) / seconds}
    write_json(folder / "timing.json", timing)
    print(f"evaluate {slug}: {in_words(values)}")


if __name__ == "__main__":
    run_item_stage(main)
