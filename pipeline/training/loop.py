"""Train a network, best epoch chosen on val; safe to kill at any moment.

A job is a value: network, settings, packs and seed. What it gives is a pure function of it, on one
machine, and its state lies in .runs/<hash of the job>/: killed and started again, it gives the same
bytes as if it had not been.
"""

import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import timm
import torch
from torch import nn

import pipeline.dataset
import pipeline.networks
from pipeline.dataset.loader import count_batches
from pipeline.dataset.pack import learned_sha256
from pipeline.dataset.seed import derive_seed
from pipeline.dataset.selection import Pictures
from pipeline.errors import DataError, ParamsError
from pipeline.evaluation import metrics
from pipeline.files import write_rows
from pipeline.networks import Start, count_parameters, sources_of, start_network
from pipeline.params import AnyNetwork, Distill, Train, merge_train
from pipeline.params.card import Card
from pipeline.params.train import WITHOUT_EFFECT
from pipeline.paths import visible
from pipeline.progress import Progress, silent
from pipeline.records import EpochRow
from pipeline.training.checkpoint import (
    Checkpoint,
    Weights,
    load_checkpoint,
    run_key,
    save_checkpoint,
)
from pipeline.training.distributed import any_process
from pipeline.training.learner import Learner
from pipeline.training.objective import Teacher, make_objective
from pipeline.training.runtime import Runtime


@dataclass(frozen=True, kw_only=True)
class Job:
    """All that decides how a network turns out."""

    network: AnyNetwork
    common: Train  # section `train` of params.yaml; the network's own keys come over it
    train_pack: Pictures
    val_pack: Pictures
    seed: int
    root: Path  # of the project; files of weights are relative to it
    runtime: Runtime
    keeps: Literal["best", "last"] = "best"  # epoch; last: val decides nothing

    @cached_property
    def train(self) -> Train:
        """The settings of this network."""
        return merge_train(self.common, self.network)

    @cached_property
    def data_sha256(self) -> str:
        """Hash of all pictures that it learns from and is judged by."""
        return learned_sha256(self.train_pack.sha256(), self.val_pack.sha256())


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What came out."""

    weights: Weights  # of the epoch that is kept
    card: Card
    history: list[EpochRow]
    timing: dict[str, float]  # seconds, images_per_s, peak_memory_mb: not the same twice


def in_words(trained: Trained) -> str:
    """Say in a line what came out, for a log."""
    card = trained.card
    return (
        f"val macro-F1 {card.val_macro_f1:.3f} at epoch {card.best_epoch} of "
        f"{len(trained.history)}, {card.num_params:,} parameters from {card.init}, "
        f"{trained.timing['seconds']:.0f} s"
    )


def trained_module(trained: Trained, *, runtime: Runtime) -> nn.Module:
    """Build a trained network, in evaluation mode on the runtime's device."""
    module = pipeline.networks.build_network(trained.card.network, classes=trained.card.classes)
    module.load_state_dict(trained.weights)
    return runtime.place(module).eval()


def never() -> bool:
    """Tell that nobody wants training to stop."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Who watches a run from outside."""

    progress: Progress = silent  # called after each step, in the first process
    is_stopped: Callable[[], bool] = never  # asked after each step; one process stops all


def train_network(job: Job, *, runs: Path, hooks: Hooks | None = None) -> Trained:
    """Train a network, go on with a run that was killed, or find a finished one.

    A teacher is trained first, by the same rules.

    Args:
        job: what to train.
        runs: folder of all runs; history.csv in the run's own folder grows with every epoch.
        hooks: who watches.

    Raises:
        DataError: the two packs do not name the same classes.
        ParamsError: a setting makes no sense for this network.
        ModelError: weights to start from or a checkpoint cannot be used, the loss is not a number
            (the checkpoint of the last good state stays), or the GPU's memory is full.
        KeyboardInterrupt: `hooks.is_stopped` said so; the state is saved.
    """
    hooks = hooks or Hooks()
    if job.train_pack.classes != job.val_pack.classes:
        raise DataError("train and val are packed for other classes; run dvc repro augment")
    if job.train.batch_size < 2 * job.runtime.world:
        raise ParamsError(
            f"train.batch_size (={job.train.batch_size}) must give each of {job.runtime.world} "
            "processes at least 2 pictures"
        )
    teacher = _train_teacher(job, runs=runs, hooks=hooks)
    with job.runtime.applied():
        torch.manual_seed(derive_seed(job.seed, use="init"))
        start = start_network(job.network, classes=job.train_pack.classes, root=job.root)
        run = _Run(job, start, teacher=teacher, runs=runs, hooks=hooks)
        checkpoint = run.finish()
    return Trained(
        weights=checkpoint.best,
        card=_card(job, start, checkpoint),
        history=checkpoint.history,
        timing=_timing(job, checkpoint),
    )


