"""Lines of letters are found, and other things are not taken for them."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.pictures.lettering import text_fraction

LINES = ("once upon a time", "there was a girl", "who lived happily")


def page(*lines: str, font_px: int = 20, ink: int = 0, paper: int = 255) -> NDArray[np.uint8]:
    """Write lines below each other, in grey levels."""
    image = Image.new("L", (240, 200), paper)
    font = ImageFont.load_default(font_px)
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((15, 12 + number * 2 * font_px), line, ink, font=font)
    return np.asarray(image)


def test_more_lines_cover_more() -> None:
    """Each line adds to what letters cover; three cover a seventh of the page or so."""
    one, three = text_fraction(page(LINES[0])), text_fraction(page(*LINES))

    assert 0.03 < one < 0.1
    assert 2.5 * one < three < 3.5 * one


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 20), (60, 160)])
def test_any_ink_on_any_paper(ink: int, paper: int) -> None:
    """Dark on light, light on dark, and less contrast than that are all read."""
    assert text_fraction(page(*LINES, ink=ink, paper=paper)) > 0.08


@pytest.mark.parametrize("shape", ["nothing", "bar", "rules", "circle", "faint"])
def test_other_things_are_not_letters(shape: str) -> None:
    """Bars, ruled lines, outlines and text too faint to be seen cover nothing."""
    grey = np.full((200, 240), 200, np.uint8)
    if shape == "bar":
        cv2.rectangle(grey, (20, 80), (200, 100), 0, -1)
    if shape == "rules":
        for y in range(20, 180, 20):
            cv2.line(grey, (20, y), (220, y), 0, 2)
    if shape == "circle":
        cv2.circle(grey, (120, 100), 70, 0, 2)
    if shape == "faint":
        grey = page(*LINES, ink=180, paper=200)

    assert 0.0 == text_fraction(grey)
