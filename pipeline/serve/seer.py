"""What is answered about a picture: who it is, and where the network saw that."""

import base64
import io
from http import HTTPStatus
from threading import Lock
from typing import Any, Protocol

import numpy as np
from PIL import Image
from starlette.exceptions import HTTPException

from pipeline.evaluation.explain.overlay import overlay
from pipeline.inference.predict import Predictor
from pipeline.inference.squares import Squares, pack_squares
from pipeline.pictures.decode import decoding
from pipeline.records import Reason, Rejected
from pipeline.serve.question import Question

MAX_PIXELS = 25_000_000  # by the header of the file: 75 MB once decoded
SIDE_PX = 480  # of the heat map, at most
_QUALITY = 85


class Heater(Protocol):
    """Shows where the network sees a character."""

    def __call__(self, square: Squares, *, character: str) -> np.ndarray:
        """Give heat in [0, 1], (height, width) in the proportions of the picture."""
        ...


class Seer:
    """Answers one picture at a time; threads may share it."""

    def __init__(self, predictor: Predictor, *, heater: Heater | None, reject_below: float) -> None:
        """Answer by a network.

        Args:
            predictor: it.
            heater: None: there are no heat maps.
            reject_below: the least probability of a character that is named, in [0, 1].
        """
        self.predictor, self.reject_below = predictor, reject_below
        self._heater, self._lock = heater, Lock()

    @property
    def has_heat(self) -> bool:
        """Tell whether it draws heat maps."""
        return self._heater is not None

    def answer(self, question: Question, *, with_heat: bool) -> dict[str, Any]:
        """Say who is in a picture, in the words of `disney predict --json`.

        Args:
            question: the picture.
            with_heat: whether `heat` is added: the picture under its heat map, as a data URL.

        Raises:
            HTTPException: the file is no picture (415), or too large a one (413).
        """
        square, small = self._read(question, with_heat=with_heat)
        with self._lock:  # two at once would only wait for each other
            [answer] = self.predictor.predict_squares(square, reject_below=self.reject_below)
            heat_HW = (
                self._heater(square, character=answer.top[0][0])
                if with_heat and self._heater
                else None
            )
        found: dict[str, Any] = {
            "file": question.file,
            "character": answer.character,
            "probability": answer.probability,
            "top": answer.top,
        }
        if answer.reason:
            found["reason"] = answer.reason
        if small and heat_HW is not None:
            found["heat"] = _data_url(small, heat_HW)
        return found

    def _read(self, question: Question, *, with_heat: bool) -> tuple[Squares, Image.Image | None]:
        """Decode a picture, and let go of its pixels before anybody waits for the network."""
        with decoding(question.data, max_pixels=MAX_PIXELS) as picture:
            if isinstance(picture, Rejected):
                raise _refusal(picture)
            square = pack_squares([picture.image], side_px=self.predictor.side_px)
            small = picture.image if with_heat else None
            if small:
                small.thumbnail((SIDE_PX, SIDE_PX))
            return square, small


def _refusal(rejected: Rejected) -> HTTPException:
    is_large = rejected.reason is Reason.TOO_MANY_PIXELS
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if is_large else HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    return HTTPException(status, f"{rejected.reason}: {rejected.detail}")


def _data_url(picture: Image.Image, heat_HW: np.ndarray) -> str:
    file = io.BytesIO()
    overlay(picture, heat_HW).save(file, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
