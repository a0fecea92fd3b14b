"""The training loop."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from pipeline.errors import DataError, ModelError, ParamsError
from pipeline.files import read_rows, sha256_of_file
from pipeline.networks import build_network, load_model, save_model
from pipeline.params import Cnn, Distill, Timm, Vit
from pipeline.records import EpochRow
from pipeline.training.checkpoint import load_checkpoint, save_checkpoint
from pipeline.training.loop import Hooks, Job, Trained, train_network
from pipeline.training.predict import predict_probs
from pipeline.training.runtime import Runtime
from tests.damage import Damage, spoil, three_flips

CLASSES = ("ariel", "elsa", "merida")

MakeJob = Callable[..., Job]


class StopError(Exception):
    """Raised by a test to stop a run, as a closed terminal would."""


def stop_at(step: int) -> Hooks:
    """Watch a run and break it off at a step."""

    def report(done: int, _total: int, _note: str = "") -> None:
        if done == step:
            raise StopError

    return Hooks(progress=report)


def stopping_after(step: int) -> Hooks:
    """Watch a run and want it to stop once a step is done, as Ctrl-C does."""
    steps: list[int] = []

    def note(done: int, _total: int, _note: str = "") -> None:
        steps.append(done)

    return Hooks(progress=note, is_stopped=lambda: steps[-1] == step)


def noting(steps: list[int]) -> Hooks:
    """Watch a run and note its steps."""
    return Hooks(progress=lambda done, _total, _note="": steps.append(done))


def is_same(one: Trained, other: Trained) -> bool:
    """Compare all that is the same twice: not the timing."""
    return (
        one.card == other.card
        and one.history == other.history
        and all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights)
    )


def test_learns(make_job: MakeJob, tmp_path: Path) -> None:
    """Three colours are told apart after a few epochs, and the loss falls."""
    trained = train_network(make_job(epochs=20, lr=0.01, ema_decay=0.5), runs=tmp_path / "runs")

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


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        ([(0.5, 1.0), (0.5, 0.8), (0.5, 0.9)], 2),
        ([(0.5, 0.8), (0.5, 0.8)], 1),
        ([(0.5, 0.8), (0.6, 2.0), (0.6, 2.0), (0.5, 0.1)], 2),
    ],
)
def test_of_equal_epochs_the_surest_is_kept(
    make_job: MakeJob,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    judged: list[tuple[float, float]],
    expected: int,
) -> None:
    """Equal macro-F1: the lower loss; equal loss, too: the earlier; never the loss before F1."""
    scores = iter(judged)

    def score(*_: object) -> dict[str, float]:
        return dict(zip(("val_macro_f1", "val_loss"), next(scores), strict=True), val_accuracy=0.5)

    monkeypatch.setattr("pipeline.training.learner.Learner._score", score)
    trained = train_network(make_job(epochs=len(judged)), runs=tmp_path / "runs")

    assert expected == trained.card.best_epoch


def val_loss(job: Job, trained: Trained) -> float:
    """Judge the weights that were kept."""
    module = build_network(job.network, classes=CLASSES)
    module.load_state_dict(trained.weights)
    probs_NK = predict_probs(module, job.val_pack, view=trained.card.view, runtime=job.runtime)
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
        train_network(job, runs=tmp_path / "runs", hooks=stop_at(step))
    resumed = train_network(job, runs=tmp_path / "runs", hooks=noting(steps))

    assert is_same(whole, resumed)
    assert 1 + 3 * ((step - 1) // 3) == steps[0]


@pytest.mark.parametrize("step", [1, 3, 5, 12])
def test_who_wants_to_stop_loses_no_step(make_job: MakeJob, tmp_path: Path, step: int) -> None:
    """Within an epoch, at its end or at the very last step: no bit differs, no step is repeated."""
    job, steps = make_job(mixup_alpha=0.4, balanced_sampler=True), []
    whole = train_network(job, runs=tmp_path / "whole")

    with pytest.raises(KeyboardInterrupt):
        train_network(job, runs=tmp_path / "runs", hooks=stopping_after(step))
    resumed = train_network(job, runs=tmp_path / "runs", hooks=noting(steps))

    assert is_same(whole, resumed)
    assert list(range(step + 1, 13)) == steps


def test_a_long_epoch_is_saved_within(make_job: MakeJob, tmp_path: Path) -> None:
    """Broken off in a step, a run that saves often has lost that step alone."""
    job, steps = make_job(save_every_s=1e-9), []
    whole = train_network(job, runs=tmp_path / "whole")

    with pytest.raises(StopError):
        train_network(job, runs=tmp_path / "runs", hooks=stop_at(5))
    resumed = train_network(job, runs=tmp_path / "runs", hooks=noting(steps))

    assert is_same(whole, resumed)
    assert list(range(5, 13)) == steps


def test_settings_without_effect_train_nothing_anew(make_job: MakeJob, tmp_path: Path) -> None:
    """How often to save, how many seeds or folds: the run of before is found, teacher included."""
    spec = vit_spec(distill=Distill(teacher=make_job().network))
    train_network(make_job(network=spec, epochs=1), runs=tmp_path / "runs")

    other = make_job(network=spec, epochs=1, save_every_s=5, seeds=(1, 2), folds=2)
    train_network(other, runs=tmp_path / "runs", hooks=stop_at(1))

    assert 2 == len(list((tmp_path / "runs").iterdir()))


def test_without_an_average_it_resumes_too(make_job: MakeJob, tmp_path: Path) -> None:
    """`ema_decay: 0` judges the weights themselves."""
    job = make_job(ema_decay=0)
    whole = train_network(job, runs=tmp_path / "whole")

    with pytest.raises(StopError):
        train_network(job, runs=tmp_path / "runs", hooks=stop_at(8))

    assert is_same(whole, train_network(job, runs=tmp_path / "runs"))


def test_a_finished_run_is_found(make_job: MakeJob, tmp_path: Path) -> None:
    """The same job trains nothing twice."""
    first = train_network(make_job(), runs=tmp_path / "runs")

    again = train_network(make_job(), runs=tmp_path / "runs", hooks=stop_at(1))

    assert is_same(first, again)
    assert first.timing["seconds"] == again.timing["seconds"]


@three_flips
def test_a_flipped_bit_is_never_published(
    make_job: MakeJob, tmp_path: Path, damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    """A finished run that its disk has changed is trained anew, to the same weights, and told."""
    job, runs = make_job(epochs=1), tmp_path / "runs"
    first = train_network(job, runs=runs)
    (path,) = runs.glob("*/checkpoint.pt")
    spoil(path, damage)

    assert is_same(first, train_network(job, runs=runs))
    assert [f"{path}: damaged; it is made anew"] == caplog.messages
    assert is_same(first, train_network(job, runs=runs, hooks=stop_at(1)))


def test_history_grows_while_it_trains(make_job: MakeJob, tmp_path: Path) -> None:
    """Every finished epoch is a row at once."""
    with pytest.raises(StopError):
        train_network(make_job(), runs=tmp_path / "runs", hooks=stop_at(7))

    (path,) = (tmp_path / "runs").glob("*/history.csv")
    assert [1, 2] == [row.epoch for row in read_rows(path, EpochRow)]


def test_tells_how_far_it_is(make_job: MakeJob, tmp_path: Path) -> None:
    """Each step is reported with epoch, loss and the last score."""
    reports: list[tuple[int, int, str]] = []

    def report(done: int, total: int, note: str = "") -> None:
        reports.append((done, total, note))

    train_network(make_job(epochs=2), runs=tmp_path / "runs", hooks=Hooks(progress=report))

    assert [(step, 6) for step in range(1, 7)] == [(done, total) for done, total, _ in reports]
    assert reports[-1][2].startswith("epoch 2/2  loss ")


def test_a_loss_that_is_no_number_is_told(make_job: MakeJob, tmp_path: Path) -> None:
    """The run stops and says where and what to change, and of no state that was never saved."""
    with pytest.raises(ModelError, match=r"epoch 1.*lower train\.lr and run it again$"):
        train_network(make_job(lr=1e30, warmup_fraction=0), runs=tmp_path / "runs")


def test_the_last_good_epoch_is_kept(make_job: MakeJob, tmp_path: Path) -> None:
    """A run that goes wrong leaves the checkpoint of the epoch before."""
    job = make_job()
    with pytest.raises(StopError):
        train_network(job, runs=tmp_path / "runs", hooks=stop_at(4))
    (path,) = (tmp_path / "runs").glob("*/checkpoint.pt")
    checkpoint = load_checkpoint(path)
    assert checkpoint is not None
    checkpoint.module["head.bias"].fill_(math.nan)
    save_checkpoint(path, checkpoint)
    before = path.read_bytes()

    with pytest.raises(ModelError, match=r"nan in epoch 2, step 4.*good state is kept in \.runs"):
        train_network(job, runs=tmp_path / "runs")

    assert before == path.read_bytes()


def test_packs_of_other_classes_are_refused(make_job: MakeJob, tmp_path: Path) -> None:
    """A label must mean the same in both."""
    job = make_job()
    other = dataclasses.replace(job.val_pack, classes=("elsa", "ariel", "merida"))

    with pytest.raises(DataError, match="packed for other classes"):
        train_network(dataclasses.replace(job, val_pack=other), runs=tmp_path / "runs")


def test_processes_need_pictures(make_job: MakeJob, tmp_path: Path) -> None:
    """A batch that gives a process less than 2 pictures is refused, with both numbers."""
    runtime = Runtime(device="cpu", threads=1, precision="float32", world=4)
    job = dataclasses.replace(make_job(batch_size=7), runtime=runtime)

    with pytest.raises(ParamsError, match=r"batch_size \(=7\) must give each of 4 processes"):
        train_network(job, runs=tmp_path / "runs")


def test_parts_of_a_batch_add_up(make_job: MakeJob, tmp_path: Path) -> None:
    """Three parts, not of one size, give the losses of the whole batch."""
    whole, parts = (
        train_network(
            make_job(network=vit_spec(), micro_batches=number, class_weights="sqrt"),
            runs=tmp_path / "runs",
        )
        for number in (1, 3)
    )

    expected = [row.train_loss for row in whole.history]
    assert pytest.approx(expected, abs=1e-5) == [row.train_loss for row in parts.history]
    assert whole.history[-1].train_loss < whole.history[0].train_loss


def test_computing_layers_twice_changes_nothing(make_job: MakeJob, tmp_path: Path) -> None:
    """`grad_checkpointing` saves memory: losses are the same but for rounding."""
    once, twice = (
        train_network(
            make_job(network=vit_spec(), grad_checkpointing=is_on), runs=tmp_path / "runs"
        )
        for is_on in (False, True)
    )

    expected = [row.train_loss for row in once.history]
    assert pytest.approx(expected, abs=1e-5) == [row.train_loss for row in twice.history]
    assert 2 == len(list((tmp_path / "runs").iterdir()))


def test_half_the_bits_train_too(make_job: MakeJob, tmp_path: Path) -> None:
    """With bfloat16 products on a CPU three colours are still told apart."""
    runtime = Runtime(device="cpu", threads=1, precision="bfloat16")
    job = dataclasses.replace(make_job(epochs=20, lr=0.01, ema_decay=0.5), runtime=runtime)

    trained = train_network(job, runs=tmp_path / "runs")

    assert trained.card.val_macro_f1 > 0.9
    assert {torch.float32, torch.int64} == {each.dtype for each in trained.weights.values()}


def test_the_last_epoch_can_be_kept(make_job: MakeJob, tmp_path: Path) -> None:
    """Where val must decide nothing, no epoch is chosen by it and nothing stops early."""
    job = make_job(epochs=20, lr=0.03, patience_epochs=1, ema_decay=0)
    best = train_network(job, runs=tmp_path / "runs")

    last = train_network(dataclasses.replace(job, keeps="last"), runs=tmp_path / "runs")

    assert len(best.history) < 20  # else this test shows nothing
    assert (20, 20) == (len(last.history), last.card.best_epoch)


def test_a_teacher_is_trained_once(make_job: MakeJob, tmp_path: Path) -> None:
    """Two students of the same teacher share its run, and it changes what they learn."""
    teacher, steps = make_job().network, []
    alone = train_network(make_job(network=vit_spec()), runs=tmp_path / "alone")
    first = vit_spec(distill=Distill(teacher=teacher))
    second = vit_spec(depth=2, distill=Distill(teacher=teacher))

    taught = train_network(make_job(network=first), runs=tmp_path / "runs", hooks=noting(steps))
    assert [*range(1, 13), *range(1, 13)] == steps  # the teacher's, then the student's
    steps.clear()
    train_network(make_job(network=second), runs=tmp_path / "runs", hooks=noting(steps))

    assert list(range(1, 13)) == steps
    assert 3 == len(list((tmp_path / "runs").iterdir()))
    assert alone.history != taught.history


def test_a_student_resumes_too(make_job: MakeJob, tmp_path: Path) -> None:
    """Stopped in the teacher or in the student, no bit of the result differs."""
    job = make_job(network=vit_spec(distill=Distill(teacher=make_job().network)), epochs=2)
    whole = train_network(job, runs=tmp_path / "whole")
    steps: list[int] = []

    def is_stopped() -> bool:
        return len(steps) in {2, 9}  # the second step of the teacher, a later one of the student

    for _ in range(2):
        hooks = dataclasses.replace(noting(steps), is_stopped=is_stopped)
        with pytest.raises(KeyboardInterrupt):
            train_network(job, runs=tmp_path / "runs", hooks=hooks)

    assert is_same(whole, train_network(job, runs=tmp_path / "runs", hooks=noting(steps)))
    assert [1, 2, 3, 4, 5, 6] * 2 == steps


def test_a_teacher_sees_what_its_student_sees(make_job: MakeJob, tmp_path: Path) -> None:
    """Another size or shape is refused in one line, before the teacher takes its time."""
    teacher = Cnn(arch="cnn", kernel_size=3, width=8, image_size_px=32, resize="squash")
    job = make_job(network=vit_spec(distill=Distill(teacher=teacher)))

    with pytest.raises(ParamsError, match=r"^distill\.teacher: must see what its student sees"):
        train_network(job, runs=tmp_path / "runs", hooks=stop_at(1))


def test_the_head_learns_first(make_job: MakeJob, tmp_path: Path) -> None:
    """In `head_first_epochs` nothing but the new read-out moves; afterwards all does."""
    torch.manual_seed(1)
    donor = build_network(timm_spec(weights="none"), classes=[f"c{n}" for n in range(10)])
    save_file(donor.state_dict(), tmp_path / "donor.safetensors")
    old, moved = donor.state_dict(), []
    for epochs in (1, 2):
        job = make_job(
            network=timm_spec(weights="donor.safetensors"),
            epochs=epochs,
            head_first_epochs=1,
            ema_decay=0,
        )
        new = dataclasses.replace(job, keeps="last")
        weights = train_network(new, runs=tmp_path / "runs").weights
        moved.append({n for n in old if not n.startswith("fc.") and not old[n].equal(weights[n])})

    assert set() == moved[0]
    assert "conv1.0.weight" in moved[1]


def test_the_head_comes_first_only_after_weights(make_job: MakeJob, tmp_path: Path) -> None:
    """From scratch it is refused."""
    with pytest.raises(ParamsError, match="needs a network that starts from weights"):
        train_network(make_job(head_first_epochs=1), runs=tmp_path / "runs")


def test_fine_tuning_leaves_batch_norm_alone(make_job: MakeJob, tmp_path: Path) -> None:
    """Weights move, the statistics that came with them do not."""
    torch.manual_seed(1)
    donor = build_network(timm_spec(weights="none"), classes=[f"c{n}" for n in range(10)])
    save_file(donor.state_dict(), tmp_path / "donor.safetensors")
    job = make_job(network=timm_spec(weights="donor.safetensors"), epochs=1, ema_decay=0)

    trained = train_network(job, runs=tmp_path / "runs")

    old, new = donor.state_dict(), trained.weights
    assert torch.equal(old["bn1.running_mean"], new["bn1.running_mean"])
    assert not torch.equal(old["conv1.0.weight"], new["conv1.0.weight"])
    assert trained.card.init.startswith("weights:")


def vit_spec(**more: Any) -> Vit:
    """Make a section for a small transformer, without batch norm."""
    values = {"arch": "vit", "width": 16, "heads": 2, "depth": 1, "image_size_px": 32}
    return Vit(**values | {"token_px": 16, "stem": "linear"} | more)


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
