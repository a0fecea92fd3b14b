"""A network while it learns: weights, their moving average, and the optimizer."""

import copy
import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from timm.utils import ModelEmaV3
from torch import Tensor, nn

from pipeline.dataset.loader import count_batches, train_batches
from pipeline.dataset.pack import Pack
from pipeline.errors import ModelError
from pipeline.evaluation.metrics import accuracy, confusion_matrix, macro_f1
from pipeline.networks import Start
from pipeline.params import Train
from pipeline.records import EpochRow
from pipeline.training.checkpoint import Checkpoint, Weights
from pipeline.training.optim import lr_factor, make_optimizer, peak_lr, set_lr
from pipeline.training.predict import predict_probs
from pipeline.training.runtime import Runtime
from pipeline.training.seed import derive_seed, make_generator

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
DIGITS = 6  # of history.csv
_ADVICE = "lower train.lr and run it again; the last good epoch is kept in .runs"
OnStep = Callable[[int, float], None]  # step from 1 on, loss


class Learner:
    """One network in training; an epoch depends on its weights and its number alone."""

    def __init__(self, start: Start, train: Train, *, seed: int, runtime: Runtime) -> None:
        self.start, self.train, self.seed, self.runtime = start, train, seed, runtime
        self.module = runtime.place(start.module)
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
        self, epoch: int, train_pack: Pack, val_pack: Pack, *, on_step: OnStep
    ) -> EpochRow:
        """Learn from every training picture once, then judge on val.

        Raises:
            ModelError: the loss is not a number.
        """
        loss, lr = self._learn(epoch, train_pack, on_step=on_step)
        scores = self._score(val_pack)
        if not math.isfinite(scores["val_loss"]):
            raise ModelError(f"no number comes out after epoch {epoch}; {_ADVICE}")
        values = {"lr": lr, "train_loss": loss, **scores}
        return EpochRow(epoch=epoch, **{key: round(value, DIGITS) for key, value in values.items()})

    def save_into(self, checkpoint: Checkpoint) -> None:
        """Put what the next epoch needs into a checkpoint."""
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

    def _learn(self, epoch: int, pack: Pack, *, on_step: OnStep) -> tuple[float, float]:
        """Run all steps of an epoch. Returns the mean loss and the last rate."""
        torch.manual_seed(derive_seed(self.seed, use="network", epoch=epoch))  # dropout and such
        batches = train_batches(
            pack,
            view=self.start.view,
            train=self.train,
            generator=make_generator(self.seed, use="batches", epoch=epoch),
            device=self.runtime.device,
        )
        per_epoch = count_batches(len(pack), batch_size=self.train.batch_size)
        self._set_modes()
        total_loss, lr = 0.0, 0.0
        for step, (x_BCSS, labels_B) in enumerate(batches, start=(epoch - 1) * per_epoch):
            lr = self._set_lr(step, num_steps=self.train.epochs * per_epoch)
            loss = self._step(x_BCSS, labels_B, step=step)
            if not math.isfinite(loss):
                where = f"epoch {epoch}, step {step + 1}, lr {lr:.2g}"
                raise ModelError(f"the loss is {loss} in {where}; {_ADVICE}")
            total_loss += loss * len(labels_B)
            on_step(step + 1, loss)
        return total_loss / len(pack), lr

    def _step(self, x_BCSS: Tensor, labels_B: Tensor, *, step: int) -> float:
        """Move the weights once against the gradient of one batch."""
        with self.runtime.autocast():
            logits_BK = self.module(x_BCSS)
        loss = F.cross_entropy(
            logits_BK.float(), labels_B, label_smoothing=self.train.label_smoothing
        )
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.module.parameters(), self.train.clip_grad_norm)
        self.optimizer.step()
        if self.average is not None:
            self.average.update(self.module, step=step + 1)
        return loss.item()

    def _set_lr(self, step: int, *, num_steps: int) -> float:
        factor = lr_factor(step, num_steps=num_steps, warmup_fraction=self.train.warmup_fraction)
        lr = factor * peak_lr(self.start, self.train)
        set_lr(self.optimizer, lr)
        return lr

    def _set_modes(self) -> None:
        """Train, but leave batch norm alone where its statistics came with the weights."""
        self.module.train()
        if self.start.freezes_batch_norm:
            for layer in self.module.modules():
                if isinstance(layer, BATCH_NORMS):
                    layer.eval()

    def _score(self, pack: Pack) -> dict[str, float]:
        probs_NK = predict_probs(
            self.judged, pack, view=self.start.view, device=self.runtime.device
        )
        confusion_KK = confusion_matrix(
            pack.labels_N, probs_NK.argmax(axis=1), num_classes=probs_NK.shape[1]
        )
        label_probs_N = probs_NK[np.arange(len(pack)), pack.labels_N]
        return {
            "val_loss": float(-np.log(label_probs_N.clip(min=np.finfo(float).tiny)).mean()),
            "val_accuracy": float(accuracy(confusion_KK)),
            "val_macro_f1": float(macro_f1(confusion_KK)),
        }
