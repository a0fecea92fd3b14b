"""What processes do together; here one process that is a group of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from timm.layers import BatchNormAct2d
from torch import Tensor, nn

from pipeline.training.distributed import (
    SyncedBatchNorm,
    any_process,
    gather_over_processes,
    share_out,
    sum_over_processes,
    synchronise_batch_norm,
)
from pipeline.training.runtime import Runtime

ALONE = Runtime(device="cpu", threads=1, precision="float32")
GROUP = Runtime(device="cpu", threads=1, precision="float32", world=2)  # as if there were two


@pytest.fixture
def _joined(tmp_path: Path) -> Iterator[None]:
    """Be a group of one process, which met in a file."""
    dist.init_process_group(
        "gloo", store=dist.FileStore(str(tmp_path / "store"), 1), rank=0, world_size=1
    )
    yield
    dist.destroy_process_group()


def pictures(num: int = 6, *, seed: int = 3, shape: tuple[int, ...] = (5, 7)) -> Tensor:
    """Draw maps of four channels, far from mean 0 and deviation 1."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(num, 4, *shape, generator=generator, dtype=torch.float64) * 3 + 50


def make_norm(kind: type[nn.Module] = nn.BatchNorm2d, **more: object) -> nn.Module:
    """Make a batch norm whose weights are not 1 and 0."""
    norm = kind(4, **more).double()
    with torch.no_grad():
        for name, parameter in norm.named_parameters():
            parameter.copy_(torch.arange(4) + (0.5 if name == "weight" else -1.5))
    return norm


def learn(norm: nn.Module, x_BCHW: Tensor) -> tuple[Tensor, ...]:
    """Go forward and back; give the result, all gradients and all statistics."""
    x_BCHW = x_BCHW.clone().requires_grad_()
    y_BCHW = norm(x_BCHW)
    torch.autograd.backward((y_BCHW * torch.linspace(-1, 2, y_BCHW.numel()).view_as(y_BCHW)).sum())
    gradients = [each.grad for each in (x_BCHW, *norm.parameters())]
    assert all(each is not None for each in gradients)
    return y_BCHW, *gradients, *norm.buffers()  # type: ignore[return-value]


@pytest.mark.usefixtures("_joined")
@pytest.mark.parametrize("more", [{}, {"affine": False}, {"momentum": 0.3, "eps": 0.01}], ids=str)
def test_synced_batch_norm_is_batch_norm(more: dict[str, object]) -> None:
    """Result, gradients and running statistics are torch's own, over three steps."""
    plain, synced = make_norm(**more), SyncedBatchNorm.like(make_norm(**more))  # type: ignore[arg-type]
    for seed in range(3):
        for norm in (plain, synced):
            norm.zero_grad()
        values = zip(
            learn(plain, pictures(seed=seed)), learn(synced, pictures(seed=seed)), strict=True
        )

        assert all(torch.allclose(one.double(), two.double(), atol=1e-9) for one, two in values)
    x_BCHW = pictures(seed=9)
    assert torch.allclose(plain.eval()(x_BCHW), synced.eval()(x_BCHW))
    assert plain.state_dict().keys() == synced.state_dict().keys()


@pytest.mark.usefixtures("_joined")
def test_synced_batch_norm_sees_vectors_too() -> None:
    """A batch of plain vectors is normalised as `BatchNorm1d` does."""
    plain = make_norm(nn.BatchNorm1d)
    synced = SyncedBatchNorm.like(make_norm(nn.BatchNorm1d))  # type: ignore[arg-type]
    x_BC = pictures(shape=())

    assert torch.allclose(plain(x_BC), synced(x_BC))


@pytest.mark.usefixtures("_joined")
def test_synced_batch_norm_counts_well_in_bfloat16() -> None:
    """Half the bits are enough for pictures, not for sums: it stays as near as torch's own."""
    x_BCHW = pictures(40, shape=(31, 33)).bfloat16()
    plain, synced = nn.BatchNorm2d(4), SyncedBatchNorm.like(nn.BatchNorm2d(4))

    one, two = plain(x_BCHW), synced(x_BCHW)

    assert torch.bfloat16 == one.dtype == two.dtype
    assert torch.allclose(one.float(), two.float(), atol=0.04)
    assert torch.allclose(plain.running_mean, synced.running_mean, rtol=1e-4)
    assert torch.allclose(plain.running_var, synced.running_var, rtol=1e-4)


@pytest.mark.usefixtures("_joined")
@pytest.mark.parametrize("is_training", [True, False])
def test_what_follows_a_norm_of_timm_stays(*, is_training: bool) -> None:
    """Where an activation is part of the batch norm, as in timm, it is not lost."""
    norm = BatchNormAct2d(4, act_layer=nn.ReLU).double().train(is_training)
    x_BCHW = pictures() - 50
    expected = norm(x_BCHW)

    given = SyncedBatchNorm.like(BatchNormAct2d(4, act_layer=nn.ReLU).double().train(is_training))(
        x_BCHW
    )

    assert 0 == given.min()
    assert torch.allclose(expected, given)


@pytest.mark.usefixtures("_joined")
def test_every_norm_of_a_network_is_found() -> None:
    """Also nested ones, and names of weights stay; other layers are left alone."""
    network = nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.Sequential(nn.BatchNorm2d(4), nn.GroupNorm(2, 4))
    )
    names = list(network.state_dict())

    synced = synchronise_batch_norm(network, GROUP)

    assert names == list(synced.state_dict())
    kinds = {type(each).__name__ for each in synced.modules()}
    assert {"Conv2d", "GroupNorm", "Identity", "Sequential", "SyncedBatchNorm"} == kinds


def test_alone_nothing_is_changed() -> None:
    """Without a group no layer is replaced, nothing is wrapped, summed or gathered."""
    network = nn.Sequential(nn.BatchNorm2d(4))
    value = torch.tensor(2.0)

    assert network is synchronise_batch_norm(network, ALONE)
    assert network is share_out(network, ALONE)
    assert "BatchNorm2d" == type(network[0]).__name__
    assert 2 == sum_over_processes(value, ALONE)
    assert [value] == gather_over_processes(value, ALONE)
    assert [False, True] == [any_process(is_so, ALONE) for is_so in (False, True)]
