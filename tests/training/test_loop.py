"""The training loop."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from pipeline.errors import DataError, ModelError
from pipeline.files import read_rows, sha256_of_file
from pipeline.networks import build_network, load_model, save_model
from pipeline.params import Timm
from pipeline.records import EpochRow
from pipeline.training.checkpoint import load_checkpoint, save_checkpoint
from pipeline.training.loop import Job, Trained, train_network
from pipeline.training.predict import predict_probs

MakeJob = Callable[..., Job]


class StopError(Exception):
    """Raised by a test to stop a run, as a closed terminal would."""


def stop_at(step: int) -> Callable[..., None]:
    """Make a progress callback that stops the run at a step."""

    def report(done: int, _total: int, _note: str = "") -> None:
        if done == step:
            raise StopError

    return report


def is_same(one: Trained, other: Trained) -> bool:
    """Compare all that is the same twice: not the timing."""
    return (
        one.card == other.card
        and one.history == other.history
        and all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights)
    )


def test_learns(make_job: MakeJob, tmp_path: Path) -> None:
    """Three colours are told apart after a few epochs, and the loss falls."""
    trained = train_network(make_job(epochs=12, lr=0.01, ema_decay=0.5), runs=tmp_path / "runs")

    assert trained.card.val_macro_f1 > 0.9
    assert trained.history[-1].train_loss < trained.history[0].train_loss


def test_the_best_epoch_is_kept(make_job: MakeJob, tmp_path: Path) -> None:
    """The weights are those of the epoch with the best macro-F1; ties go to the lower loss."""
    job = make_job(epochs=60, lr=0.03, patience_epochs=2, ema_decay=0)

    trained = train_network(job, runs=tmp_path / "runs")

    best = max(trained.history, key=lambda row: (row.val_macro_f1, -row.val_loss))
    assert best.epoch == trained.card.best_epoch
    assert best.epoch < len(trained.history)  # else this test shows nothing
    assert math.isclose(best.val_loss, val_loss(job, trained), abs_tol=1e-5)


def val_loss(job: Job, trained: Trained) -> float:
    """Judge the weights that were kept."""
    module = build_network(job.network, num_classes=3)
    module.load_state_dict(trained.weights)
    probs_NK = predict_probs(module, job.val_pack, view=trained.card.view)
    labels_N = job.val_pack.labels_N
    return -sum(math.log(row[label]) for row, label in zip(probs_NK, labels_N, strict=True)) / 12


def test_stops_when_nothing_improves(make_job: MakeJob, tmp_path: Path) -> None:
    """After `patience_epochs` epochs without a better one the run ends."""
    trained = train_network(
        make_job(epochs=60, lr=0.03, patience_epochs=2, ema_decay=0), runs=tmp_path / "runs"
    )

    assert len(trained.history) < 60
    assert 2 == len(trained.history) - trained.card.best_epoch


def test_two_runs_are_the_same(make_job: MakeJob, tmp_path: Path) -> None:
    """Same job, same weights, history and card, down to the byte."""
    job = make_job()
    for name in ("a", "b"):
        trained = train_network(job, runs=tmp_path / name)
        save_model(tmp_path / "models" / name, trained.weights, trained.card)

    for file in ("weights.safetensors", "card.json"):
        one, two = (sha256_of_file(tmp_path / "models" / name / file) for name in ("a", "b"))
        assert one == two


def test_another_seed_is_another_run(make_job: MakeJob, tmp_path: Path) -> None:
    """The seed decides first weights, order and views."""
    one, two = (train_network(make_job(seed=seed), runs=tmp_path / "runs") for seed in (1, 2))

    assert one.history != two.history


@pytest.mark.parametrize("step", [1, 4, 8, 12])
def test_a_stopped_run_goes_on_as_if_it_had_not(
    make_job: MakeJob, tmp_path: Path, step: int
) -> None:
    """Wherever it stops, no bit of the result differs, and no finished epoch is done again."""
    job, steps = make_job(), []
    whole = train_network(job, runs=tmp_path / "whole")

    with pytest.raises(StopError):
        train_network(job, runs=tmp_path / "runs", progress=stop_at(step))
    resumed = train_network(
        job, runs=tmp_path / "runs", progress=lambda done, _total, _note="": steps.append(done)
    )

    assert is_same(whole, resumed)
    assert 1 + 3 * ((step - 1) // 3) == steps[0]


def test_without_an_average_it_resumes_too(make_job: MakeJob, tmp_path: Path) -> None:
    """`ema_decay: 0` judges the weights themselves."""
    job = make_job(ema_decay=0)
    whole = train_network(job, runs=tmp_path / "whole")

    with pytest.raises(StopError):
        train_network(job, runs=tmp_path / "runs", progress=stop_at(8))

    assert is_same(whole, train_network(job, runs=tmp_path / "runs"))


def test_a_finished_run_is_found(make_job: MakeJob, tmp_path: Path) -> None:
    """The same job trains nothing twice."""
    first = train_network(make_job(), runs=tmp_path / "runs")

    again = train_network(make_job(), runs=tmp_path / "runs", progress=stop_at(1))

    assert is_same(first, again)
    assert first.timing["seconds"] == again.timing["seconds"]


def test_history_grows_while_it_trains(make_job: MakeJob, tmp_path: Path) -> None:
    """Every finished epoch is a row at once."""
    with pytest.raises(StopError):
        train_network(make_job(), runs=tmp_path / "runs", progress=stop_at(7))

    (path,) = (tmp_path / "runs").glob("*/history.csv")
    assert [1, 2] == [row.epoch for row in read_rows(path, EpochRow)]


def test_tells_how_far_it_is(make_job: MakeJob, tmp_path: Path) -> None:
    """Each step is reported with epoch, loss and the last score."""
    reports: list[tuple[int, int, str]] = []

    def report(done: int, total: int, note: str = "") -> None:
        reports.append((done, total, note))

    train_network(make_job(epochs=2), runs=tmp_path / "runs", progress=report)

    assert [(step, 6) for step in range(1, 7)] == [(done, total) for done, total, _ in reports]
    assert reports[-1][2].startswith("epoch 2/2  loss ")


def test_a_loss_that_is_no_number_is_told(make_job: MakeJob, tmp_path: Path) -> None:
    """The run stops and says where and what to change."""
    with pytest.raises(ModelError, match=r"epoch 1.*lower train\.lr"):
        train_network(make_job(lr=1e30, warmup_fraction=0), runs=tmp_path / "runs")


def test_the_last_good_epoch_is_kept(make_job: MakeJob, tmp_path: Path) -> None:
    """A run that goes wrong leaves the checkpoint of the epoch before."""
    job = make_job()
    with pytest.raises(StopError):
        train_network(job, runs=tmp_path / "runs", progress=stop_at(4))
    (path,) = (tmp_path / "runs").glob("*/checkpoint.pt")
    checkpoint = load_checkpoint(path)
    assert checkpoint is not None
    checkpoint.module["head.bias"].fill_(math.nan)
    save_checkpoint(path, checkpoint)
    before = path.read_bytes()

    with pytest.raises(ModelError, match=r"the loss is nan in epoch 2, step 4"):
        train_network(job, runs=tmp_path / "runs")

    assert before == path.read_bytes()


def test_packs_of_other_classes_are_refused(make_job: MakeJob, tmp_path: Path) -> None:
    """A label must mean the same in both."""
    job = make_job()
    other = dataclasses.replace(job.val_pack, classes=("elsa", "ariel", "merida"))

    with pytest.raises(DataError, match="packed for other classes"):
        train_network(dataclasses.replace(job, val_pack=other), runs=tmp_path / "runs")


def test_fine_tuning_leaves_batch_norm_alone(make_job: MakeJob, tmp_path: Path) -> None:
    """Weights move, the statistics that came with them do not."""
    torch.manual_seed(1)
    donor = build_network(timm_spec(weights="none"), num_classes=10)
    save_file(donor.state_dict(), tmp_path / "donor.safetensors")
    job = make_job(network=timm_spec(weights="donor.safetensors"), epochs=1, ema_decay=0)

    trained = train_network(job, runs=tmp_path / "runs")

    old, new = donor.state_dict(), trained.weights
    assert torch.equal(old["bn1.running_mean"], new["bn1.running_mean"])
    assert not torch.equal(old["conv1.0.weight"], new["conv1.0.weight"])
    assert trained.card.init.startswith("weights:")


def timm_spec(**more: Any) -> Timm:
    """Make a section for timm's smallest residual network."""
    return Timm(arch="timm", model="test_resnet", image_size_px=32, **more)


def test_the_card_says_all(make_job: MakeJob, tmp_path: Path) -> None:
    """What was trained, on what, from what, how well: enough to use it and to repeat it."""
    job = make_job(epochs=2)

    trained = train_network(job, runs=tmp_path / "runs")
    save_model(tmp_path / "model", trained.weights, trained.card)

    card = load_model(tmp_path / "model").card
    assert (job.network, job.train, 7) == (card.network, card.train, card.seed)
    assert ("ariel", "elsa", "merida") == card.classes
    assert "scratch" == card.init
    assert card.val_macro_f1 == trained.history[card.best_epoch - 1].val_macro_f1
    assert {"seconds", "images_per_s", "peak_memory_mb"} == trained.timing.keys()
