"""One step of a network, where memory or the network itself sets limits."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from pipeline.dataset.loader import TrainBatch
from pipeline.errors import ModelError, ParamsError
from pipeline.networks import Start
from pipeline.params import Train, View
from pipeline.training.learner import Learner, count_parts
from pipeline.training.objective import Objective
from pipeline.training.runtime import Runtime

RUNTIME = Runtime(device="cpu", threads=1, precision="float32")


class Hungry(nn.Module):
    """A network whose memory is full with more than some pictures at once."""

    def __init__(self, *, most: int) -> None:
        super().__init__()
        self.most = most
        self.seen: list[int] = []
        self.head = nn.Linear(3, 3)

    def forward(self, x_BCSS: Tensor) -> Tensor:
        """Look at the mean colour."""
        self.seen.append(len(x_BCSS))
        if len(x_BCSS) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        logits_BK: Tensor = self.head(x_BCSS.mean(dim=(2, 3)))
        return logits_BK


class Refusing(Hungry):
    """A network that refuses to compute layers twice, as some of timm do."""

    def set_grad_checkpointing(self, *, enable: bool) -> None:
        """Refuse."""
        assert not enable, "gradient checkpointing not supported"


def make_learner(module: nn.Module, **train: object) -> Learner:
    """Let a network learn with given settings."""
    return Learner(
        Start(module=module, view=View(image_size_px=16), lr=0.01),
        Train(**{"batch_size": 16} | train),  # type: ignore[arg-type]
        objective=Objective(logits="classes", label_smoothing=0),
        seed=7,
        runtime=RUNTIME,
    )


def make_batch(num: int = 16) -> TrainBatch:
    """Draw a batch."""
    x_BCSS = torch.rand(num, 3, 16, 16, generator=torch.Generator().manual_seed(7))
    return TrainBatch(x_BCSS, torch.eye(3)[torch.arange(num) % 3], num_pictures=num)


@pytest.mark.parametrize(
    ("most", "micro_batches", "line"),
    [
        (8, 1, "full with 16 pictures of 16 px at once; 8 fit: set train.micro_batches: 2"),
        (5, 1, "full with 16 pictures of 16 px at once; 4 fit: set train.micro_batches: 4"),
        (3, 2, "full with 8 pictures of 16 px at once; 2 fit: set train.micro_batches: 8"),
        (1, 1, "not even two fit: lower image_size_px or train.batch_size"),
    ],
)
def test_a_full_memory_says_what_would_fit(most: int, micro_batches: int, line: str) -> None:
    """The number was tried, and the advice is one that the settings allow."""
    learner = make_learner(Hungry(most=most), micro_batches=micro_batches)

    with pytest.raises(ModelError) as caught:
        learner.step(make_batch(), step=1)

    assert line in str(caught.value)


def test_of_several_processes_none_tries_alone() -> None:
    """A trial's gradients would wait for the others for ever; the advice is the next size down."""
    learner = make_learner(Hungry(most=3))
    learner.runtime = replace(RUNTIME, world=2)

    line = learner._too_large(make_batch())

    assert line.endswith("full with 16 pictures of 16 px at once: set train.micro_batches: 2")


def test_the_advice_works() -> None:
    """With as many parts as the message says, the same batch fits."""
    network = Hungry(most=5)

    make_learner(network, micro_batches=4).step(make_batch(), step=1)

    assert [4, 4, 4, 4] == network.seen


def test_parts_are_as_many_as_asked_and_differ_by_one() -> None:
    """A batch of 7 in 3 parts is 3, 2 and 2."""
    network = Hungry(most=16)

    make_learner(network, micro_batches=3).step(make_batch(7), step=1)

    assert [3, 2, 2] == network.seen


@pytest.mark.parametrize("processes", [1, 2, 3])
@pytest.mark.parametrize("most", [1, 2, 3, 8])
def test_no_part_is_a_single_picture(most: int, processes: int) -> None:
    """Also in small batches and shares, which all have the same number of parts."""
    for num_pictures in range(2 * processes, 40):
        num_parts = count_parts(num_pictures, most=most, processes=processes)

        smallest_share = num_pictures // processes
        assert 1 <= num_parts <= most
        assert smallest_share // num_parts >= 2


def test_a_step_is_the_same_in_parts() -> None:
    """Loss and moved weights are those of the whole batch."""
    results = []
    for micro_batches in (1, 3):
        torch.manual_seed(7)
        network = Hungry(most=16)
        loss = make_learner(network, micro_batches=micro_batches).step(make_batch(), step=1)
        results.append((loss, network.head.weight))

    (whole, one), (parts, two) = results
    assert pytest.approx(whole, abs=1e-6) == parts
    assert torch.allclose(one, two, atol=1e-5)


@pytest.mark.parametrize("kind", [Hungry, Refusing])
def test_layers_are_computed_twice_only_where_they_can(kind: type[Hungry]) -> None:
    """A network without that ability, or that refuses it, says so in one line."""
    with pytest.raises(ParamsError, match=f"grad_checkpointing: {kind.__name__} cannot"):
        make_learner(kind(most=16), grad_checkpointing=True)
