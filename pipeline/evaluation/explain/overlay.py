"""A heat map over its picture. No torch.

The picture turns grey, so that colour means heat and nothing else; the colours (matplotlib's
inferno) grow lighter evenly from black to yellow, so the order is the same in grey, in print and
for the colour-blind.
"""

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image

COLOURS = "inferno"
PICTURE_SHARE = 0.35  # of the grey picture in the mixture; more hides the order of the heat


def overlay(picture: Image.Image, heat_HW: NDArray[np.float32]) -> Image.Image:
    """Lay heat over a picture.

    Args:
        picture: RGB.
        heat_HW: in [0, 1], of any size; it is stretched over the picture.

    >>> cold, hot = np.zeros((2, 2), np.float32), np.ones((2, 2), np.float32)
    >>> grey = Image.new("RGB", (4, 4), "grey")
    >>> [overlay(grey, heat).getpixel((0, 0)) for heat in (cold, hot)]
    [(44, 44, 46), (208, 209, 151)]
    """
    heat = Image.fromarray(np.asarray(heat_HW, dtype=np.float32))
    heat = heat.resize(picture.size, Image.Resampling.BILINEAR)
    colours_HWC = mpl.colormaps[COLOURS](np.asarray(heat), bytes=True)[..., :3]
    grey = picture.convert("L").convert("RGB")
    return Image.blend(Image.fromarray(colours_HWC), grey, PICTURE_SHARE)
