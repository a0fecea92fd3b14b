"""How weights move: AdamW, which of them decay, and a rate that warms up and fades out."""

import math
from typing import Any, cast

import timm.optim
import torch
from timm.models import group_parameters
from torch import nn

from pipeline.errors import ParamsError
from pipeline.networks import Start
from pipeline.params import Train


def make_optimizer(start: Start, train: Train) -> torch.optim.Optimizer:
    """Make AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101) over groups of parameters.

    Each group carries `lr_scale`, which `set_lr` multiplies in: a layer near the input learns
    `layer_decay` times as fast as the one above it, and a new read-out on old weights faster than
    the rest. Biases, norms and position tables do not decay.

    Raises:
        ParamsError: `layer_decay` or `head_first_epochs` make no sense for this network.
    """
    if train.head_first_epochs and not start.head:
        raise ParamsError("train.head_first_epochs: needs a network that starts from weights")
    groups: dict[tuple[float, float, bool], list[nn.Parameter]] = {}
    kept = _not_decaying(start.module)
    depth_scales = _depth_scales(start.module, layer_decay=train.layer_decay)
    for name, parameter in start.module.named_parameters():
        weight_decay = 0.0 if name in kept else train.weight_decay
        is_head = any(name.startswith(f"{head}.") for head in start.head)
        lr_scale = depth_scales.get(name, 1.0) * (start.head_lr_scale if is_head else 1.0)
        groups.setdefault((weight_decay, lr_scale, is_head), []).append(parameter)
    optimizer: torch.optim.Optimizer = timm.optim.create_optimizer_v2(
        [
            {
                "params": parameters,
                "weight_decay": weight_decay,
                "lr_scale": lr_scale,
                "is_head": is_head,
            }
            for (weight_decay, lr_scale, is_head), parameters in groups.items()
        ],
        opt="adamw",
        lr=peak_lr(start, train),
        weight_decay=train.weight_decay,
    )
    return optimizer


def peak_lr(start: Start, train: Train) -> float:
    """Give the highest rate of a run: of params.yaml, else of the architecture."""
    return start.lr if train.lr is None else train.lr


def lr_factor(step: int, *, num_steps: int, warmup_fraction: float) -> float:
    """Give the rate at a step, as a fraction of its peak: a line up, then half a cosine down.

    Args:
        step: 0 is the first.
        num_steps: of the whole run.
        warmup_fraction: of `num_steps`.

    Returns:
        A number in (0, 1].

    >>> [round(lr_factor(step, num_steps=6, warmup_fraction=0.34), 2) for step in range(6)]
    [0.5, 1.0, 1.0, 0.85, 0.5, 0.15]
    """
    num_warmup = round(num_steps * warmup_fraction)
    if step < num_warmup:
        return (step + 1) / num_warmup
    done = (step - num_warmup) / (num_steps - num_warmup)
    return 0.5 * (1 + math.cos(math.pi * done))


def set_lr(optimizer: torch.optim.Optimizer, lr: float, *, only_head: bool = False) -> None:
    """Set the rate of every group, times the group's own scale; others than the head may rest."""
    for group in optimizer.param_groups:
        is_resting = only_head and not group["is_head"]
        group["lr"] = 0.0 if is_resting else lr * group["lr_scale"]


def _depth_scales(module: nn.Module, *, layer_decay: float) -> dict[str, float]:
    """Scale the rate of each parameter by its distance from the last layer (timm's convention)."""
    if layer_decay == 1:
        return {}
    if not hasattr(module, "group_matcher"):
        raise ParamsError(
            f"train.layer_decay (={layer_decay}): {type(module).__name__} does not name its "
            "layers; leave it at 1"
        )
    matcher = cast("Any", module).group_matcher(coarse=False)
    layers: dict[str, int] = group_parameters(module, matcher, reverse=True)
    last = max(layers.values())
    return {name: layer_decay ** (last - layer) for name, layer in layers.items()}


def _not_decaying(module: nn.Module) -> set[str]:
    """Name vectors, and what the network itself names (timm's convention)."""
    vectors = {name for name, each in module.named_parameters() if each.ndim <= 1}
    if hasattr(module, "no_weight_decay"):
        vectors |= set(cast("Any", module).no_weight_decay())
    return vectors
