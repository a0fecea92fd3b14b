"""What each place of a picture says for a class: its features times the gradient of the logit.

For features f at place p and logit y that is sum_d f_pd dy/df_pd, of which what speaks for the
class (the positive part) is kept. On the feature maps of a CNN this is HiResCAM (Draelos and Carin
2020, arXiv:2011.08891): Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391) with a gradient for each
place. On last maps whose mean is read by a linear layer, as in most of timm's, the two are equal.
On the tokens of a recurrent network it is gradient times input, token by token.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import isqrt
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn

MAP_NDIM = 4  # of feature maps: B, C, H, W in some order
# Which stage of `cnn`: 12 x 12 places at 96 px. In the last maps, 3 x 3, each place sees all of the
# picture: there the heat lay on the studio's characters no more than chance has it (1.0 times
# their area, here 1.5 times).
STAGE = 1
RGB = 3  # channels; a fourth says where there is picture
GRID = 12  # places in a row of the map of pixels: finer is noise


def map_evidence(module: nn.Module, x_BCSS: Tensor, classes_B: Tensor) -> Tensor:
    """Ask the feature maps of a CNN: of ours a middle stage, of timm's the last maps.

    Args:
        module: in evaluation mode.
        x_BCSS: pictures as the network sees them.
        classes_B: the class asked about, of each picture.

    Returns:
        Shape (B, H, W), each at least 0; not scaled.
    """
    if hasattr(module, "forward_features"):  # every model of timm
        timm_model = cast("Any", module)
        features = timm_model.forward_features(x_BCSS)
        logits_BK = timm_model.forward_head(features)
        is_channels_first = getattr(module, "output_fmt", "NCHW") == "NCHW"
    else:
        with outputs_of(module.get_submodule(f"stages.{STAGE}")) as kept:
            logits_BK = module(x_BCSS)
        [features], is_channels_first = kept, True
    return _evidence(logits_BK, features, classes_B, axis=1 if is_channels_first else 3)


def token_evidence(module: nn.Module, x_BCSS: Tensor, classes_B: Tensor) -> Tensor:
    """Ask the tokens that leave the stem, before any of them has met another.

    Returns:
        Shape (B, G, G), each at least 0; args are as of `map_evidence`.
    """
    with outputs_of(module.get_submodule("stem")) as kept:
        logits_BK = module(x_BCSS)
    return square(_evidence(logits_BK, kept[0], classes_B, axis=2))


def pixel_evidence(module: nn.Module, x_BCSS: Tensor, classes_B: Tensor) -> Tensor:
    """Ask the pixels, of any network: how much the logit would change with each of them.

    The gradient of a deep network at one pixel is noise; its size, averaged over a square, is not.

    Returns:
        Shape (B, GRID, GRID), each at least 0; args are as of `map_evidence`.
    """
    x_BCSS = x_BCSS.detach().requires_grad_()
    [gradient_BCSS] = torch.autograd.grad(logits_of(module(x_BCSS), classes_B).sum(), [x_BCSS])
    strength_B1SS = gradient_BCSS[:, :RGB].abs().sum(dim=1, keepdim=True)
    return F.adaptive_avg_pool2d(strength_B1SS, GRID)[:, 0]


def logits_of(logits_BK: Tensor, classes_B: Tensor) -> Tensor:
    """Take the logit of each picture's own class, shape (B,)."""
    return logits_BK.gather(1, classes_B[:, None])[:, 0]


def square(values_BN: Tensor) -> Tensor:
    """Put values of tokens, row by row, into their square: (B, N) -> (B, G, G)."""
    B, N = values_BN.shape
    return values_BN.reshape(B, isqrt(N), isqrt(N))


@contextmanager
def outputs_of(part: nn.Module) -> Iterator[list[Tensor]]:
    """Keep what a part of a network gives while the block runs."""
    kept: list[Tensor] = []

    def keep(_: nn.Module, __: object, output: Tensor) -> None:
        kept.append(output)

    handle = part.register_forward_hook(keep)
    try:
        yield kept
    finally:
        handle.remove()


def _evidence(logits_BK: Tensor, features: Tensor, classes_B: Tensor, *, axis: int) -> Tensor:
    """Multiply features by their gradient, sum over `axis`, keep what speaks for the class."""
    [gradient] = torch.autograd.grad(logits_of(logits_BK, classes_B).sum(), [features])
    return (features * gradient).sum(dim=axis).clamp(min=0).detach()
