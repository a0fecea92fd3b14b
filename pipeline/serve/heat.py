"""Heat maps of pictures as they come in. Needs torch, through `evaluation.explain`."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.evaluation.explain.pictures import heat_of_pictures
from pipeline.inference.squares import pack_square
from pipeline.networks import Model


class ModelHeater:
    """Asks a network of torch where it sees whom, whoever answered who it is."""

    def __init__(self, model: Model, *, side_px: int) -> None:
        """Look into a network.

        Args:
            model: it, on the CPU.
            side_px: of the squares that pictures are packed into.
        """
        self._model, self._side_px = model, side_px

    def __call__(self, picture: Image.Image, *, character: str) -> NDArray[np.float32]:
        """Give heat in [0, 1], (height, width) in the proportions of the picture."""
        square = pack_square(picture, side_px=self._side_px)
        [heat_HW] = heat_of_pictures(
            self._model,
            square.images_BPPC.copy(),  # Pillow's own pixels must not be written to
            content_B2=square.content_B2,
            classes=[self._model.card.classes.index(character)],
        )
        return heat_HW
