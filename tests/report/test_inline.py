"""Figures as data URIs."""

import base64
import io
from urllib.parse import unquote

import numpy as np
from PIL import Image

from pipeline.report.inline import inline, inline_if_there
from tests.report.sites import SVG


def test_a_drawing_is_read_back(tmp_path):
    """The text of an SVG survives."""
    path = tmp_path / "a.svg"
    path.write_text(f"{SVG}<!-- 100 % 한 -->", encoding="utf-8")

    assert f"{SVG}<!-- 100 % 한 -->" == unquote(inline(path).partition(",")[2])


def test_photographs_are_made_smaller(tmp_path):
    """A small PNG stays as it is, a large one becomes a JPEG of the same size in pixels."""
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    Image.new("RGB", (30, 20), "teal").save(small)
    noise = np.random.default_rng(1).integers(256, size=(300, 400, 3), dtype=np.uint8)
    Image.fromarray(noise).save(large)
    uri = inline(large)
    image = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))

    assert inline(small).startswith("data:image/png;base64,")
    assert ("JPEG", (400, 300)) == (image.format, image.size)
    assert len(uri) < large.stat().st_size


def test_a_missing_figure_is_none(tmp_path):
    """What an older run did not draw is left out."""
    assert [] == inline_if_there(tmp_path / "a.svg", "a caption")
