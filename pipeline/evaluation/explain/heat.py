"""One heat map a picture, by the way of looking that fits the network."""

from collections.abc import Callable, Sequence
from math import isqrt
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn

from pipeline.evaluation.explain.attention import glances, num_extra, opened, rollout
from pipeline.evaluation.explain.evidence import (
    MAP_NDIM,
    RGB,
    map_evidence,
    pixel_evidence,
    token_evidence,
)
from pipeline.networks import Explanation, Model, explanation_of

Look = Callable[..., Tensor]  # (module, x (B, C, S, S), classes (B,)) -> (B, H, W), at least 0
LOOKS: dict[Explanation, Look] = {  # timm's models are looked into by what they are
    "maps": map_evidence,
    "tokens": token_evidence,
    "attention": rollout,
    "cross_attention": glances,
    "pixels": pixel_evidence,
}
IN_WORDS: dict[Look, str] = {
    map_evidence: "what each place of the feature maps says for the character (Grad-CAM)",
    token_evidence: "what each token says for the character (gradient x input)",
    rollout: "where attention leads back to for the character (attention rollout)",
    glances: "where the decoder looks for the character (cross-attention)",
    pixel_evidence: "how much each place would change the answer (size of the gradient)",
}


def explain(model: Model, x_BCSS: Tensor, *, classes: Sequence[int] | None = None) -> Tensor:
    """Show where a network sees a class.

    Args:
        model: a trained network.
        x_BCSS: pictures as the network sees them, on its device.
        classes: the class asked about, of each picture; null: the one that it predicts.

    Returns:
        Heat, shape (B, S, S) float32 on the CPU, each in [0, 1], the most in a picture 1; all 0
        where no place speaks for the class. With `native` it is 0 outside the picture.
    """
    module = model.module.eval()
    look = choose_look(model)
    # cuDNN has no gradient of recurrent layers in evaluation mode; torch's own kernels have.
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        classes_B = (
            module(x_BCSS).argmax(dim=1)
            if classes is None
            else torch.tensor(classes, device=x_BCSS.device)
        )
        heat_BHW = look(module, x_BCSS, classes_B)
    return _scaled(heat_BHW, x_BCSS)


def choose_look(model: Model) -> Look:
    """Choose how to look into a network, as its architecture says."""
    way = explanation_of(model.card.network.arch)
    return LOOKS.get(way) or _look_into_timm(model.module, size_px=model.card.image_size_px)


@torch.no_grad()
def _look_into_timm(module: nn.Module, *, size_px: int) -> Look:
    """Look at maps where there are maps, into attention where every token meets every other."""
    parameter = next(module.parameters())
    nothing_1CSS = parameter.new_zeros(1, RGB, size_px, size_px)
    with opened(module) as weights:
        features = cast("Any", module).forward_features(nothing_1CSS)
    if features.ndim == MAP_NDIM:
        return map_evidence
    num = features.shape[1]
    is_square = isqrt(num - num_extra(module)) ** 2 == num - num_extra(module)
    if is_square and hasattr(module, "norm") and {(num, num)} == {w.shape[2:] for w in weights}:
        return rollout
    return pixel_evidence


def _scaled(heat_BHW: Tensor, x_BCSS: Tensor) -> Tensor:
    """Enlarge maps to the picture, cut off what is outside, and stretch each to [0, 1]."""
    heat_B1SS = F.interpolate(heat_BHW[:, None].float(), size=x_BCSS.shape[2:], mode="bilinear")
    heat_BSS = heat_B1SS[:, 0].cpu()
    is_picture_BSS = torch.ones_like(heat_BSS, dtype=torch.bool)
    if x_BCSS.shape[1] > RGB:
        is_picture_BSS = x_BCSS[:, RGB].cpu() > 0
    least_B11 = heat_BSS.where(is_picture_BSS, torch.inf).amin(dim=(1, 2), keepdim=True)
    heat_BSS = (heat_BSS - least_B11) * is_picture_BSS
    most_B11 = heat_BSS.amax(dim=(1, 2), keepdim=True)
    return heat_BSS / torch.where(most_B11 > 0, most_B11, 1)
