"""Any picture into a square."""

import numpy as np
import pytest
from PIL import Image

from pipeline.dataset.letterbox import edge_colour, letterbox


@pytest.mark.parametrize(
    ("size", "content"),
    [((400, 100), (32, 8)), ((100, 400), (8, 32)), ((10, 10), (32, 32)), ((1000, 3), (32, 1))],
)
def test_keeps_the_proportions(size: tuple[int, int], content: tuple[int, int]) -> None:
    """The longer side fills the square, the shorter keeps its share, small ones are enlarged."""
    square, content_px = letterbox(Image.new("RGB", size), side_px=32)

    assert ((32, 32), content) == (square.size, content_px)


def test_nothing_is_cut_off() -> None:
    """All four corners of a wide picture stay in sight."""
    image = Image.new("RGB", (200, 100), "grey")
    colours = {(0, 0): "red", (180, 0): "lime", (0, 80): "blue", (180, 80): "yellow"}
    for corner, colour in colours.items():
        image.paste(Image.new("RGB", (20, 20), colour), corner)

    square, _ = letterbox(image, side_px=100)

    seen = [square.getpixel(place) for place in ((4, 29), (95, 29), (4, 70), (95, 70))]
    assert [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)] == seen


def test_bars_have_the_colour_of_the_edge() -> None:
    """The bars continue the background, so that they draw no frame."""
    image = Image.new("RGB", (100, 50), (200, 220, 240))
    image.paste(Image.new("RGB", (20, 20), "black"), (40, 15))

    square, _ = letterbox(image, side_px=50)

    assert [[200, 220, 240]] == np.unique(np.asarray(square)[:12].reshape(-1, 3), axis=0).tolist()


def test_edge_colour_is_a_mean() -> None:
    """Half black, half white gives grey, whatever lies inside."""
    image = Image.new("RGB", (4, 4), "black")
    image.paste(Image.new("RGB", (2, 4), "white"), (2, 0))

    assert (128, 128, 128) == edge_colour(image)
