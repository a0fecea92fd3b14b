"""Pictures as training packed them: letterboxed into squares of one size. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.dataset.letterbox import letterbox
from pipeline.dataset.pack import Pixels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Squares:
    """B packed pictures."""

    images_BPPC: Pixels
    content_B2: NDArray[np.int64]  # width and height in px of each picture inside its square

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self.images_BPPC)

    def __getitem__(self, chosen: slice) -> "Squares":
        """Take some of them."""
        return Squares(images_BPPC=self.images_BPPC[chosen], content_B2=self.content_B2[chosen])


def pack_squares(pictures: Sequence[Image.Image], *, side_px: int) -> Squares:
    """Pack pictures as `dataset.pack` does.

    Args:
        pictures: RGB and upright, as `pictures.decode` gives them; at least one.
        side_px: P.
    """
    return join_squares([pack_square(each, side_px=side_px) for each in pictures])


def pack_square(picture: Image.Image, *, side_px: int) -> Squares:
    """Pack one picture."""
    square, content_px = letterbox(picture, side_px=side_px)
    return Squares(
        images_BPPC=np.asarray(square)[None], content_B2=np.array([content_px], dtype=np.int64)
    )


def join_squares(parts: Sequence[Squares]) -> Squares:
    """Put packed pictures into one batch."""
    return Squares(
        images_BPPC=np.concatenate([part.images_BPPC for part in parts]),
        content_B2=np.concatenate([part.content_B2 for part in parts]),
    )
