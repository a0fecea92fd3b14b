"""How a network sees a packed square, as part of an ONNX graph: `eval_view` as matrix products.

Shrinking with a triangle as wide as what a pixel covers is linear, and rows and columns go their
own ways: (S, P) @ (P, P) @ (P, S). For letterboxed squares the matrices are constants; otherwise
they follow from the size of the content. ONNX has an operator for it (Resize with antialias), but
its result differs, and it takes one size for the whole batch.
"""

import torch
from torch import Tensor, nn

from pipeline.dataset.transforms import native_sizes, normalise
from pipeline.params import View

_NEVER_ZERO = 1e-12  # the sum of weights of a pixel that shows nothing


class PackedView(nn.Module):
    """Map packed squares to what the network sees."""

    whole_1SP: Tensor  # how a whole square is shrunk, either way

    def __init__(self, view: View, *, side_px: int) -> None:
        """Prepare a view.

        Args:
            view: of the network's card.
            side_px: P.
        """
        super().__init__()
        self.view, self.side_px = view, side_px
        side_1, size_1 = torch.tensor([side_px]), torch.tensor([view.image_size_px])
        self.register_buffer("whole_1SP", self._shrinking(side_1, size_1))

    def forward(self, images_BPPC: Tensor, content_B2: Tensor) -> Tensor:
        """Map packed squares to pictures (B, 3, S, S); with a mask as fourth channel if `native`.

        Args:
            images_BPPC: uint8.
            content_B2: width and height in px of each picture inside its square, int64.
        """
        x_BCPP = images_BPPC.permute(0, 3, 1, 2).float() / 255
        if self.view.resize == "letterbox":
            return normalise(_shrink(x_BCPP, self.whole_1SP, self.whole_1SP), view=self.view)
        sizes_B2 = torch.full_like(content_B2, self.view.image_size_px)
        if self.view.resize == "native":
            sizes_B2 = native_sizes(content_B2, view=self.view)
        columns_BSP = self._shrinking(content_B2[:, 0], sizes_B2[:, 0])
        rows_BSP = self._shrinking(content_B2[:, 1], sizes_B2[:, 1])
        x_BCSS = normalise(_shrink(x_BCPP, rows_BSP, columns_BSP), view=self.view)
        if self.view.resize == "squash":
            return x_BCSS
        mask_B1SS = _shrink(torch.ones_like(x_BCPP[:, :1]), rows_BSP, columns_BSP).round()
        return torch.cat([x_BCSS * mask_B1SS, mask_B1SS], dim=1)

    def _shrinking(self, content_B: Tensor, sizes_B: Tensor) -> Tensor:
        """Weigh the places of the square for each pixel that is seen, along one side.

        Args:
            content_B: px of the square that show picture, in its middle.
            sizes_B: px that it becomes; the rest of the S show nothing.

        Returns:
            Shape (B, S, P); each row has sum 1, or 0 where it shows nothing.
        """
        pixels_S, places_P = torch.arange(self.view.image_size_px), torch.arange(self.side_px)
        scale_B1 = (content_B / sizes_B)[:, None]
        centres_BS = (pixels_S + 0.5) * scale_B1
        start_B1 = ((self.side_px - content_B) // 2)[:, None]  # as `letterbox` places it
        centres_BP = places_P - start_B1 + 0.5
        away_BSP = (centres_BP[:, None, :] - centres_BS[:, :, None]).abs()
        weights_BSP = (1 - away_BSP / scale_B1.clamp(min=1)[:, None]).clamp(min=0)
        is_content_BP = (centres_BP > 0) & (centres_BP < content_B[:, None])
        is_seen_BS = pixels_S < sizes_B[:, None]
        weights_BSP = weights_BSP * is_content_BP[:, None, :] * is_seen_BS[:, :, None]
        return weights_BSP / weights_BSP.sum(dim=2, keepdim=True).clamp(min=_NEVER_ZERO)


def _shrink(x_BCPP: Tensor, rows_BSP: Tensor, columns_BSP: Tensor) -> Tensor:
    """Shrink pictures to (B, C, S, S)."""
    return rows_BSP[:, None] @ x_BCPP @ columns_BSP[:, None].transpose(2, 3)
