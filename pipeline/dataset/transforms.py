"""Random views of packed pictures, a whole batch at once; and the one view that is judged.

B pictures of a batch, C = 3 colours, P side of the packed square, S side that the network sees.

All randomness comes from the generator that is handed in, drawn on the CPU whatever the device, so
the same generator gives the same views everywhere. Cost: about 0.3 CPU-ms a picture at S = 96.
"""

import math

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Generator, Tensor

from pipeline.params import Train

MAX_ASPECT = 4 / 3  # of a crop: width / height, or the inverse
GREY_WEIGHTS = (0.299, 0.587, 0.114)  # ITU-R BT.601 luma


def train_view(images_BPPC: Tensor, *, size_px: int, train: Train, generator: Generator) -> Tensor:
    """Crop, mirror and recolour every picture of a batch at random.

    Args:
        images_BPPC: packed pixels, uint8.
        size_px: S.
        train: how strongly: `crop_min_area`, `flip_probability`, `colour_jitter`.
        generator: of the CPU.

    Returns:
        Pictures in [0, 1], shape (B, C, S, S) float32.
    """
    x_BCPP = to_unit_range(images_BPPC)
    crops_B23 = draw_crops(len(x_BCPP), min_area=train.crop_min_area, generator=generator)
    crops_B23 = flip(crops_B23, probability=train.flip_probability, generator=generator)
    x_BCSS = cut(x_BCPP, crops_B23, size_px=size_px)
    return jitter_colours(x_BCSS, amount=train.colour_jitter, generator=generator)


def eval_view(images_BPPC: Tensor, *, size_px: int) -> Tensor:
    """Shrink the whole picture, averaging what a pixel covers; nothing random.

    Returns:
        Pictures in [0, 1], shape (B, C, S, S) float32.
    """
    x_BCPP = to_unit_range(images_BPPC)
    return F.interpolate(x_BCPP, size=(size_px, size_px), mode="bilinear", antialias=True)


def to_unit_range(images_BPPC: Tensor) -> Tensor:
    """Turn packed bytes into floats in [0, 1], shape (B, C, P, P), without moving a pixel."""
    return images_BPPC.permute(0, 3, 1, 2).float().div_(255)


def normalise(
    x_BCSS: Tensor, *, mean: tuple[float, float, float], std: tuple[float, float, float]
) -> Tensor:
    """Shift and scale each colour: (x - mean) / std."""
    mean_C11 = x_BCSS.new_tensor(mean).view(-1, 1, 1)
    std_C11 = x_BCSS.new_tensor(std).view(-1, 1, 1)
    return (x_BCSS - mean_C11) / std_C11


def draw_crops(num: int, *, min_area: float, generator: Generator) -> Tensor:
    """Draw rectangles inside the unit square, uniform in area and in the log of their aspect.

    The scheme of Inception training (Szegedy et al. 2014, arXiv:1409.4842), a batch at a time and
    with a milder range: half the area still shows who it is.

    Args:
        num: B.
        min_area: in (0, 1]; 1 gives the whole picture, always.
        generator: of the CPU.

    Returns:
        Affine maps from output to input coordinates in [-1, 1], shape (B, 2, 3).
    """
    area_B, aspect_B, x_B, y_B = torch.rand(4, num, generator=generator)
    area_B = min_area + (1 - min_area) * area_B
    # A crop of area a and aspect r is sqrt(a r) wide: r beyond 1/a or a would not fit.
    widest_B = torch.clamp(-area_B.log(), max=math.log(MAX_ASPECT))
    aspect_B = torch.exp((2 * aspect_B - 1) * widest_B)
    width_B, height_B = (area_B * aspect_B).sqrt(), (area_B / aspect_B).sqrt()
    crops_B23 = torch.zeros(num, 2, 3)
    crops_B23[:, 0, 0], crops_B23[:, 0, 2] = width_B, (2 * x_B - 1) * (1 - width_B)
    crops_B23[:, 1, 1], crops_B23[:, 1, 2] = height_B, (2 * y_B - 1) * (1 - height_B)
    return crops_B23


def flip(crops_B23: Tensor, *, probability: float, generator: Generator) -> Tensor:
    """Mirror some crops: left becomes right."""
    # rand is in [0, 1): never at probability 0, always at 1
    chosen_B = torch.rand(len(crops_B23), generator=generator) < probability
    crops_B23 = crops_B23.clone()
    crops_B23[chosen_B, 0, 0] *= -1
    return crops_B23


def cut(x_BCPP: Tensor, crops_B23: Tensor, *, size_px: int) -> Tensor:
    """Cut each crop out of its picture and resize it, bilinearly, to (B, C, S, S)."""
    shape = [*x_BCPP.shape[:2], size_px, size_px]
    grid_BSS2 = F.affine_grid(crops_B23.to(x_BCPP.device), shape, align_corners=False)
    return F.grid_sample(x_BCPP, grid_BSS2, padding_mode="border", align_corners=False)


def jitter_colours(x_BCSS: Tensor, *, amount: float, generator: Generator) -> Tensor:
    """Change brightness, contrast and saturation, each by a factor in [1 - amount, 1 + amount].

    Hue stays: colour is half of who a drawn character is.
    """
    factors_3B = 1 + amount * (2 * torch.rand(3, len(x_BCSS), generator=generator) - 1)
    brightness, contrast, saturation = factors_3B.to(x_BCSS.device).view(3, -1, 1, 1, 1)
    x_BCSS = x_BCSS * brightness
    x_BCSS = _between(x_BCSS.mean(dim=(1, 2, 3), keepdim=True), x_BCSS, contrast)
    return _between(_grey(x_BCSS), x_BCSS, saturation).clamp_(0, 1)


def _between(start: Tensor, end: Tensor, factor: Tensor) -> Tensor:
    return start + factor * (end - start)


def _grey(x_BCSS: Tensor) -> Tensor:
    """Weigh the colours by how bright they look, shape (B, 1, S, S)."""
    weights_C11 = x_BCSS.new_tensor(GREY_WEIGHTS).view(-1, 1, 1)
    return (x_BCSS * weights_C11).sum(dim=1, keepdim=True)
