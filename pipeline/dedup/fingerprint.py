"""What of a picture is compared with others: perceptual hashes, and colours in a coarse grid.

Each is taken twice, of the whole picture and of what is inside its plain border: a bordered or
cropped copy agrees with its original in one of the two. Wider hashes of many windows (`windows`)
find what is cropped or captioned more, and `features` decides it.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.dedup.border import box_inside_border
from pipeline.dedup.sharpness import sharpness
from pipeline.dedup.windows import HASH_WORDS, NUM_WINDOWS, window_hashes
from pipeline.pictures.decode import decode
from pipeline.pictures.hashes import Box, both_phashes, shrink, to_bits
from pipeline.pictures.measures import Measures, measure, small_copy
from pipeline.records import Rejected

GRID = 16  # cells a side
NUM_VIEWS = 2  # whole, inside its border
NUM_ORIENTATIONS = 2  # as it is, mirrored


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fingerprints:
    """What is compared of N pictures, and measured from the same decode.

    V views, O orientations, S = GRID cells a side, C = 3 colours, W windows, H words of a wide
    hash, M fields of `Measures`.
    """

    hashes_NVO: NDArray[np.uint64]
    colours_NVSSC: NDArray[np.uint8]  # mean of each cell
    windows_NWH: NDArray[np.uint64]
    sharpness_N: NDArray[np.float64]
    num_pixels_N: NDArray[np.int64]  # inside the border
    measures_NM: NDArray[np.float64]

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self.hashes_NVO)

    @property
    def is_bordered_N(self) -> NDArray[np.bool_]:
        """Tell whose two views differ."""
        differs: NDArray[np.bool_] = (self.colours_NVSSC[:, 0] != self.colours_NVSSC[:, 1]).any(
            axis=(1, 2, 3)
        )
        return differs


def fingerprint(data: bytes) -> Fingerprints | Rejected:
    """Take the fingerprint of one file (N = 1), or say why it cannot be read."""
    picture = decode(data)
    if isinstance(picture, Rejected):
        return picture
    grey, small = picture.image.convert("L"), small_copy(picture.image)
    inside = box_inside_border(small)
    inside_full = _enlarged(inside, small, grey)
    views = [(_hashes(grey), _colours(small))] * NUM_VIEWS
    if inside != (0, 0, *small.size):
        views[1] = _hashes(grey, box=inside_full), _colours(small, box=inside)
    left, upper, right, lower = inside_full
    measures = measure(small, transparent_fraction=picture.transparent_fraction)
    return Fingerprints(
        hashes_NVO=np.stack([hashes_O for hashes_O, _ in views])[None],
        colours_NVSSC=np.stack([colours_SSC for _, colours_SSC in views])[None],
        windows_NWH=window_hashes(small, inside)[None],
        sharpness_N=np.array([sharpness(grey)]),
        num_pixels_N=np.array([(right - left) * (lower - upper)]),
        measures_NM=np.array([astuple(measures)], np.float64),
    )


def joined(parts: Sequence[Fingerprints]) -> Fingerprints:
    """Put fingerprints one after another."""
    empty = Fingerprints(
        hashes_NVO=np.zeros((0, NUM_VIEWS, NUM_ORIENTATIONS), np.uint64),
        colours_NVSSC=np.zeros((0, NUM_VIEWS, GRID, GRID, 3), np.uint8),
        windows_NWH=np.zeros((0, NUM_WINDOWS, HASH_WORDS), np.uint64),
        sharpness_N=np.zeros(0),
        num_pixels_N=np.zeros(0, np.int64),
        measures_NM=np.zeros((0, len(fields(Measures)))),
    )
    return Fingerprints(
        **{
            field.name: np.concatenate([getattr(each, field.name) for each in (empty, *parts)])
            for field in fields(Fingerprints)
        }
    )


def _hashes(grey: Image.Image, box: Box | None = None) -> NDArray[np.uint64]:
    return to_bits(both_phashes(shrink(grey, box=box)))


def _colours(small: Image.Image, box: Box | None = None) -> NDArray[np.uint8]:
    return np.asarray(small.resize((GRID, GRID), Image.Resampling.BOX, box=box))


def _enlarged(box: Box, small: Image.Image, full: Image.Image) -> Box:
    x, y = full.width / small.width, full.height / small.height
    left, upper, right, lower = box
    return round(left * x), round(upper * y), round(right * x), round(lower * y)
