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
from pipeline.pictures.hashes import both_phashes, shrink, to_bits
from pipeline.pictures.measures import Measures, measure
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
    whole, inside = (0, 0, *picture.image.size), box_inside_border(picture.image)
    views = [_view(picture.image, whole)] * NUM_VIEWS
    if inside != whole:
        views[1] = _view(picture.image, inside)
    return Fingerprints(
        hashes_NVO=np.stack([hashes_O for hashes_O, _ in views])[None],
        colours_NVSSC=np.stack([colours_SSC for _, colours_SSC in views])[None],
        windows_NWH=window_hashes(picture.image, inside)[None],
        sharpness_N=np.array([sharpness(picture.image)]),
        num_pixels_N=np.array([(inside[2] - inside[0]) * (inside[3] - inside[1])]),
        measures_NM=np.array([astuple(measure(picture))], np.float64),
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


def _view(
    image: Image.Image, box: tuple[int, int, int, int]
) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    cells = image.resize((GRID, GRID), Image.Resampling.BOX, box=box)
    return to_bits(both_phashes(shrink(image, box=box))), np.asarray(cells)
