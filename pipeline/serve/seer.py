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
from pipeline.pictures.decode import decode
from pipeline.records import Reason, Rejected
from pipeline.serve.question import Question

MAX_PIXELS = 25_000_000  # by the header of the file: 75 MB once decoded
SIDE_PX = 480  # of the heat map, at most
_QUALITY = 85


class Heater(Protocol):
    """Shows where the network sees a character."""

    def __call__(self, picture: Image.Image, *, character: str) -> np.ndarray:
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
        picture = _decoded(question)
        with self._lock:  # two at once would only wait for each other
            [answer] = self.predictor.predict_pictures([picture], reject_below=self.reject_below)
            found: dict[str, Any] = {
                "file": question.file,
                "character": answer.character,
                "probability": answer.probability,
                "top": answer.top,
            }
            if answer.reason:
                found["reason"] = answer.reason
            if with_heat and self._heater:
                heat_HW = self._heater(picture, character=answer.top[0][0])
                found["heat"] = _data_url(picture, heat_HW)
        return found


def _decoded(question: Question) -> Image.Image:
    picture = decode(question.data, max_pixels=MAX_PIXELS)
    if isinstance(picture, Rejected):
        is_large = picture.reason is Reason.TOO_MANY_PIXELS
        status = (
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE if is_large else HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        )
        raise HTTPException(status, f"{picture.reason}: {picture.detail}")
    return picture.image


def _data_url(picture: Image.Image, heat_HW: np.ndarray) -> str:
    small = picture.copy()
    small.thumbnail((SIDE_PX, SIDE_PX))
    file = io.BytesIO()
    overlay(small, heat_HW).save(file, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