class _Run:
    """The epochs of one job that are left."""

    def __init__(
        self, job: Job, start: Start, *, teacher: Trained | None, runs: Path, hooks: Hooks
    ) -> None:
        self.job, self.hooks = job, hooks
        self.folder = runs / _key(job, init=start.init, teacher=teacher)
        self.checkpoint = load_checkpoint(self.path) or Checkpoint()
        self.learner = self._make_learner(start, teacher)
        if self.checkpoint.module:  # neither new nor finished
            self.learner.restore(self.checkpoint)
        self.per_epoch = count_batches(len(job.train_pack), batch_size=job.train.batch_size)
        self.began_s = self.saved_s = time.monotonic()

    @property
    def path(self) -> Path:
        return self.folder / "checkpoint.pt"

    def finish(self) -> Checkpoint:
        """Run to the end."""
        while not self.checkpoint.is_finished:
            row = self.learner.run_epoch(
                self.checkpoint, self.job.train_pack, self.job.val_pack, on_step=self._after_step
            )
            self._note(row)
            self._save()
            if self.job.runtime.is_first:
                write_rows(self.folder / "history.csv", EpochRow, self.checkpoint.history)
        return self.checkpoint

    def _make_learner(self, start: Start, teacher: Trained | None) -> Learner:
        job = self.job
        objective = make_objective(
            job.train,
            job.train_pack.labels_N,
            logits=start.logits,
            num_classes=len(job.train_pack.classes),
            device=job.runtime.device,
            teacher=_as_teacher(job, teacher),
        )
        return Learner(start, job.train, objective=objective, seed=job.seed, runtime=job.runtime)

    def _after_step(self, done: int, loss_sum: float, loss: float) -> None:
        """Enter a finished step, tell how it goes, save now and then."""
        self.checkpoint.step, self.checkpoint.loss_sum = done, loss_sum
        if self.job.runtime.is_first:
            self._tell(loss)
        stopped = any_process(self.hooks.is_stopped(), self.job.runtime)
        is_due = time.monotonic() - self.saved_s >= self.job.train.save_every_s
        if stopped or (is_due and done < self.per_epoch):  # else the epoch's end saves
            self.learner.save_into(self.checkpoint)
            self._save()
        if stopped:
            raise KeyboardInterrupt

    def _tell(self, loss: float) -> None:
        checkpoint, epochs = self.checkpoint, self.job.train.epochs
        steps = checkpoint.epoch * self.per_epoch + checkpoint.step
        seconds = checkpoint.seconds + time.monotonic() - self.began_s
        images_per_s = steps / self.per_epoch * len(self.job.train_pack) / max(seconds, 1e-9)
        val_macro_f1 = checkpoint.history[-1].val_macro_f1 if checkpoint.history else 0.0
        self.hooks.progress(
            steps,
            epochs * self.per_epoch,
            f"epoch {checkpoint.epoch + 1}/{epochs}  loss {loss:.3f}  val F1 {val_macro_f1:.3f}  "
            f"{images_per_s:.0f} images/s",
        )

    def _note(self, row: EpochRow) -> None:
        """Enter a finished epoch: is it the best, is it the last?"""
        checkpoint, train = self.checkpoint, self.job.train
        checkpoint.epoch, checkpoint.step, checkpoint.loss_sum = row.epoch, 0, 0.0
        checkpoint.history.append(row)
        is_best = row is max(checkpoint.history, key=_merit)
        if is_best or self.job.keeps == "last":
            checkpoint.best_epoch, checkpoint.best = row.epoch, self.learner.weights()
        is_stuck = row.epoch - checkpoint.best_epoch >= train.patience_epochs
        checkpoint.is_finished = is_stuck or row.epoch >= train.epochs
        if checkpoint.is_finished:
            checkpoint.drop_state()
        else:
            self.learner.save_into(checkpoint)

    def _save(self) -> None:
        now_s = time.monotonic()
        self.checkpoint.seconds += now_s - self.began_s
        self.began_s = self.saved_s = now_s
        if self.job.runtime.is_first:
            save_checkpoint(self.path, self.checkpoint)


