"""Random views of packed pictures, a whole batch at once; and the one view that is judged.

B pictures of a batch, C = 3 colours, P side of the packed square, S side that the network sees.

What is random is drawn first, on the CPU (`Draws`), then done on any device, so the same generator
gives the same views everywhere, and a part of a batch can be made without the rest. Cost: about
0.3 CPU-ms a picture at S = 96.

A crop is an affine map from the output square to the input square, both in [-1, 1]:
(B, 2, 3), with zeros off the diagonal.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Generator, Tensor

from pipeline.params import Train, View

MAX_ASPECT = 4 / 3  # of a crop: width / height, or the inverse
GREY_WEIGHTS = (0.299, 0.587, 0.114)  # ITU-R BT.601 luma


class Draws(NamedTuple):
    """All that is random about the views of B pictures."""

    crops_B23: Tensor
    factors_B3: Tensor  # of brightness, contrast, saturation

    def take(self, chosen: Tensor) -> "Draws":
        """Keep the draws of some pictures."""
        return Draws(self.crops_B23[chosen], self.factors_B3[chosen])


def draw_views(num: int, *, train: Train, generator: Generator) -> Draws:
    """Draw crop, mirror and colours of B pictures.

    Args:
        num: B.
        train: how strongly: `crop_min_area`, `flip_probability`, `colour_jitter`.
        generator: of the CPU.
    """
    crops_B23 = draw_crops(num, min_area=train.crop_min_area, generator=generator)
    crops_B23 = flip(crops_B23, probability=train.flip_probability, generator=generator)
    return Draws(crops_B23, draw_factors(num, amount=train.colour_jitter, generator=generator))


def train_view(images_BPPC: Tensor, draws: Draws, *, content_B2: Tensor, view: View) -> Tensor:
    """Crop, mirror and recolour every picture of a batch as drawn.

    Args:
        images_BPPC: packed pixels, uint8.
        draws: of these pictures.
        content_B2: width and height in px of each picture inside its packed square.
        view: what the network sees; S is its `image_size_px`.

    Returns:
        Normalised pictures, shape (B, C, S, S) float32; with a mask as fourth channel if `native`.
    """
    side_px, size_px = images_BPPC.shape[1], view.image_size_px
    x_BCPP, crops_B23 = to_unit_range(images_BPPC), draws.crops_B23
    if view.resize == "letterbox":
        x_BCSS = cut(x_BCPP, crops_B23, size_px=size_px)
        return normalise(jitter_colours(x_BCSS, draws.factors_B3), view=view)
    inside_B23 = content_box(content_B2, side_px=side_px)
    shown_B23 = chain(crops_B23, inside_B23)
    if view.resize == "squash":
        x_BCSS = cut(x_BCPP, shown_B23, size_px=size_px, inside_B23=inside_B23)
        return normalise(jitter_colours(x_BCSS, draws.factors_B3), view=view)
    cropped_B2 = content_B2 * crops_B23[:, [0, 1], [0, 1]].abs()
    sizes_B2 = native_sizes(cropped_B2, view=view)
    shown_B23 = chain(corner_box(sizes_B2, side_px=size_px), shown_B23)
    x_BCSS = cut(x_BCPP, shown_B23, size_px=size_px, inside_B23=inside_B23)
    x_BCSS = normalise(jitter_colours(x_BCSS, draws.factors_B3), view=view)
    return with_mask(x_BCSS, sizes_B2)


def eval_view(images_BPPC: Tensor, *, content_B2: Tensor, view: View) -> Tensor:
    """Shrink the whole picture, averaging what a pixel covers; nothing random.

    Args and result are as of `train_view`.
    """
    x_BCPP = to_unit_range(images_BPPC)
    if view.resize == "letterbox":
        return normalise(_shrink(x_BCPP, (view.image_size_px, view.image_size_px)), view=view)
    sizes_B2 = torch.full_like(content_B2, view.image_size_px)
    if view.resize == "native":
        sizes_B2 = native_sizes(content_B2, view=view)
    x_BCSS = x_BCPP.new_zeros(*x_BCPP.shape[:2], view.image_size_px, view.image_size_px)
    pairs = zip(content_B2.tolist(), sizes_B2.tolist(), strict=True)
    for index, ((content_width, content_height), (width, height)) in enumerate(pairs):
        left = (x_BCPP.shape[3] - content_width) // 2  # as `letterbox` places it
        top = (x_BCPP.shape[2] - content_height) // 2
        content = x_BCPP[
            index : index + 1, :, top : top + content_height, left : left + content_width
        ]
        x_BCSS[index, :, :height, :width] = _shrink(content, (height, width))[0]
    x_BCSS = normalise(x_BCSS, view=view)
    return with_mask(x_BCSS, sizes_B2) if view.resize == "native" else x_BCSS


def to_unit_range(images_BPPC: Tensor) -> Tensor:
    """Turn packed bytes into floats in [0, 1], shape (B, C, P, P), without moving a pixel."""
    return images_BPPC.permute(0, 3, 1, 2).float().div_(255)


def normalise(x_BCSS: Tensor, *, view: View) -> Tensor:
    """Shift and scale each colour: (x - mean) / std."""
    mean_C11 = x_BCSS.new_tensor(view.mean).view(-1, 1, 1)
    std_C11 = x_BCSS.new_tensor(view.std).view(-1, 1, 1)
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
        Affine maps, shape (B, 2, 3).
    """
    area_B, aspect_B, x_B, y_B = torch.rand(4, num, generator=generator)
    area_B = min_area + (1 - min_area) * area_B
    # A crop of area a and aspect r is sqrt(a r) wide: r beyond 1/a or a would not fit.
    widest_B = torch.clamp(-area_B.log(), max=math.log(MAX_ASPECT))
    aspect_B = torch.exp((2 * aspect_B - 1) * widest_B)
    width_B, height_B = (area_B * aspect_B).sqrt(), (area_B / aspect_B).sqrt()
    shift_x_B, shift_y_B = (2 * x_B - 1) * (1 - width_B), (2 * y_B - 1) * (1 - height_B)
    return _boxes(width_B, shift_x_B, height_B, shift_y_B)


