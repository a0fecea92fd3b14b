"""The file of a picture: its format, its quality and what is odd about it."""

import io
from random import Random

from PIL import Image, ImageOps

from pipeline.collect.sources.studio.dice import dice
from pipeline.collect.sources.studio.picture import Sketch, labelled, painted, sketch
from pipeline.collect.sources.studio.plan import Plan

_FORMATS = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF"}
_ORIENTATION = 0x0112  # EXIF tag
_TURN_RIGHT = 6  # its value when the stored picture lies on its left side
_MISNAMED = 0.04  # share of files that are JPEG whatever their name says
_LYING = 0.02  # share of JPEG files that rely on EXIF orientation


def fresh_file(plan: Plan) -> bytes:
    """Draw a picture and encode it."""
    drawing = sketch(plan)
    image = painted(drawing, dice(plan.slug, plan.number, "light"))
    if _is_cut_out(drawing, plan):
        image.putalpha(labelled(drawing).point([0] + [255] * 255))
    return encoded(image, plan)


def encoded(image: Image.Image, plan: Plan) -> bytes:
    """Encode pixels in the format of the address, or another: names on the web lie."""
    rng = dice(plan.slug, plan.number, "file")
    kind = "JPEG" if rng.random() < _MISNAMED else _FORMATS[plan.extension]
    file = io.BytesIO()
    match kind:
        case "PNG":
            image.save(file, kind, compress_level=1)
        case "WEBP":
            image.save(file, kind, quality=rng.randint(50, 90), method=0)
        case "GIF":
            rgb = image.convert("RGB")
            rgb.quantize(rng.choice((32, 64, 128)), method=Image.Quantize.FASTOCTREE).save(
                file, kind
            )
        case _:
            _save_jpeg(image, file, rng)
    return file.getvalue()


def decoded(body: bytes) -> Image.Image:
    """Decode a file as it is meant to be seen, RGB, what is transparent white."""
    return _on_white(ImageOps.exif_transpose(Image.open(io.BytesIO(body))))


def _is_cut_out(drawing: Sketch, plan: Plan) -> bool:
    """Tell pictures whose white ground is saved as transparent."""
    plain = drawing.scene == "white" and bool(drawing.figures) and not drawing.overlays
    return plain and plan.extension in {"png", "webp"}


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _save_jpeg(image: Image.Image, file: io.BytesIO, rng: Random) -> None:
    exif = Image.Exif()
    image = _on_white(image)
    if rng.random() < _LYING:
        image = image.transpose(Image.Transpose.ROTATE_90)
        exif[_ORIENTATION] = _TURN_RIGHT
    image.save(file, "JPEG", quality=rng.randint(35, 95), exif=exif)
