"""A network that names colours, and its page."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from pipeline.inference.predict import Predictor
from pipeline.inference.squares import Squares
from pipeline.serve.app import make_app
from pipeline.serve.rate import Rate
from pipeline.serve.seer import Seer
from pipeline.serve.server import gated

PORT = 8124  # of the addresses only: nothing listens
ORIGIN = f"http://127.0.0.1:{PORT}"
NAMES = {"ariel": "Ariel 인어공주", "elsa": "Elsa <3", "merida": "Merida"}


class Colours:
    """A network by hand: the redder a picture the more Ariel, the bluer the more Elsa."""

    classes = tuple(NAMES)

    def logits(self, squares: Squares) -> np.ndarray:
        """Give red, blue and green, each from 0 to 4."""
        means_B3 = squares.images_BPPC.mean(axis=(1, 2)) / 255
        return 4 * means_B3[:, [0, 2, 1]]


def left_half(square: Squares, *, character: str) -> np.ndarray:
    """See Ariel on the left, all others on the right."""
    heat_HW = np.zeros((8, 8), np.float32)
    heat_HW[:, slice(0, 4) if character == "ariel" else slice(4, 8)] = 1
    assert len(square) == 1
    return heat_HW


@pytest.fixture
def seer() -> Callable[..., Seer]:
    """Make who answers."""

    def make(*, heater=left_half, reject_below: float = 0.5, temperature: float = 1.0) -> Seer:
        predictor = Predictor(
            slug="colours", network=Colours(), side_px=32, temperature=temperature
        )
        return Seer(predictor, heater=heater, reject_below=reject_below)

    return make


@pytest.fixture
def visit(seer) -> Callable[..., TestClient]:
    """Reach the page as a browser or a program on this machine does."""

    def reach(*, per_minute: int = 1000, client: str = "127.0.0.1", **kwargs) -> TestClient:
        app = make_app(seer(**kwargs), names=NAMES, rate=Rate(per_minute=per_minute))
        guarded = gated(app, hosts=["127.0.0.1", "localhost"], port=PORT)
        return TestClient(guarded, base_url=ORIGIN, client=(client, 50_000))

    return reach


@pytest.fixture
def paint() -> Callable[..., bytes]:
    """Encode a picture of one colour."""

    def encode(
        colour: str = "red", *, size: tuple[int, int] = (60, 40), kind: str = "PNG"
    ) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", size, colour).save(file, kind)
        return file.getvalue()

    return encode
