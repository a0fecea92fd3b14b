"""The training loop: one network, its best epoch by validation, resumable after every epoch.

    for each epoch:
        for each batch:   loss -> gradient -> clipped -> AdamW -> moving average of the weights
        judge the average on val, write the checkpoint, stop if it has not improved for long

A run is a pure function of its `Job` on one machine: killed and started again, it gives the same
bytes as if it had not been.
"""

import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import timm
import torch

import pipeline.networks
from pipeline.dataset import loader, transforms
from pipeline.dataset.loader import count_batches
from pipeline.dataset.pack import Pack
from pipeline.errors import DataError
from pipeline.evaluation import metrics
from pipeline.files import sha256_of, write_rows
from pipeline.networks import Card, Start, architecture_file, count_parameters, start_network
from pipeline.params import AnyNetwork, Train
from pipeline.progress import Progress, silent
from pipeline.records import EpochRow
from pipeline.training.checkpoint import (
    Checkpoint,
    Weights,
    load_checkpoint,
    run_key,
    save_checkpoint,
)
from pipeline.training.learner import Learner, OnStep
from pipeline.training.runtime import Runtime
from pipeline.training.seed import derive_seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """All that decides how a network turns out."""

    network: AnyNetwork
    train: Train  # with the network's own keys merged in
    train_pack: Pack
    val_pack: Pack
    seed: int
    root: Path  # of the project; files of weights are relative to it
    runtime: Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What came out."""

    weights: Weights  # of the best epoch
    card: Card
    history: list[EpochRow]
    timing: dict[str, float]  # seconds, images_per_s, peak_memory_mb: not the same twice


def train_network(job: Job, *, runs: Path, progress: Progress = silent) -> Trained:
    """Train a network, go on with a run that was killed, or find a finished one.

    Args:
        job: what to train.
        runs: folder of all runs; history.csv in the run's own folder grows with every epoch.
        progress: called after each step.

    Raises:
        DataError: the two packs do not name the same classes.
        ModelError: weights to start from or a checkpoint cannot be used, or the loss is not a
            number; the checkpoint of the last good epoch stays.
    """
    if job.train_pack.classes != job.val_pack.classes:
        raise DataError("train and val are packed for other classes; run dvc repro augment")
    with job.runtime.applied():
        torch.manual_seed(derive_seed(job.seed, use="init"))
        num_classes = len(job.train_pack.classes)
        start = start_network(job.network, num_classes=num_classes, root=job.root)
        folder = runs / _key(job, init=start.init)
        checkpoint = _run(job, start, folder=folder, progress=progress)
    return Trained(
        weights=checkpoint.best,
        card=_card(job, start, checkpoint),
        history=checkpoint.history,
        timing=_timing(job, checkpoint),
    )


def _run(job: Job, start: Start, *, folder: Path, progress: Progress) -> Checkpoint:
    """Run the epochs that are left."""
    path = folder / "checkpoint.pt"
    learner = Learner(start, job.train, seed=job.seed, runtime=job.runtime)
    checkpoint = load_checkpoint(path) or Checkpoint()
    if checkpoint.module:  # neither new nor finished
        learner.restore(checkpoint)
    while not checkpoint.is_finished:
        began_s = time.monotonic()
        report = _step_reporter(job, checkpoint, progress=progress)
        row = learner.run_epoch(checkpoint.epoch + 1, job.train_pack, job.val_pack, on_step=report)
        _note(checkpoint, row, learner=learner, train=job.train)
        checkpoint.seconds += time.monotonic() - began_s
        save_checkpoint(path, checkpoint)
        write_rows(folder / "history.csv", EpochRow, checkpoint.history)
    return checkpoint


def _note(checkpoint: Checkpoint, row: EpochRow, *, learner: Learner, train: Train) -> None:
    """Enter a finished epoch: is it the best, is it the last?"""
    checkpoint.epoch = row.epoch
    checkpoint.history.append(row)
    if row is max(checkpoint.history, key=_merit):
        checkpoint.best_epoch, checkpoint.best = row.epoch, learner.weights()
    is_stuck = row.epoch - checkpoint.best_epoch >= train.patience_epochs
    checkpoint.is_finished = is_stuck or row.epoch >= train.epochs
    if checkpoint.is_finished:
        checkpoint.drop_state()
    else:
        learner.save_into(checkpoint)


def _merit(row: EpochRow) -> tuple[float, float]:
    """Rank epochs by macro-F1 on val; a small val has many ties, and the surer one is better."""
    return row.val_macro_f1, -row.val_loss


def _step_reporter(job: Job, checkpoint: Checkpoint, *, progress: Progress) -> OnStep:
    """Make the call after each step: how far, and how it goes."""
    per_epoch = count_batches(len(job.train_pack), batch_size=job.train.batch_size)
    val_macro_f1 = checkpoint.history[-1].val_macro_f1 if checkpoint.history else 0.0

    def report(step: int, loss: float) -> None:
        epoch = f"epoch {checkpoint.epoch + 1}/{job.train.epochs}"
        note = f"{epoch}  loss {loss:.3f}  val F1 {val_macro_f1:.3f}"
        progress(step, job.train.epochs * per_epoch, note)

    return report


def _key(job: Job, *, init: str) -> str:
    """Name the run by all that decides its result."""
    settings = {
        "network": job.network.model_dump(mode="json"),
        "train": job.train.model_dump(mode="json"),
        "seed": job.seed,
        "data": _data_sha256(job),
        "init": init,
        "runtime": [job.runtime.device, job.runtime.threads, job.runtime.precision],
        "versions": [torch.__version__, timm.__version__],
    }
    return run_key(settings, code=_code(job.network.arch))


def _code(arch: str) -> Iterator[Path]:
    """Name the sources that decide what a network learns."""
    yield architecture_file(arch)
    for module in (pipeline.networks, loader, transforms, metrics):
        yield Path(str(module.__file__))
    yield from Path(__file__).parent.glob("*.py")


def _data_sha256(job: Job) -> str:
    return sha256_of(f"{job.train_pack.sha256()}{job.val_pack.sha256()}".encode())


def _card(job: Job, start: Start, checkpoint: Checkpoint) -> Card:
    best = checkpoint.history[checkpoint.best_epoch - 1]
    return Card(
        classes=job.train_pack.classes,
        image_size_px=start.view.image_size_px,
        mean=start.view.mean,
        std=start.view.std,
        resize="letterbox",
        network=job.network,
        train=job.train,
        num_params=count_parameters(start.module),
        data_sha256=_data_sha256(job),
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