def flip(crops_B23: Tensor, *, probability: float, generator: Generator) -> Tensor:
    """Mirror some crops: left becomes right."""
    # rand is in [0, 1): never at probability 0, always at 1
    chosen_B = torch.rand(len(crops_B23), generator=generator) < probability
    crops_B23 = crops_B23.clone()
    crops_B23[chosen_B, 0, 0] *= -1
    return crops_B23


def chain(first_B23: Tensor, second_B23: Tensor) -> Tensor:
    """Do one map after another."""
    scale_B2 = first_B23[:, [0, 1], [0, 1]] * second_B23[:, [0, 1], [0, 1]]
    shift_B2 = second_B23[:, [0, 1], [0, 1]] * first_B23[:, :, 2] + second_B23[:, :, 2]
    return _boxes(scale_B2[:, 0], shift_B2[:, 0], scale_B2[:, 1], shift_B2[:, 1])


def content_box(content_B2: Tensor, *, side_px: int) -> Tensor:
    """Map the output square to the picture inside its letterbox, shape (B, 2, 3).

    Args:
        content_B2: width and height in px.
        side_px: P.
    """
    start_B2 = (side_px - content_B2) // 2  # as `letterbox` places it
    shift_B2 = (2 * start_B2 + content_B2) / side_px - 1
    scale_B2 = content_B2 / side_px
    return _boxes(scale_B2[:, 0], shift_B2[:, 0], scale_B2[:, 1], shift_B2[:, 1])


def corner_box(sizes_B2: Tensor, *, side_px: int) -> Tensor:
    """Map the upper left part of the output, `sizes_B2` px wide and high, to the whole square."""
    scale_B2 = side_px / sizes_B2
    return _boxes(scale_B2[:, 0], scale_B2[:, 0] - 1, scale_B2[:, 1], scale_B2[:, 1] - 1)


