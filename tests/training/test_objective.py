"""What training makes small."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pipeline.params import Train
from pipeline.training.objective import Objective, Teacher, make_objective, weigh_classes

NO_PICTURES = torch.zeros(1, 1)
EVEN = torch.tensor([[0.5, 0.25, 0.25]]).log()  # logits whose softmax is easy


class Fixed(nn.Module):
    """A teacher that always says the same."""

    def __init__(self, logits_BK: Tensor) -> None:
        super().__init__()
        self.logits_BK = logits_BK

    def forward(self, _x_BCSS: Tensor) -> Tensor:
        """Say it."""
        return self.logits_BK


def losses(logits_BK: Tensor, targets: list[list[float]], **settings: object) -> list[float]:
    """Compare answers and labels."""
    values = {"logits": "classes", "label_smoothing": 0.0} | settings
    objective = Objective(**values)  # type: ignore[arg-type]
    return objective.losses(logits_BK, torch.tensor(targets), NO_PICTURES).tolist()


def test_cross_entropy_by_hand() -> None:
    """Of a sure label it is minus the log of its probability."""
    assert pytest.approx([math.log(2)]) == losses(EVEN, [[1.0, 0, 0]])


def test_a_mixed_label_is_the_mean_of_its_parts() -> None:
    """Half of one class and half of another: half of both losses."""
    expected = 0.5 * math.log(2) + 0.5 * math.log(4)

    assert pytest.approx([expected]) == losses(EVEN, [[0.5, 0.5, 0]])


def test_smoothing_by_hand() -> None:
    """Of 0.3, each of three classes gets 0.1; it is what torch does."""
    expected = 0.8 * math.log(2) + 0.1 * math.log(4) + 0.1 * math.log(4)
    torchs = nn.CrossEntropyLoss(label_smoothing=0.3)(EVEN, torch.tensor([0])).item()

    assert pytest.approx([expected]) == losses(EVEN, [[1.0, 0, 0]], label_smoothing=0.3)
    assert pytest.approx(expected) == torchs


def test_class_weights_multiply_by_what_is_on_the_picture() -> None:
    """A mixed picture weighs as its parts together."""
    weights_K = torch.tensor([2.0, 1.0, 0.5])
    expected = [2 * math.log(2), (0.5 * 2 + 0.5 * 0.5) * (0.5 * math.log(2) + 0.5 * math.log(4))]

    given = losses(EVEN.expand(2, 3), [[1.0, 0, 0], [0.5, 0, 0.5]], class_weights_K=weights_K)

    assert pytest.approx(expected) == given


def test_a_log_likelihood_is_taken_as_it_is() -> None:
    """No softmax over classes: each answer is the log of a probability of its own."""
    logits_BK = torch.tensor([[-1.5, -0.25, -7.0]])

    assert [0.25] == losses(logits_BK, [[0.0, 1, 0]], logits="log_likelihood")


def teach(student_BK: Tensor, teacher_BK: Tensor, *, temperature: float = 2.0) -> Tensor:
    """Compare a student with a teacher."""
    teacher = Teacher(module=Fixed(teacher_BK), weight=0.5, temperature=temperature)
    return teacher.losses(student_BK, NO_PICTURES)


def test_who_answers_as_the_teacher_has_learned_all() -> None:
    """Equal logits cost 0, and so do logits that differ by a constant."""
    teacher_BK = torch.tensor([[1.0, -2.0, 0.5]])

    assert 0 == teach(teacher_BK, teacher_BK).item()
    assert pytest.approx(0, abs=1e-6) == teach(teacher_BK + 3, teacher_BK).item()
    assert teach(teacher_BK.flip(1), teacher_BK).item() > 0.1


def test_the_divergence_by_hand() -> None:
    """At temperature 1: sum of p log(p / q) for p = (1/2, 1/2) and q = (1/4, 3/4)."""
    student_BK, teacher_BK = torch.tensor([[0.25, 0.75]]).log(), torch.zeros(1, 2)
    expected = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)

    assert pytest.approx(expected) == teach(student_BK, teacher_BK, temperature=1).item()


def test_the_temperature_hardly_changes_the_gradient() -> None:
    """From 4 to 16 it stays within a tenth; without the square it would fall to a sixteenth."""
    sizes = []
    for temperature in (4.0, 16.0):
        student_BK = torch.tensor([[0.5, -0.5, 0.2]], requires_grad=True)
        loss = teach(student_BK, torch.tensor([[1.0, -1.0, 0.3]]), temperature=temperature)
        torch.autograd.backward(loss.sum())
        assert student_BK.grad is not None
        sizes.append(student_BK.grad.norm().item())

    assert pytest.approx(sizes[0], rel=0.1) == sizes[1]


def test_no_gradient_reaches_the_teacher() -> None:
    """Only the student learns."""
    teacher_BK = torch.zeros(1, 3, requires_grad=True)

    torch.autograd.backward(teach(torch.ones(1, 3, requires_grad=True), teacher_BK).sum())

    assert teacher_BK.grad is None


def test_teacher_and_labels_share_the_loss() -> None:
    """Three quarters of the one and one quarter of the other."""
    teacher_BK = torch.tensor([[2.0, 0.0, -1.0]])
    teacher = Teacher(module=Fixed(teacher_BK), weight=0.75, temperature=2.0)
    expected = 0.25 * math.log(2) + 0.75 * teach(EVEN, teacher_BK).item()

    assert pytest.approx([expected]) == losses(EVEN, [[1.0, 0, 0]], teacher=teacher)


@pytest.mark.parametrize(("kind", "ratio"), [("inverse", 9.0), ("sqrt", 3.0)])
def test_rare_classes_weigh_more(kind: str, ratio: float) -> None:
    """One picture against nine: 9 or 3 times the weight, and the mean over pictures is 1."""
    labels_N = np.array([0] * 9 + [1])

    weights_K = weigh_classes(labels_N, num_classes=2, kind=kind)

    assert weights_K is not None
    assert pytest.approx(ratio) == (weights_K[1] / weights_K[0]).item()
    assert pytest.approx(1) == weights_K[torch.from_numpy(labels_N)].mean().item()


def test_settings_reach_the_objective() -> None:
    """`label_smoothing` and `class_weights` are those of the section; none is none."""
    labels_N = np.array([0, 0, 0, 1])
    objectives = [
        make_objective(
            Train(label_smoothing=0.2, class_weights=kind),
            labels_N,
            logits="classes",
            num_classes=2,
            device="cpu",
            teacher=None,
        )
        for kind in ("none", "inverse")
    ]

    assert [0.2, 0.2] == [each.label_smoothing for each in objectives]
    assert objectives[0].class_weights_K is None
    assert objectives[1].class_weights_K is not None
    assert pytest.approx([2 / 3, 2]) == objectives[1].class_weights_K.tolist()
