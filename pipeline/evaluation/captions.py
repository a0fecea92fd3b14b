"""Short lines under pictures, the same on every machine."""

from functools import cache

from PIL import ImageFont

FONT_PX = 12


def fitting(text: str, *, width_px: int) -> str:
    """Shorten a caption to the width of its picture; a slug may have 64 characters."""
    shown = text
    while font().getlength(shown) > width_px:
        text = text[:-1]
        shown = text + ".."
    return shown


@cache
def font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Load the font that comes with Pillow; it has Latin letters only."""
    return ImageFont.load_default(FONT_PX)
