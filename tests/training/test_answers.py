"""What trained networks say."""

from collections.abc import Callable
from pathlib import Path

from pipeline.dataset.pack import Pack
from pipeline.networks import save_model
from pipeline.training.answers import load_seeds, predict_splits
from pipeline.training.loop import Job
from pipeline.training.repeats import train_seeds

MakeJob = Callable[..., Job]


def test_the_main_network_is_loaded_first(make_job: MakeJob, tmp_path: Path) -> None:
    """Then those of the other seeds by number, 9 before 10, each with its card."""
    trained = train_seeds(make_job(epochs=1, seeds=(5, 9, 10)), runs=tmp_path / "runs")
    for seed, each in trained.items():
        folder = tmp_path / "model" if seed == 5 else tmp_path / "model" / "seeds" / str(seed)
        save_model(folder, each.weights, each.card)

    models = load_seeds(tmp_path / "model", tmp_path / "model" / "seeds")

    assert [5, 9, 10] == [model.card.seed for model in models]


def test_splits_are_predicted_side_by_side(make_job: MakeJob, tmp_path: Path) -> None:
    """Every picture of every split has its answer."""
    job = make_job(epochs=1)
    (trained,) = train_seeds(job, runs=tmp_path / "runs").values()
    save_model(tmp_path / "model", trained.weights, trained.card)
    (tmp_path / "none").mkdir()
    (model,) = load_seeds(tmp_path / "model", tmp_path / "none")
    assert isinstance(job.val_pack, Pack)

    predictions = predict_splits(model, {"val": job.val_pack}, runtime=job.runtime)

    assert sorted(row.sha256 for row in job.val_pack.rows) == list(predictions.sha256s)
