"""Several processes train one network together (torchrun; gloo on CPUs, nccl on GPUs).

Every process holds the whole network and makes its share of each batch. Gradients are averaged by
torch's DistributedDataParallel (Li et al. 2020, arXiv:2006.15704), batch norm takes its statistics
over all processes, and what is reported is summed, so that the numbers are those of one process
with the whole batch, but for rounding.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel

from pipeline.training.runtime import Runtime


@contextmanager
def joined() -> Iterator[None]:
    """Meet the other processes if torchrun started this one; alone, do nothing."""
    if not (dist.is_available() and dist.is_torchelastic_launched()):
        yield
        return
    has_gpu = torch.cuda.is_available()
    dist.init_process_group("nccl" if has_gpu else "gloo")
    if has_gpu:
        torch.cuda.set_device(dist.get_node_local_rank())
    try:
        yield
    finally:
        dist.destroy_process_group()


def share_out(module: nn.Module, runtime: Runtime) -> nn.Module:
    """Wrap a placed network so that all processes learn the same; alone, leave it as it is."""
    if runtime.world == 1:
        return module
    return DistributedDataParallel(module)


def sum_over_processes(values: Tensor, runtime: Runtime) -> Tensor:
    """Add up what each process holds; in place."""
    if runtime.world > 1:
        dist.all_reduce(values)
    return values


def any_process(is_so: bool, runtime: Runtime) -> bool:  # noqa: FBT001 - the one value
    """Tell all processes what is so in one of them: they must stop after the same step."""
    if runtime.world == 1:
        return is_so
    flag = torch.tensor(float(is_so), device=runtime.device)
    return sum_over_processes(flag, runtime).item() > 0


def gather_over_processes(values: Tensor, runtime: Runtime) -> list[Tensor]:
    """Collect what each process holds, by rank; shapes may differ, all lie on the CPU."""
    if runtime.world == 1:
        return [values]
    parts: list[Tensor | None] = [None] * runtime.world
    dist.all_gather_object(parts, values)
    return [part for part in parts if part is not None]


def synchronise_batch_norm(module: nn.Module, runtime: Runtime) -> nn.Module:
    """Let every batch norm of a network see the whole batch; its weights and names stay."""
    if runtime.world == 1:
        return module
    if isinstance(module, _BatchNorm):
        return SyncedBatchNorm.like(module)
    for name, child in module.named_children():
        setattr(module, name, synchronise_batch_norm(child, runtime))
    return module


class SyncedBatchNorm(_BatchNorm):
    """Batch norm over the batches of all processes.

    As torch's SyncBatchNorm, which runs on GPUs only; in two passes, because the mean of squares
    minus the square of the mean loses digits.
    """

    @classmethod
    def like(cls, norm: _BatchNorm) -> "SyncedBatchNorm":
        """Take over the weights and statistics of a batch norm."""
        synced = cls(
            norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats
        )
        synced.weight, synced.bias = norm.weight, norm.bias
        synced.running_mean, synced.running_var = norm.running_mean, norm.running_var
        synced.num_batches_tracked = norm.num_batches_tracked
        for name in ("drop", "act"):  # what timm's batch norms do afterwards
            setattr(synced, name, getattr(norm, name, nn.Identity()))
        return synced.train(norm.training)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Normalise each channel; in evaluation mode as ever, by the running statistics."""
        normal_BCHW = self._over_all(x_BCHW) if self.training else super().forward(x_BCHW)
        result_BCHW: Tensor = cast("Any", self).act(cast("Any", self).drop(normal_BCHW))
        return result_BCHW

    def _over_all(self, narrow_BCHW: Tensor) -> Tensor:
        # Sums in bfloat16 would be off by percents, and so would be the number of pixels.
        x_BCHW = narrow_BCHW.to(torch.promote_types(narrow_BCHW.dtype, torch.float32))
        axes = [axis for axis in range(x_BCHW.ndim) if axis != 1]
        shape = [1, -1] + [1] * (x_BCHW.ndim - 2)
        num_here = x_BCHW.numel() / x_BCHW.shape[1]
        num = _sum(x_BCHW.new_tensor(num_here))
        mean_C = _sum(x_BCHW.sum(axes)) / num
        centred_BCHW = x_BCHW - mean_C.view(shape)
        var_C = _sum(centred_BCHW.square().sum(axes)) / num
        self._remember(mean_C.detach(), var_C.detach(), num)
        normal_BCHW = centred_BCHW * (var_C + self.eps).rsqrt().view(shape)
        if self.affine:
            normal_BCHW = normal_BCHW * self.weight.view(shape) + self.bias.view(shape)
        return normal_BCHW.to(narrow_BCHW.dtype)

    def _remember(self, mean_C: Tensor, var_C: Tensor, num: Tensor) -> None:
        """Move the running statistics, as `nn.BatchNorm2d` does."""
        if self.running_mean is None or self.running_var is None:
            return
        momentum = 0.1 if self.momentum is None else self.momentum
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean_C, momentum)
        self.running_var.lerp_(var_C * num / (num - 1), momentum)

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002 - torch's name
        """Accept what any batch norm accepts: (B, C, ...)."""
        if input.ndim < 2:  # noqa: PLR2004 - batch and channels
            raise ValueError(f"batch norm needs (B, C, ...), got {tuple(input.shape)}")


class _SumOverProcesses(torch.autograd.Function):
    """Add up what each process holds. Each one's part is in all sums, so gradients add up, too."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:  # noqa: ARG004 - torch's signature
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ARG004
        total = gradient.clone()
        dist.all_reduce(total)
        return total


def _sum(values: Tensor) -> Tensor:
    total: Tensor = cast("Any", _SumOverProcesses).apply(values)
    return total
