"""What training makes small: how far a network's answers are from the labels, and a teacher's.

B pictures of a batch, K classes.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline.params import Train


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Teacher:
    """A trained network whose answers are learned, too (Hinton et al. 2015, arXiv:1503.02531)."""

    module: nn.Module  # in evaluation mode, on the device
    weight: float  # of its answers, in (0, 1]; the rest: of the labels
    temperature: float  # divides the logits of both

    def losses(self, logits_BK: Tensor, x_BCSS: Tensor) -> Tensor:
        """Tell how far a student's answers are from the teacher's, shape (B,).

        The Kullback-Leibler divergence of the softened answers, times the square of the
        temperature, which keeps its gradient as large as that of the labels.
        """
        with torch.no_grad():
            teacher_BK = self.module(x_BCSS).to(logits_BK) / self.temperature
        student_BK = logits_BK / self.temperature
        divergences_BK = F.kl_div(
            student_BK.log_softmax(dim=1),
            teacher_BK.log_softmax(dim=1),
            reduction="none",
            log_target=True,
        )
        return divergences_BK.sum(dim=1) * self.temperature**2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Objective:
    """One number for each picture, smaller is better."""

    logits: Literal["classes", "log_likelihood"]  # `Start.logits`
    label_smoothing: float  # share of each label that is spread over all classes
    class_weights_K: Tensor | None = None  # mean 1 over the training pictures
    teacher: Teacher | None = None

    def losses(self, logits_BK: Tensor, targets_BK: Tensor, x_BCSS: Tensor) -> Tensor:
        """Compare answers and labels (and the teacher's answers), shape (B,).

        Args:
            logits_BK: answers to the pictures, float32.
            targets_BK: how much each class is on them; rows sum to 1.
            x_BCSS: the pictures, for the teacher.
        """
        smooth = self.label_smoothing
        soft_BK = (1 - smooth) * targets_BK + smooth / targets_BK.shape[1]
        log_probs_BK = logits_BK
        if self.logits == "classes":
            log_probs_BK = logits_BK.log_softmax(dim=1)
        losses_B = -(soft_BK * log_probs_BK).sum(dim=1)
        if self.class_weights_K is not None:
            losses_B = losses_B * (targets_BK @ self.class_weights_K.to(targets_BK))
        if self.teacher is None:
            return losses_B
        share = self.teacher.weight
        return (1 - share) * losses_B + share * self.teacher.losses(logits_BK, x_BCSS)


def weigh_classes(
    labels_N: NDArray[np.int64], *, num_classes: int, kind: Literal["none", "sqrt", "inverse"]
) -> Tensor | None:
    """Make rare classes count more: by 1 / n or 1 / sqrt(n), mean 1 over the pictures.

    Every class has a picture: packing refuses a dataset where one has none.

    Returns:
        Shape (K,) float32; None for "none".

    >>> weigh_classes(np.array([0, 0, 0, 1]), num_classes=2, kind="inverse")
    tensor([0.6667, 2.0000])
    """
    if kind == "none":
        return None
    counts_K = np.bincount(labels_N, minlength=num_classes)
    weights_K = counts_K ** (-1.0 if kind == "inverse" else -0.5)
    weights_K = weights_K / weights_K[labels_N].mean()
    return torch.from_numpy(weights_K).float()


def make_objective(
    train: Train,
    labels_N: NDArray[np.int64],
    *,
    logits: Literal["classes", "log_likelihood"],
    num_classes: int,
    device: str,
    teacher: Teacher | None,
) -> Objective:
    """Make the objective of a run from its settings and its training labels."""
    weights_K = weigh_classes(labels_N, num_classes=num_classes, kind=train.class_weights)
    return Objective(
        logits=logits,
        label_smoothing=train.label_smoothing,
        class_weights_K=None if weights_K is None else weights_K.to(device),
        teacher=teacher,
    )
