"""One picture: sketched (who stands where), then painted as pixels or as labels."""

import cmath
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw

from pipeline.collect.sources.studio import overlays
from pipeline.collect.sources.studio.backdrops import BACKDROPS, Backdrop, Size, blended
from pipeline.collect.sources.studio.dice import dice, pick
from pipeline.collect.sources.studio.figure import figure
from pipeline.collect.sources.studio.light import lit
from pipeline.collect.sources.studio.looks import Look, coloured, look_of
from pipeline.collect.sources.studio.overlays import Overlay
from pipeline.collect.sources.studio.plan import Plan, others
from pipeline.collect.sources.studio.pose import Pose, draw_pose
from pipeline.collect.sources.studio.shapes import (
    Colour,
    Ink,
    Shape,
    fill_all,
    mirrored,
    paint,
    placed,
)

STYLES = {"colour": 0.90, "line art": 0.03, "grey": 0.025, "pixels": 0.02, "blurred": 0.025}
"""How pictures are made."""

_SCENES = {
    "white": 0.20, "flat": 0.14, "gradient": 0.14, "sea": 0.08, "forest": 0.08, "castle": 0.08,
    "snow": 0.07, "night": 0.05, "room": 0.08, "pattern": 0.08,
}  # fmt: skip
_AT_HOME = 0.2  # share shown where the character belongs, whatever _SCENES says
_ZOOMS = {"face": 0.24, "half": 0.44, "full": 0.30, "far": 0.02}
_LINES = {"none": 0.3, "thin": 0.55, "thick": 0.15}
_COMPANY = 0.05  # share with more than one character
_PLAIN = Ink((0, 0, 0), 0.0, None)
_BIG = 150_000  # pixels; up to here pictures are painted at twice their size


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """A picture before it is painted; coordinates are pixels of the final picture."""

    size: Size
    style: str  # a key of STYLES
    colouring: str  # of the main figure, a key of looks.COLOURINGS
    scene: str  # a name of backdrops.BACKDROPS
    backdrop: Backdrop
    figures: list[tuple[str, list[Shape]]]  # slug and shapes, back to front
    overlays: list[Overlay]
    ink: Ink


def size_of(plan: Plan) -> Size:
    """Draw the size of a picture: phone, desktop or square, some large."""
    rng = dice(plan.slug, plan.number, "size")
    long_side = round(min(640, max(160, rng.lognormvariate(5.75, 0.33))))
    short_side = max(140, round(long_side * rng.choice((1.0, rng.uniform(0.65, 1.0)))))
    return (short_side, long_side) if rng.random() < 0.55 else (long_side, short_side)


def sketch(plan: Plan) -> Sketch:
    """Decide everything about a picture but its light and its file format."""
    rng = dice(plan.slug, plan.number, "sketch")
    size, style = size_of(plan), pick(rng, STYLES)
    look = look_of(plan.subject or plan.slug)
    scene = look.home if rng.random() < _AT_HOME else pick(rng, _SCENES)
    if style == "line art" and rng.random() < 0.8:
        scene = "white"
    colouring, figures = _figures(plan, size, rng)
    return Sketch(
        size=size,
        style=style,
        colouring=colouring,
        scene=scene,
        backdrop=BACKDROPS[scene](size, rng),
        figures=figures,
        overlays=list(_overlays(plan, size, rng)),
        ink=_ink(style, size, rng),
    )


def painted(drawing: Sketch, light: Random) -> Image.Image:
    """Paint the pixels, RGB."""
    width, height = drawing.size
    scale = _scale(drawing)
    large = round(width * scale), round(height * scale)
    image = blended(drawing.backdrop, large)
    draw = ImageDraw.Draw(image)
    paint(draw, drawing.backdrop.shapes, drawing.ink if drawing.ink.paper else _PLAIN, scale=scale)
    for _, shapes in drawing.figures:
        paint(draw, shapes, drawing.ink, scale=scale)
    for overlay in drawing.overlays:
        paint(draw, overlay.shapes, _PLAIN, scale=scale)
        for words in overlay.words:
            overlays.write(draw, words, scale=scale)
    image = lit(_resized(image, drawing), light)
    return image.convert("L").convert("RGB") if drawing.style == "grey" else image


def labelled(drawing: Sketch) -> Image.Image:
    """Paint who is where, mode L: 0 nobody, i + 1 for `drawing.figures[i]`."""
    image = Image.new("L", drawing.size)
    draw = ImageDraw.Draw(image)
    for label, (_, shapes) in enumerate(drawing.figures, start=1):
        fill_all(draw, shapes, label)
    for overlay in drawing.overlays:
        fill_all(draw, overlay.shapes, 0)
    return image


