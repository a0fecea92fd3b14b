"""An enlarged copy is less sharp than its original."""

import pytest
from PIL import Image

from pipeline.dedup.sharpness import sharpness
from tests.dedup.scenes import scene


@pytest.mark.parametrize("seed", range(3))
def test_enlarged_copy_is_less_sharp(seed: int) -> None:
    """Blown up by half, a picture loses a fifth of its sharpness at least."""
    image = scene(seed).convert("L")
    larger = image.resize((360, 300), Image.Resampling.BICUBIC)

    assert sharpness(larger) < 0.8 * sharpness(image)


def test_plain_picture_is_not_sharp() -> None:
    """Without detail there is nothing to lose."""
    assert 0.0 == sharpness(Image.new("L", (50, 40), 120))
