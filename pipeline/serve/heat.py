"""Heat maps of pictures as they come in, packed. Needs torch, through `evaluation.explain`."""

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.explain.pictures import heat_of_pictures
from pipeline.inference.squares import Squares
from pipeline.networks import Model


class ModelHeater:
    """Asks a network of torch where it sees whom, whoever answered who it is."""

    def __init__(self, model: Model) -> None:
        """Look into a network, on the CPU."""
        self._model = model

    def __call__(self, square: Squares, *, character: str) -> NDArray[np.float32]:
        """Give heat in [0, 1], (height, width) in the proportions of the picture."""
        [heat_HW] = heat_of_pictures(
            self._model,
            square.images_BPPC,
            content_B2=square.content_B2,
            classes=[self._model.card.classes.index(character)],
        )
        return heat_HW
