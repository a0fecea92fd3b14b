"""A network while it learns: weights, their moving average, and the optimizer."""

import copy
import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, cast

import numpy as np
import torch
from timm.utils import ModelEmaV3
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from pipeline.dataset.loader import TrainBatch, count_batches, train_batches
from pipeline.dataset.seed import derive_seed
from pipeline.dataset.selection import Pictures
from pipeline.errors import ModelError, ParamsError
from pipeline.evaluation.metrics import accuracy, confusion_matrix, macro_f1
from pipeline.networks import Start
from pipeline.params import Train
from pipeline.records import EpochRow
from pipeline.training.checkpoint import Checkpoint, Weights
from pipeline.training.distributed import share_out, sum_over_processes, synchronise_batch_norm
from pipeline.training.objective import Objective
from pipeline.training.optim import lr_factor, make_optimizer, peak_lr, set_lr
from pipeline.training.predict import predict_probs
from pipeline.training.runtime import Runtime

DIGITS = 6  # of history.csv
OnStep = Callable[[int, float, float], None]  # steps done in the epoch, sum of losses, last loss


class Learner:
    """One network in training; a step depends on its weights and its number alone."""

    def __init__(
        self, start: Start, train: Train, *, objective: Objective, seed: int, runtime: Runtime
    ) -> None:
        self.start, self.train, self.objective = start, train, objective
        self.seed, self.runtime = seed, runtime
        self.module = runtime.place(synchronise_batch_norm(start.module, runtime))
        if train.grad_checkpointing:
            _checkpoint_gradients(self.module)
        self.shared = share_out(self.module, runtime)
        compiles = train.compile and runtime.device == "cuda"
        self.forward: Callable[[Tensor], Tensor] = (
            torch.compile(self.shared) if compiles else self.shared
        )
        self.optimizer = make_optimizer(start, train)
        # The average starts short and grows long: the first weights, which are noise, are soon out.
        self.average = (
            ModelEmaV3(self.module, decay=train.ema_decay, use_warmup=True)
            if train.ema_decay
            else None
        )

    @property
    def judged(self) -> nn.Module:
        """The network that is scored and kept: the moving average wherever there is one."""
        return self.module if self.average is None else self.average.module

    def run_epoch(
        self, checkpoint: Checkpoint, pictures: Pictures, val: Pictures, *, on_step: OnStep
    ) -> EpochRow:
        """Learn from the training pictures once, or from those that are left, then judge on val.

        Args:
            checkpoint: which epoch is next, and which of its steps are done.
            pictures: the training split.
            val: to choose the best epoch by.
            on_step: called after each step.

        Raises:
            ModelError: the loss is not a number, or the GPU's memory is full.
        """
        epoch = checkpoint.epoch + 1
        loss = self._learn(checkpoint, pictures, on_step=on_step)
        scores = self._score(val)
        if not math.isfinite(scores["val_loss"]):
            raise ModelError(f"no number comes out after epoch {epoch}; {_advice(checkpoint)}")
        num_done = epoch * count_batches(len(pictures), batch_size=self.train.batch_size)
        lr = self._lr(num_done, num_steps=num_done // epoch * self.train.epochs)
        values = {"lr": lr, "train_loss": loss, **scores}
        return EpochRow(epoch=epoch, **{key: round(value, DIGITS) for key, value in values.items()})

    def save_into(self, checkpoint: Checkpoint) -> None:
        """Put what the next step needs into a checkpoint."""
        checkpoint.module = self.module.state_dict()
        checkpoint.optimizer = self.optimizer.state_dict()
        checkpoint.average = {} if self.average is None else self.average.module.state_dict()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take up where a checkpoint left off."""
        self.module.load_state_dict(checkpoint.module)
        self.optimizer.load_state_dict(checkpoint.optimizer)
        if self.average is not None:
            self.average.module.load_state_dict(checkpoint.average)

    def weights(self) -> Weights:
        """Copy the weights that are judged."""
        return copy.deepcopy(self.judged.state_dict())

    def _learn(self, checkpoint: Checkpoint, pictures: Pictures, *, on_step: OnStep) -> float:
        """Run the steps of an epoch that are left. Returns the mean loss of all its steps."""
        epoch = checkpoint.epoch + 1
        per_epoch = count_batches(len(pictures), batch_size=self.train.batch_size)
        batches = train_batches(
            pictures,
            view=self.start.view,
            train=self.train,
            seed=self.seed,
            epoch=epoch,
            first_step=checkpoint.step,
            share=self.runtime.share,
            device=self.runtime.device,
        )
        self._set_modes()
        total_loss = checkpoint.loss_sum
        for done, batch in enumerate(batches, start=checkpoint.step + 1):
            step = (epoch - 1) * per_epoch + done  # of the whole run, 1 is the first
            lr = self._lr(step, num_steps=self.train.epochs * per_epoch)
            set_lr(self.optimizer, lr, only_head=epoch <= self.train.head_first_epochs)
            loss = self.step(batch, step=step)
            if not math.isfinite(loss):
                where = f"epoch {epoch}, step {step}, lr {lr:.2g}"
                raise ModelError(f"the loss is {loss} in {where}; {_advice(checkpoint)}")
            total_loss += loss * batch.num_pictures
            on_step(done, total_loss, loss)
        return total_loss / len(pictures)

    def step(self, batch: TrainBatch, *, step: int) -> float:
        """Move the weights once against the gradient of one batch. Returns its mean loss."""
        use = derive_seed(self.seed, use="network", step=step, rank=self.runtime.rank)
        torch.manual_seed(use)  # dropout and such
        self.optimizer.zero_grad()
        loss: Tensor | None = None
        with suppress(torch.OutOfMemoryError):
            loss = self._backward(batch)
        if loss is None:  # the error is let go of first: it holds on to what filled the memory
            raise ModelError(self._too_large(batch))
        nn.utils.clip_grad_norm_(self.module.parameters(), self.train.clip_grad_norm)
        self.optimizer.step()
        if self.average is not None:
            self.average.update(self.module, step=step)
        return sum_over_processes(loss, self.runtime).item()

    def _backward(self, batch: TrainBatch) -> Tensor:
        """Add up the gradients of a batch, part by part. Returns this process's share of the loss.

        Torch averages gradients over processes; what is wanted is the mean over all pictures, to
        which a process may contribute one more than another.
        """
        num_parts = count_parts(
            batch.num_pictures, most=self.train.micro_batches, processes=self.runtime.world
        )
        parts = zip(
            batch.x_BCSS.tensor_split(num_parts),
            batch.targets_BK.tensor_split(num_parts),
            strict=True,
        )
        total = batch.targets_BK.new_zeros(())
        for number, (x_BCSS, targets_BK) in enumerate(parts, start=1):
            with self._collecting(is_last=number == num_parts):
                losses_B = self._losses(x_BCSS, targets_BK)
                loss = losses_B.sum() / batch.num_pictures
                torch.autograd.backward(loss * self.runtime.world)
            total += loss.detach()
        return total

    def _losses(self, x_BCSS: Tensor, targets_BK: Tensor) -> Tensor:
        x_BCSS, dtype = x_BCSS.to(self.runtime.dtype), self.runtime.dtype
        with self.runtime.autocast():
            logits_BK = self.forward(x_BCSS)
        return self.objective.losses(logits_BK.to(dtype), targets_BK.to(dtype), x_BCSS)

    def _collecting(self, *, is_last: bool) -> AbstractContextManager[None]:
        """Exchange gradients between processes once a batch, after its last part."""
        if is_last or self.runtime.world == 1:
            return nullcontext()
        return cast("AbstractContextManager[None]", cast("Any", self.shared).no_sync())

    def _lr(self, step: int, *, num_steps: int) -> float:
        """Give the rate of a step of the whole run, 1 is the first."""
        fraction = self.train.warmup_fraction
        factor = lr_factor(step - 1, num_steps=num_steps, warmup_fraction=fraction)
        return factor * peak_lr(self.start, self.train)

    def _set_modes(self) -> None:
        """Train, but leave batch norm alone where its statistics came with the weights."""
        self.module.train()
        if self.start.freezes_batch_norm:
            for layer in self.module.modules():
                if isinstance(layer, _BatchNorm):
                    layer.eval()

    def _score(self, val: Pictures) -> dict[str, float]:
        probs_NK = predict_probs(self.judged, val, view=self.start.view, runtime=self.runtime)
        confusion_KK = confusion_matrix(
            val.labels_N, probs_NK.argmax(axis=1), num_classes=probs_NK.shape[1]
        )
        label_probs_N = probs_NK[np.arange(len(val)), val.labels_N]
        return {
            "val_loss": float(-np.log(label_probs_N.clip(min=np.finfo(float).tiny)).mean()),
            "val_accuracy": float(accuracy(confusion_KK)),
            "val_macro_f1": float(macro_f1(confusion_KK)),
        }

    def _too_large(self, batch: TrainBatch) -> str:
        """Say how many pictures at once would have fitted, by trying."""
        num = math.ceil(len(batch.x_BCSS) / self.train.micro_batches)
        size_px = self.start.view.image_size_px
        found = f"the GPU's memory is full with {num} pictures of {size_px} px at once"
        if self.runtime.world > 1:  # a trial's gradients would wait for the other processes
            return f"{found}: set train.micro_batches: {2 * self.train.micro_batches}"
        for fitting in _halves(num):
            parts = math.ceil(len(batch.x_BCSS) / fitting)
            if parts > self.train.batch_size // 2:  # what `Train` refuses
                break
            try:
                torch.cuda.empty_cache()
                losses_B = self._losses(batch.x_BCSS[:fitting], batch.targets_BK[:fitting])
                torch.autograd.backward(losses_B.sum())
            except torch.OutOfMemoryError:
                continue
            return f"{found}; {fitting} fit: set train.micro_batches: {parts}"
        return f"{found}, and not even two fit: lower image_size_px or train.batch_size"


def count_parts(num_pictures: int, *, most: int, processes: int) -> int:
    """Count the parts of a batch: as many in each process, because batch norms wait.

    Each part has 2 pictures or more, because batch norm cannot learn from one; a batch may be half
    as large as `train.batch_size`, so it may have fewer parts than asked for.

    >>> [count_parts(num, most=3, processes=2) for num in (12, 11, 5, 3)]
    [3, 2, 1, 1]
    """
    return max(1, min(most, num_pictures // processes // 2))


def _halves(num: int) -> list[int]:
    return [num // 2**n for n in range(1, num.bit_length()) if num // 2**n]


def _checkpoint_gradients(module: nn.Module) -> None:
    refusal = f"train.grad_checkpointing: {type(module).__name__} cannot; leave it false"
    if not hasattr(module, "set_grad_checkpointing"):
        raise ParamsError(refusal)
    try:
        cast("Any", module).set_grad_checkpointing(enable=True)
    except AssertionError as error:  # how models of timm refuse
        raise ParamsError(refusal) from error


def _advice(checkpoint: Checkpoint) -> str:
    """Say what to do, and what is left if anything was saved."""
    kept = "; the last good state is kept in .runs" if checkpoint.module else ""
    return f"lower train.lr and run it again{kept}"
