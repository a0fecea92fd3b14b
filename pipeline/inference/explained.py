"""What a network looked at, as a picture of each answer. Needs torch, whoever answered."""

from dataclasses import replace
from pathlib import Path

from PIL import Image

from pipeline.evaluation.explain.overlay import overlay
from pipeline.evaluation.explain.pictures import heat_of_pictures
from pipeline.files import replacing
from pipeline.inference.many import Row
from pipeline.inference.squares import Squares
from pipeline.networks import Model

_NAME_DIGITS = 16  # of the picture's hash: a user's names are no names of ours, nor unique


class Explainer:
    """Writes a heat map over each picture, for the character that it was most taken for."""

    def __init__(self, model: Model, folder: Path) -> None:
        """Prepare to write.

        Args:
            model: the network that answers, on the CPU.
            folder: where <hash of the picture's bytes>.png goes.
        """
        self._model, self._folder = model, folder

    def explain(self, row: Row) -> Row:
        """Write the heat map of one answer, and say where it is."""
        if row.answer is None or row.square is None:
            return row
        best = self._model.card.classes.index(row.answer.top[0][0])
        square = row.square
        (heat_HW,) = heat_of_pictures(
            self._model, square.images_BPPC.copy(), content_B2=square.content_B2, classes=[best]
        )
        path = self._folder / f"{row.sha256[:_NAME_DIGITS]}.png"
        with replacing(path) as file:
            overlay(_content(square), heat_HW).save(file, format="PNG")
        return replace(row, heat_map=str(path))


def _content(square: Squares) -> Image.Image:
    """Cut the one picture out of its square, as `letterbox` placed it."""
    side_px = square.images_BPPC.shape[1]
    width, height = square.content_B2[0].tolist()
    left, top = (side_px - width) // 2, (side_px - height) // 2
    whole = Image.fromarray(square.images_BPPC[0])
    return whole.crop((left, top, left + width, top + height))