def _figures(plan: Plan, size: Size, rng: Random) -> tuple[str, list[tuple[str, list[Shape]]]]:
    """Place the subject, alone or in company; an empty subject is an object, so nobody."""
    colouring, look = coloured(look_of(plan.subject or plan.slug), rng)
    if not plan.subject:
        return colouring, []
    width, height = size
    if rng.random() >= _COMPANY:
        pose = draw_pose(rng)
        middle = complex(width * rng.uniform(0.4, 0.6), height * rng.uniform(0.46, 0.54))
        return colouring, [
            (plan.subject, _placed(look, pose, size, middle, pick(rng, _ZOOMS), rng))
        ]
    return colouring, _company(plan.subject, look, size, rng)


def _company(subject: str, look: Look, size: Size, rng: Random) -> list[tuple[str, list[Shape]]]:
    """Place the subject among others of the cast, or beside itself; mostly in front."""
    width, height = size
    extras = [rng.choice([*others(subject), subject]) for _ in range(rng.choice((1, 1, 2)))]
    zoom = rng.choice(("half", "full", "full"))
    columns = [0.3, 0.7] if len(extras) == 1 else [0.5, 0.2, 0.8]
    figures: list[tuple[str, list[Shape]]] = []
    for slug, column in zip([subject, *extras], columns, strict=True):
        own = look if slug == subject else coloured(look_of(slug), rng)[1]
        share = 1.0 if not figures else rng.uniform(0.6, 1.0)
        box = round(width * 0.62 * share), round(height * share)
        middle = complex(width * column, height * rng.uniform(0.45, 0.58))
        figures.append((slug, _placed(own, draw_pose(rng), box, middle, zoom, rng)))
    return figures[::-1] if rng.random() < 0.75 else figures


def _placed(
    look: Look, pose: Pose, size: Size, middle: complex, zoom: str, rng: Random
) -> list[Shape]:
    """Scale a figure so that face, upper half or whole body fills `size` around `middle`."""
    width, height = size
    top, bottom, across = {
        "face": (-2.2, 1.9, 3.4),
        "half": (-2.1, 3.2, 3.8),
        "full": (-2.3, pose.floor + 0.3, 4.2),
        "far": (-3.0, pose.floor + 6, 9.0),
    }[zoom]
    unit_px = min(height / (bottom - top), width / across) * rng.uniform(0.92, 1.18)
    turn = cmath.rect(unit_px, pose.lean)
    shapes = figure(look, pose)
    if rng.random() < 0.5:
        shapes = [mirrored(shape) for shape in shapes]
    return placed(shapes, turn=turn, to=middle - turn * complex(0, (top + bottom) / 2))


def _overlays(plan: Plan, size: Size, rng: Random) -> Iterator[Overlay]:
    if not plan.subject:
        yield overlays.objects(size, rng)
    if rng.random() < 0.09:
        yield overlays.occluders(size, rng)
    if rng.random() < 0.12:
        yield overlays.frame(size, rng)
    if rng.random() < 0.14:
        yield overlays.caption(size, rng, plan.slug.replace("_", " "))
    if rng.random() < 0.05:
        yield overlays.watermark(size, rng)


def _ink(style: str, size: Size, rng: Random) -> Ink:
    line: Colour = rng.choice(((34, 26, 34), (20, 20, 24), (84, 56, 50)))
    unit_px = min(size) / 100
    if style == "line art":
        paper = rng.choice(((255, 255, 255), (255, 255, 255), (250, 246, 236)))
        return Ink(rng.choice((line, (110, 110, 116))), rng.uniform(0.5, 1.1) * unit_px, paper)
    thickness = {"none": 0.0, "thin": 0.55, "thick": 1.3}[pick(rng, _LINES)]
    return Ink(line, thickness * unit_px, None)


def _scale(drawing: Sketch) -> float:
    width, height = drawing.size
    if drawing.style == "pixels":
        return 56 / min(width, height)
    if drawing.style == "blurred":
        return 0.3
    return 2.0 if width * height <= _BIG else 1.0


def _resized(image: Image.Image, drawing: Sketch) -> Image.Image:
    if image.size == drawing.size:
        return image
    if drawing.style == "pixels":
        return image.resize(drawing.size, Image.Resampling.NEAREST)
    if drawing.style == "blurred":
        return image.resize(drawing.size, Image.Resampling.BILINEAR)
    return image.reduce(2)
