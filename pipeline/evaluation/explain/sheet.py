"""explain.png: pictures that were right and wrong, and where the network saw whom. No torch."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from pipeline.evaluation.captions import FONT_PX, fitting, font

TILE_PX, GAP_PX = 112, 10
LINE_PX = FONT_PX + 4
_PALETTE = 256  # colours of the PNG: a third of the bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One picture from top to bottom: as it is, then what was seen for one character or two."""

    tiles: tuple[tuple[Image.Image, str], ...]  # and the caption of each


def explain_png(columns: Sequence[Column], *, title: str) -> bytes:
    """Lay out columns side by side.

    Args:
        columns: at least one.
        title: what the heat means.
    """
    num_rows = max(len(column.tiles) for column in columns)
    row_px = TILE_PX + LINE_PX + GAP_PX
    width_px = GAP_PX + len(columns) * (TILE_PX + GAP_PX)
    sheet = Image.new("RGB", (width_px, GAP_PX + LINE_PX + num_rows * row_px), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP_PX, GAP_PX // 2), fitting(title, width_px=width_px), "black", font())
    for place, column in enumerate(columns):
        left = GAP_PX + place * (TILE_PX + GAP_PX)
        for row, (picture, caption) in enumerate(column.tiles):
            top = GAP_PX + LINE_PX + row * row_px
            tile = picture.copy()
            tile.thumbnail((TILE_PX, TILE_PX))
            sheet.paste(tile, (left + (TILE_PX - tile.width) // 2, top + TILE_PX - tile.height))
            line = fitting(caption, width_px=TILE_PX)
            draw.text((left, top + TILE_PX + 2), line, "black", font())
    file = io.BytesIO()
    sheet.quantize(_PALETTE).save(file, "PNG", optimize=True)
    return file.getvalue()