def native_sizes(content_B2: Tensor, *, view: View) -> Tensor:
    """Fit pictures into S x S in proportion, each side a multiple of `multiple_px`.

    Args:
        content_B2: width and height in px, of any scale.
        view: S and the multiple.

    Returns:
        Width and height in px, shape (B, 2) int64, the longer one S (or its last multiple).
    """
    step = view.multiple_px
    longest_B1 = content_B2.amax(dim=1, keepdim=True)
    steps_B2 = (content_B2 / longest_B1 * (view.image_size_px // step)).round().clamp(min=1)
    return steps_B2.long() * step


def with_mask(x_BCSS: Tensor, sizes_B2: Tensor) -> Tensor:
    """Add a fourth channel: 1 where there is picture; elsewhere all channels become 0."""
    places_S = torch.arange(x_BCSS.shape[-1])
    is_inside_B2S = (places_S < sizes_B2[:, :, None]).to(x_BCSS)
    mask_B1SS = (is_inside_B2S[:, 1, :, None] * is_inside_B2S[:, 0, None, :])[:, None]
    return torch.cat([x_BCSS * mask_B1SS, mask_B1SS], dim=1)


def cut(
    x_BCPP: Tensor, crops_B23: Tensor, *, size_px: int, inside_B23: Tensor | None = None
) -> Tensor:
    """Cut each crop out of its picture and resize it, bilinearly, to (B, C, S, S).

    Args:
        x_BCPP: pictures.
        crops_B23: what to cut.
        size_px: S.
        inside_B23: `content_box`, of which no pixel outside may be mixed in at the edge.
    """
    shape = [*x_BCPP.shape[:2], size_px, size_px]
    grid_BSS2 = F.affine_grid(crops_B23.to(x_BCPP), shape, align_corners=False)
    if inside_B23 is not None:
        scale_B2, shift_B2 = inside_B23[:, [0, 1], [0, 1]], inside_B23[:, :, 2]
        reach_B2 = scale_B2 - 1 / x_BCPP.shape[3]  # to the centres of the outermost pixels
        low_B2, high_B2 = (shift_B2 - reach_B2).to(x_BCPP), (shift_B2 + reach_B2).to(x_BCPP)
        grid_BSS2 = grid_BSS2.clamp(low_B2[:, None, None], high_B2[:, None, None])
    return F.grid_sample(x_BCPP, grid_BSS2, padding_mode="border", align_corners=False)


def draw_factors(num: int, *, amount: float, generator: Generator) -> Tensor:
    """Draw brightness, contrast and saturation of B pictures: in [1 - amount, 1 + amount]."""
    return 1 + amount * (2 * torch.rand(3, num, generator=generator).T - 1)


def jitter_colours(x_BCSS: Tensor, factors_B3: Tensor) -> Tensor:
    """Change brightness, contrast and saturation of pictures in [0, 1] by their factors.

    Hue stays: colour is half of who a drawn character is.
    """
    brightness, contrast, saturation = factors_B3.to(x_BCSS).T.reshape(3, -1, 1, 1, 1)
    mean_B111 = x_BCSS.mean(dim=(1, 2, 3), keepdim=True)
    gain_B111 = brightness * contrast
    # Contrast moves each colour from the mean, saturation from the pixel's grey. All is linear, so
    # it is one sum of the picture, its grey and a constant: three times as fast as step by step.
    rest_B1SS = _grey(x_BCSS).mul_(gain_B111 * (1 - saturation))
    rest_B1SS.add_((1 - contrast) * brightness * mean_B111)
    return torch.addcmul(rest_B1SS, x_BCSS, gain_B111 * saturation).clamp_(0, 1)


def _boxes(scale_x_B: Tensor, shift_x_B: Tensor, scale_y_B: Tensor, shift_y_B: Tensor) -> Tensor:
    boxes_B23 = torch.zeros(len(scale_x_B), 2, 3)
    boxes_B23[:, 0, 0], boxes_B23[:, 0, 2] = scale_x_B, shift_x_B
    boxes_B23[:, 1, 1], boxes_B23[:, 1, 2] = scale_y_B, shift_y_B
    return boxes_B23


def _shrink(x_BCHW: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(x_BCHW, size=size, mode="bilinear", antialias=True)


def _grey(x_BCSS: Tensor) -> Tensor:
    """Weigh the colours by how bright they look, shape (B, 1, S, S)."""
    red, green, blue = GREY_WEIGHTS
    grey_BSS = x_BCSS[:, 0] * red
    return grey_BSS.add_(x_BCSS[:, 1], alpha=green).add_(x_BCSS[:, 2], alpha=blue)[:, None]
