"""Copies: what happens to a picture when others save it and put it up again."""

from random import Random

from PIL import Image, ImageDraw

from pipeline.collect.sources.studio import overlays

_SMALLEST = 120  # px; nobody offers a copy below this as a picture


def reshaped(image: Image.Image, edit: str, rng: Random, *, is_label: bool) -> Image.Image:
    """Apply what an edit does to the geometry: of a picture, or of its labels.

    Args:
        image: RGB pixels, or labels of mode L.
        edit: a key of `plan.EDITS`.
        rng: the same dice for the picture and for its labels.
        is_label: nothing is blended, and a border belongs to nobody.
    """
    width, height = image.size
    match edit:
        case "resized":
            factor = max(rng.uniform(0.5, 0.85), _SMALLEST / min(image.size))
            size = round(width * factor), round(height * factor)
            nearest, smooth = Image.Resampling.NEAREST, Image.Resampling.BILINEAR
            return image.resize(size, nearest if is_label else smooth)
        case "cropped":
            left, top = (round(side * rng.uniform(0, 0.05)) for side in image.size)
            return image.crop((left, top, left + round(0.95 * width), top + round(0.95 * height)))
        case "flipped":
            return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        case "bordered":
            edge = round(min(image.size) * rng.uniform(0.03, 0.08))
            colour = 0 if is_label else rng.choice(("white", "black", "navy", "pink"))
            framed = Image.new(image.mode, (width + 2 * edge, height + 2 * edge), colour)
            framed.paste(image, (edge, edge))
            return framed
        case _:
            return image


def edited(image: Image.Image, edit: str, rng: Random) -> Image.Image:
    """Apply a whole edit to RGB pixels; re-encoding is up to the file's format."""
    image = reshaped(image, edit, rng, is_label=False)
    if edit == "grey":
        return image.convert("L").convert("RGB")
    if edit == "watermarked":
        draw = ImageDraw.Draw(image)
        for words in overlays.watermark(image.size, rng).words:
            overlays.write(draw, words, scale=1)
    return image
