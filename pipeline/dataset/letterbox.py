"""Any picture into a square: whole, in proportion, with quiet bars.

The whole picture stays (a centre crop would cut heads and tails off). The bars have the mean colour
of the picture's own edge: black bars would draw the outline of the frame, and the frame of a
picture tells where it was found, not who is on it.
"""

import numpy as np
from PIL import Image

Colour = tuple[int, int, int]


def letterbox(image: Image.Image, *, side_px: int) -> tuple[Image.Image, tuple[int, int]]:
    """Fit a picture into the middle of a square.

    Args:
        image: RGB, any size.
        side_px: side of the square.

    Returns:
        The square, and width and height of the content inside it in px.

    >>> square, content_px = letterbox(Image.new("RGB", (400, 100), "red"), side_px=8)
    >>> square.size, content_px, square.getpixel((0, 0))
    ((8, 8), (8, 2), (255, 0, 0))
    """
    scale = side_px / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    # reducing_gap: shrink by a whole number first, as good as LANCZOS alone and much faster.
    content = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    square = Image.new("RGB", (side_px, side_px), edge_colour(content))
    square.paste(content, ((side_px - width) // 2, (side_px - height) // 2))
    return square, (width, height)


def edge_colour(image: Image.Image) -> Colour:
    """Average the outermost pixels of an RGB picture."""
    pixels = np.asarray(image)
    edges = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    red, green, blue = (round(value) for value in edges.mean(axis=0).tolist())
    return red, green, blue