def _merit(row: EpochRow) -> tuple[float, float]:
    """Rank epochs by macro-F1 on val; a small val has many ties, and the surer one is better."""
    return row.val_macro_f1, -row.val_loss


def _distill(job: Job) -> Distill | None:
    return getattr(job.network, "distill", None)


def _train_teacher(job: Job, *, runs: Path, hooks: Hooks) -> Trained | None:
    """Train the teacher that a network asks for, on the same pictures with the same seed.

    Raises:
        ParamsError: it does not see pictures as its student does.
    """
    distill = _distill(job)
    if distill is None:
        return None
    views = {
        start_network(spec, classes=job.train_pack.classes, root=job.root).view
        for spec in (job.network, distill.teacher)
    }
    if len(views) > 1:
        raise ParamsError(
            "distill.teacher: must see what its student sees: give both the same image_size_px, "
            "resize, mean and std"
        )
    return train_network(replace(job, network=distill.teacher), runs=runs, hooks=hooks)


def _as_teacher(job: Job, trained: Trained | None) -> Teacher | None:
    """Let a trained network teach."""
    distill = _distill(job)
    if trained is None or distill is None:
        return None
    return Teacher(
        module=trained_module(trained, runtime=job.runtime),
        weight=distill.weight,
        temperature=distill.temperature,
    )


def _key(job: Job, *, init: str, teacher: Trained | None) -> str:
    """Name the run by all that decides its result."""
    runtime = job.runtime
    settings: dict[str, Any] = {
        "network": job.network.model_dump(mode="json", exclude={"train"}),
        "train": job.train.model_dump(mode="json", exclude=WITHOUT_EFFECT),
        "teacher": teacher and _identity(teacher.card),
        "seed": job.seed,
        "data": job.data_sha256,
        "init": init,
        "keeps": job.keeps,
        "runtime": [runtime.device, runtime.threads, runtime.precision, runtime.world],
        "versions": [torch.__version__, timm.__version__],
    }
    return run_key(settings, code=_code(job.network))


def _identity(card: Card) -> dict[str, Any]:
    """Give what a card says, but for settings that change nothing."""
    return card.model_dump(
        mode="json", exclude={"train": WITHOUT_EFFECT, "network": {"train": True}}
    )


def _code(network: AnyNetwork) -> Iterator[Path]:
    """Name the sources that decide what a network learns."""
    yield from sources_of(network)
    yield Path(str(metrics.__file__))
    for module in (pipeline.dataset.__file__, __file__):
        yield from visible(Path(str(module)).parent, "*.py")


def _card(job: Job, start: Start, checkpoint: Checkpoint) -> Card:
    best = checkpoint.history[checkpoint.best_epoch - 1]
    return Card(
        **start.view.model_dump(),
        classes=job.train_pack.classes,
        packed_px=job.train_pack.side_px,
        network=job.network,
        train=job.train,
        num_params=count_parameters(start.module),
        data_sha256=job.data_sha256,
        seed=job.seed,
        init=start.init,
        best_epoch=checkpoint.best_epoch,
        val_macro_f1=best.val_macro_f1,
    )


def _timing(job: Job, checkpoint: Checkpoint) -> dict[str, float]:
    num_images = checkpoint.epoch * len(job.train_pack)
    return {
        "seconds": checkpoint.seconds,
        "images_per_s": num_images / checkpoint.seconds,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,  # Linux: KiB
    }
