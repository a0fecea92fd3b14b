"""What a network costs and how far it sees: multiply-adds and receptive fields.

torch's own counter of operations gives 0 for an LSTM on a CPU, which is one fused operation there.
So products are counted here where they are asked for, at the functions that every layer ends in.
"""

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import _VF, Tensor, nn
from torch.overrides import TorchFunctionMode

SEED = 1  # of the noise that is looked at


def facts_about(module: nn.Module, *, image_size_px: int, channels: int = 3) -> dict[str, int]:
    """Tell what a network costs and, of a CNN, how far one place of its last map can and does see.

    Args:
        module: any network; one with `chain()` is a CNN.
        image_size_px: S, of the pictures that it sees.
        channels: of those pictures.

    Returns:
        `macs` of one picture; `receptive_field_px` and `effective_receptive_field_px` of a CNN.
    """
    facts = {"macs": count_macs(module, torch.zeros(1, channels, image_size_px, image_size_px))}
    if hasattr(module, "chain"):
        chain = cast("nn.Module", cast("Any", module).chain())
        facts["receptive_field_px"] = receptive_field_px(chain)
        facts["effective_receptive_field_px"] = effective_receptive_field_px(
            chain, image_size_px=image_size_px
        )
    return facts


def count_macs(module: nn.Module, x_BCSS: Tensor) -> int:
    """Count the multiply-adds of pictures: of convolutions, linear and recurrent layers, attention.

    Norms, activations and sums are left out, as everywhere.

    Args:
        module: any network; a copy of it is run once, in evaluation mode.
        x_BCSS: pictures, shape (B, C, S, S); B = 1 for the cost of one.
    """
    judged, counter = copy.deepcopy(module).cpu().eval(), _MacCounter()
    with torch.no_grad(), counter:
        judged(x_BCSS)
    return counter.macs


def _macs_of_convolution(answer: Tensor, _x: Tensor, weight: Tensor, *_: Any, **__: Any) -> int:
    return answer.numel() * weight[0].numel()  # weight: (C, C_in / groups, k, k)


def _macs_of_linear(answer: Tensor, _x: Tensor, weight: Tensor, *_: Any, **__: Any) -> int:
    return answer.numel() * weight.shape[1]


def _macs_of_product(answer: Tensor, left: Tensor, *_: Any, **__: Any) -> int:
    return answer.numel() * left.shape[-1]


def _macs_of_attention(
    answer: Tensor, _query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any
) -> int:
    """Count Q K^T and its product with V: for each query and key, d_k + d_v."""
    num_queries = answer[..., 0].numel()  # of all pictures and heads
    return num_queries * key.shape[-2] * (key.shape[-1] + value.shape[-1])


def _macs_of_recurrence(
    _answer: Any, x_BND: Tensor, _state: Any, weights: list[Tensor], *_: Any, **__: Any
) -> int:
    """Count, for each token, each weight once: an LSTM of H from D has 4 H (D + H)."""
    num_tokens = x_BND[..., 0].numel()  # of all pictures
    return num_tokens * sum(each.numel() for each in weights if each.ndim > 1)


_MACS: dict[Any, Callable[..., int]] = {
    torch.conv2d: _macs_of_convolution,
    F.linear: _macs_of_linear,
    F.scaled_dot_product_attention: _macs_of_attention,
    _VF.rnn_tanh: _macs_of_recurrence,
    _VF.rnn_relu: _macs_of_recurrence,
    _VF.lstm: _macs_of_recurrence,
    _VF.gru: _macs_of_recurrence,
    torch.matmul: _macs_of_product,
    torch.bmm: _macs_of_product,
    Tensor.matmul: _macs_of_product,
    Tensor.__matmul__: _macs_of_product,
}


class _MacCounter(TorchFunctionMode):
    """Watch every function of torch that is called, and add up its multiply-adds."""

    def __init__(self) -> None:
        super().__init__()
        self.macs: int = 0

    def __torch_function__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        answer = func(*args, **(kwargs or {}))
        if func in _MACS:
            self.macs += _MACS[func](answer, *args, **(kwargs or {}))
        return answer


def receptive_field_px(chain: nn.Module) -> int:
    """Give the side of the square of px that one place of the last map can see.

    Each convolution of k x k adds k - 1 steps, and a step is as many px wide as all strides before
    it make: r = 1 + sum_i (k_i - 1) prod_{j < i} s_j. Skip connections do not see further.

    Args:
        chain: convolutions, in the order in which they are used.
    """
    side_px, step_px = 1, 1
    for kernel_size, stride in _convolutions(chain):
        side_px += (kernel_size - 1) * step_px
        step_px *= stride
    return side_px


def stride_px(chain: nn.Module) -> int:
    """Give how far apart in the picture two neighbours of the last map are."""
    return math.prod(stride for _, stride in _convolutions(chain))


def centre_gradient(chain: nn.Module, *, image_size_px: int, num_pictures: int = 8) -> Tensor:
    """Measure how much each px moves the middle of the last map.

    |d (sum of the channels in the middle) / d px|, summed over colours and averaged over pictures
    of noise (Luo et al. 2016, arXiv:1701.04128).

    Args:
        chain: convolutions, in the order in which they are used; a copy of it is run.
        image_size_px: side of the pictures, S.
        num_pictures: how many.

    Returns:
        Shape (S, S), not negative, 0 where a px is not seen.
    """
    generator = torch.Generator().manual_seed(SEED)
    x_BCSS = torch.randn(num_pictures, 3, image_size_px, image_size_px, generator=generator)
    maps_BCHW = copy.deepcopy(chain).cpu().eval()(x_BCSS.requires_grad_())
    middle = maps_BCHW.shape[-1] // 2
    (gradient_BCSS,) = torch.autograd.grad(maps_BCHW[:, :, middle, middle].sum(), x_BCSS)
    return gradient_BCSS.abs().sum(dim=1).mean(dim=0)


def effective_receptive_field_px(
    chain: nn.Module, *, image_size_px: int, fraction: float = 0.95
) -> int:
    """Give the side of the smallest square around the middle that holds most of the gradient.

    The theoretical field says what a place can see; this, what it does see: the middle is reached
    on many paths, the rim on one, so the gradient falls off like a bell curve.

    Args:
        chain: as for `centre_gradient`.
        image_size_px: side of the pictures; a field that is cut off by their edge comes out small.
        fraction: of the sum of |gradient| inside, in (0, 1].

    Returns:
        An odd number of px: 2 r + 1 px for r px on each side, at most 2 S - 1.
    """
    gradient_SS = centre_gradient(chain, image_size_px=image_size_px)
    step_px = stride_px(chain)
    middle_px = math.ceil(image_size_px / step_px) // 2 * step_px  # where the middle place looks
    places_px = (torch.arange(image_size_px) - middle_px).abs()
    distances_SS = torch.maximum(places_px[:, None], places_px)
    by_distance = torch.zeros(image_size_px).index_add(
        0, distances_SS.flatten(), gradient_SS.flatten()
    )
    inside = by_distance.cumsum(0) / by_distance.sum()
    return 2 * int((inside < fraction).sum()) + 1


def _convolutions(chain: nn.Module) -> Iterator[tuple[int, int]]:
    """Give kernel size and stride of each convolution, in order."""
    for module in chain.modules():
        if isinstance(module, nn.Conv2d):
            yield module.kernel_size[0], module.stride[0]
