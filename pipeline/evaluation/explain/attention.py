"""Where attention leads: from the logit of a class back to the tokens of the picture.

A weight of attention says who listens to whom, not whether it mattered for this class. So each
weight A is multiplied by the gradient of the logit, and what speaks for the class is kept and
averaged over the heads (Chefer et al. 2021, arXiv:2103.15679). Through the layers of an encoder
these shares are chained, R <- R + R A, as in attention rollout (Abnar and Zuidema 2020,
arXiv:2005.00928), of which this is the version that knows of classes.

The layers use one fused kernel that never stores the weights; while one looks, they are computed
in the open.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, nn

from pipeline.evaluation.explain.evidence import logits_of, outputs_of, square
from pipeline.networks.parts.attention import Attention
from pipeline.networks.parts.decoding import Reader
from pipeline.networks.parts.recurrent import RandomOrder


def rollout(module: nn.Module, x_BCSS: Tensor, classes_B: Tensor) -> Tensor:
    """Follow the attention of an encoder, ours or timm's Vision Transformer, layer by layer back.

    It begins with what each token that leaves the last layer says for the class.

    Args:
        module: in evaluation mode; its last norm is named `norm`.
        x_BCSS: pictures as the network sees them.
        classes_B: the class asked about, of each picture.

    Returns:
        Shape (B, G, G), each at least 0; not scaled.
    """
    with opened(module) as weights, outputs_of(module.get_submodule("norm")) as kept:
        logits_BK = module(x_BCSS)
    kept_BND = kept[0]
    gradient_BND, *gradients = torch.autograd.grad(
        logits_of(logits_BK, classes_B).sum(), [kept_BND, *weights]
    )
    # At the end each token speaks for itself; then its share is handed to those it listened to.
    share_BN = (kept_BND * gradient_BND).sum(dim=2).clamp(min=0)
    for weight, gradient in zip(reversed(weights), reversed(gradients), strict=True):
        share_BN = share_BN + (share_BN[:, None] @ _for_class(weight, gradient))[:, 0]
    return square(share_BN[:, num_extra(module) :].detach())


def glances(module: Reader, x_BCSS: Tensor, classes_B: Tensor) -> Tensor:
    """Show which tokens of the encoder the decoder looked at for a class.

    Of the class decoder the queries are characters, of the caption the letters of their names: the
    gradient picks those that matter.

    Returns:
        Shape (B, G, G), each at least 0; args are as of `rollout`.
    """
    across = [layer.get_submodule("across") for layer in module.layers]
    with opened(*across) as weights:
        logits_BK = module(x_BCSS)
    gradients = torch.autograd.grad(logits_of(logits_BK, classes_B).sum(), weights)
    shares = [_for_class(*each).sum(dim=1) for each in zip(weights, gradients, strict=True)]
    return square(_in_place(torch.stack(shares).sum(dim=0), module.encoder).detach())


@contextmanager
def opened(*parts: nn.Module) -> Iterator[list[Tensor]]:
    """Collect the weights of all attention inside, (B, heads, N, M), in the order of use."""
    weights: list[Tensor] = []

    def attend_openly(attention: Any, args: Any, kwargs: Any, _: Tensor) -> Tensor:
        memory_BMD = args[1] if len(args) > 1 else args[0]
        weights_BHNM = attention.weights(*args, **kwargs)
        weights.append(weights_BHNM)
        value_BMX = attention.value(memory_BMD)
        value_BHME = value_BMX.unflatten(2, (attention.heads, -1)).transpose(1, 2)
        answer: Tensor = attention.project((weights_BHNM @ value_BHME).transpose(1, 2).flatten(2))
        return answer

    inner = [each for part in parts for each in part.modules()]
    handles = [
        each.register_forward_hook(attend_openly, with_kwargs=True)
        for each in inner
        if isinstance(each, Attention)
    ]
    # timm's attention has a slow path of its own, on which the weights pass through `attn_drop`.
    fused = [cast("Any", each) for each in inner if getattr(each, "fused_attn", False)]
    for each in fused:
        each.fused_attn = False
        keep = each.attn_drop.register_forward_hook(lambda *seen: weights.append(seen[2]))
        handles.append(keep)
    try:
        yield weights
    finally:
        for handle in handles:
            handle.remove()
        for each in fused:
            each.fused_attn = True


def num_extra(module: nn.Module) -> int:
    """Count the tokens before those of the picture: class token and the like."""
    if hasattr(module, "num_prefix_tokens"):  # timm
        return cast("int", module.num_prefix_tokens)
    return int(getattr(module, "class_token", None) is not None)


def _for_class(weights_BHNM: Tensor, gradients_BHNM: Tensor) -> Tensor:
    """Keep of each weight what speaks for the class, the mean over the heads: (B, N, M)."""
    return (weights_BHNM * gradients_BHNM).clamp(min=0).mean(dim=1)


def _in_place(values_BM: Tensor, encoder: nn.Module) -> Tensor:
    """Put the tokens of an encoder row by row, where it read them in another order."""
    order = getattr(encoder.get_submodule("module"), "order", None)
    return values_BM[:, order.order_N.argsort()] if isinstance(order, RandomOrder) else values_BM
