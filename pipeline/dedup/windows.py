"""Wide hashes of windows of a picture: 256 bits each, so that cropped and captioned copies are met.

A window's hash is the sign of its 16x16 lowest frequencies (DCT-II, without the constant ones), as
in PDQ (Facebook 2019), but against zero, not the median. So mirroring or turning a picture changes
its hash in a way that is known exactly: signs of odd frequencies flip, rows and columns swap.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.pictures.hashes import Box

WINDOW_BITS = 256
HASH_WORDS = 4  # of 64 bits; the first holds the lowest 8x8 frequencies
NUM_VIEWS = 2  # whole, inside its border; all other windows are crops of the whole
NUM_FORMS = 8  # as it is, mirrored, and both turned by 90, 180 and 270 degrees

_FREQUENCIES = 16
_SIDE_PX = 96  # the picture is squeezed into a square of this side
_FLAT_LEVELS = 2.0  # of 255: standard deviation below which a view shows nothing
_WHOLE = (0.0, 1.0)
_NINE_TENTHS = tuple((start / 100, start / 100 + 0.9) for start in (0, 5, 10))
_FOUR_FIFTHS = tuple((start / 100, start / 100 + 0.8) for start in (0, 5, 10, 15, 20))
_NO_CAPTION = ((0.0, 0.87), (0.13, 1.0))
_CROPS = (  # intervals across, each with each down
    (_NINE_TENTHS, _NINE_TENTHS),
    (_FOUR_FIFTHS, _FOUR_FIFTHS),
    ((_WHOLE,), _NO_CAPTION),
)
NUM_WINDOWS = NUM_VIEWS + sum(len(across) * len(down) for across, down in _CROPS)

Interval = tuple[float, float]  # of a side, in [0, 1]


def window_hashes(image: Image.Image, inside: Box) -> NDArray[np.uint64]:
    """Hash the windows of a picture.

    Args:
        image: RGB; a copy of a few hundred pixels a side will do.
        inside: what of it is inside its border, in px.

    Returns:
        Shape (NUM_WINDOWS, HASH_WORDS); all zeros where the picture shows nothing.
    """
    grey = image.convert("L")
    everything = (0, 0, *image.size)
    whole_SS = _squeezed(grey, everything)
    trimmed_SS = whole_SS if inside == everything else _squeezed(grey, inside)
    if whole_SS.std() < _FLAT_LEVELS:
        return np.zeros((NUM_WINDOWS, HASH_WORDS), np.uint64)
    spectra = [
        _spectra(whole_SS, (_WHOLE,), (_WHOLE,)),
        _spectra(trimmed_SS, (_WHOLE,), (_WHOLE,)),
        *(_spectra(whole_SS, across, down) for across, down in _CROPS),
    ]
    return _packed(np.concatenate(spectra) > 0)


def _squeezed(grey: Image.Image, box: Box) -> NDArray[np.float32]:
    size = (_SIDE_PX, _SIDE_PX)
    return np.asarray(grey.resize(size, Image.Resampling.BOX, box=box), np.float32)


def _spectra(
    square_SS: NDArray[np.float32], across: tuple[Interval, ...], down: tuple[Interval, ...]
) -> NDArray[np.floating[Any]]:
    """Transform the windows of each interval across with each down, shape (K, 16, 16)."""
    all_IFIF = _waves(down) @ square_SS @ _waves(across).T
    apart_IFIF = all_IFIF.reshape(len(down), _FREQUENCIES, len(across), _FREQUENCIES)
    return apart_IFIF.transpose(2, 0, 1, 3).reshape(-1, _FREQUENCIES, _FREQUENCIES)


@cache
def _waves(intervals: tuple[Interval, ...]) -> NDArray[np.float32]:
    """Make the cosines of each interval, one below another; zero outside of the interval."""
    centre_S = (np.arange(_SIDE_PX) + 0.5) / _SIDE_PX
    waves = []
    for start, end in intervals:
        is_inside_S = (centre_S >= start) & (centre_S < end)
        place_S = (centre_S - start) / (end - start)
        wave_FS = np.cos(np.pi * np.arange(1, 1 + _FREQUENCIES)[:, None] * place_S) * is_inside_S
        wave_FS -= is_inside_S * wave_FS.sum(axis=1, keepdims=True) / is_inside_S.sum()
        waves.append(wave_FS)
    return np.concatenate(waves).astype(np.float32)


def form(hashes: NDArray[np.uint64], number: int) -> NDArray[np.uint64]:
    """Give the hashes of the same windows after mirroring or turning the picture.

    Args:
        hashes: shape (..., HASH_WORDS).
        number: 0 as it is; + 1 mirrored left to right, + 2 upside down, + 4 rows and columns
            swapped, which is done first.
    """
    if number & 4:
        bits = _unpacked(hashes)
        hashes = _packed(np.swapaxes(bits, -1, -2))
    flipped: NDArray[np.uint64] = hashes ^ _flips()[number & 3]
    return flipped


def is_mirrored(number: int) -> bool:
    """Tell whether a form is a mirror image, and not only turned: an odd number of steps."""
    return number.bit_count() % 2 == 1


@cache
def _flips() -> NDArray[np.uint64]:
    """Make the bits that flip when a picture is mirrored in x (1), y (2) or both (3)."""
    odd_F = np.arange(1, 1 + _FREQUENCIES) % 2 == 1
    none_FF = np.zeros((_FREQUENCIES, _FREQUENCIES), bool)
    x_FF, y_FF = none_FF | odd_F, none_FF | odd_F[:, None]
    return _packed(np.stack([none_FF, x_FF, y_FF, x_FF ^ y_FF]))


def _packed(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Pack (..., 16, 16) bits into four words, a quarter of the frequencies each."""
    half = _FREQUENCIES // 2
    quarters = bits.reshape(*bits.shape[:-2], 2, half, 2, half).swapaxes(-2, -3)
    octets = np.packbits(quarters.reshape(*bits.shape[:-2], HASH_WORDS, half * half), axis=-1)
    words: NDArray[np.uint64] = octets.view(">u8")[..., 0].astype(np.uint64)
    return words


def _unpacked(words: NDArray[np.uint64]) -> NDArray[np.bool_]:
    half = _FREQUENCIES // 2
    octets = np.ascontiguousarray(words.astype(">u8")[..., None]).view(np.uint8)
    quarters = np.unpackbits(octets, axis=-1).reshape(*words.shape[:-1], 2, 2, half, half)
    square = quarters.swapaxes(-2, -3).reshape(*words.shape[:-1], _FREQUENCIES, _FREQUENCIES)
    return square.astype(np.bool_)
