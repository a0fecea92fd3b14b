"""Whether two pictures are one, by what can be seen in both: local features, then blocks.

Points of interest are matched (ORB: Rublee et al. 2011) and one similarity (shift, turn, scale) is
sought that most of them agree on (RANSAC: Fischler and Bolles 1981). Drawings that share a head
share its points, too; so the one picture is laid over the other, and block by block they must show
the same. Blocks in which neither shows anything say nothing.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.pictures.hashes import hamming_bits

_SIDE_PX = 320  # longer side of all pictures, when their points are sought
_NUM_POINTS = 400
_MAX_MATCH_BITS = 64  # of 256 that may differ between two points' descriptors
_MIN_INLIERS = 12  # points that agree on one similarity; fewer are chance
_MAX_SHIFT_PX = 4.0  # by which a point may be off
_SCALES = (0.4, 2.5)
_BLOCK_PX = 16  # side of a block, at half of _SIDE_PX: about 10 a side
_EDGE_PX = 3  # of a picture's edge, at the same size, that is not looked at
_MIN_OVERLAP = 0.5  # of the smaller picture
_MIN_BLOCKS = 6  # that show something; of fewer nothing is said
_TEXTURE_LEVELS = 5.0  # of 255: standard deviation from which a block shows something
_COLOUR_LEVELS = 14.0  # by which the mean colour of two blocks may differ
_SHIFTS = tuple(product((-1, 0, 1), repeat=2))  # in px: a block may lie a little off
_MIN_CORRELATION = 0.6  # of two blocks that show something
_GAINS = (0.5, 2.0)  # of brightness, between copies
_CLIPPED_LEVELS = (4.0, 250.0)  # beyond, shades are lost
_FIT_EVERY = 11  # pixels: enough to fit a brightness
_NUM_FITS = 3  # of brightness, each without the pixels that fitted worst
_TRUSTED_FRACTION = 0.8  # of the pixels, each time
_LUMA_C = np.array((0.299, 0.587, 0.114), np.float32)  # as Pillow makes grey (ITU-R 601)
_ALIKE = 0.5  # agreement below which nothing more is looked at
_MIN_FRAME = 0.03  # of a picture's area: less is no frame
_MIN_PLAIN = 0.6  # of a frame that has one colour: the rest may be words
_GREY_LEVELS = 6.0  # mean spread of red, green and blue below which a picture is grey


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Look:
    """One picture at one size, with its points of interest."""

    pixels_HWC: NDArray[np.uint8]  # RGB, longer side _SIDE_PX
    half_HWC: NDArray[np.uint8]  # at half that size
    points_K2: NDArray[np.float32]  # x, y in px
    descriptors_KD: NDArray[np.uint8]  # D = 32 octets


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """How well two pictures lie over each other."""

    num_inliers: int  # points that agree on one similarity; 0 if there is none
    agreement: float  # fraction of the blocks that show something in which both show the same
    overlap: float  # of the smaller picture's area
    is_framed: bool  # the first has a border or a caption around what both show
    is_other_framed: bool


NO_OVERLAY = Overlay(
    num_inliers=0, agreement=0.0, overlap=0.0, is_framed=False, is_other_framed=False
)


def look_at(image: Image.Image, *, is_mirrored: bool = False) -> Look:
    """Bring a picture to one size and find its points of interest."""
    scale = _SIDE_PX / max(image.size)
    size = tuple(max(_BLOCK_PX, round(side * scale)) for side in image.size)
    way = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    pixels = np.asarray(image.resize((size[0], size[1]), way))
    pixels = np.ascontiguousarray(pixels[:, ::-1]) if is_mirrored else pixels
    orb = cv2.ORB.create(nfeatures=_NUM_POINTS, edgeThreshold=15, patchSize=31, fastThreshold=10)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    points, descriptors = orb.detectAndCompute(grey, None)
    half = (pixels.shape[1] // 2, pixels.shape[0] // 2)
    return Look(
        pixels_HWC=pixels,
        half_HWC=_octets(cv2.resize(pixels, half, interpolation=cv2.INTER_AREA)),
        points_K2=np.array([point.pt for point in points], np.float32).reshape(-1, 2),
        descriptors_KD=np.zeros((0, 32), np.uint8) if descriptors is None else _octets(descriptors),
    )


def lay_over(look: Look, other: Look) -> Overlay:
    """Lay the other picture over the first, where their points say it belongs."""
    similarity, num_inliers = _similarity(other, look)
    if similarity is None:
        return NO_OVERLAY
    frame = look.half_HWC
    laid, is_covered = _warped(other, similarity, frame.shape[:2])
    overlap = _overlap(is_covered, other, similarity)
    inner = slice(_EDGE_PX, -_EDGE_PX)  # at its edge a picture may show a hint of its border
    agreement = 0.0
    if overlap >= _MIN_OVERLAP:
        agreement = _agreement(frame[inner, inner], laid[inner, inner], is_covered[inner, inner])
    is_alike = agreement >= _ALIKE  # others have no frame that matters
    return Overlay(
        num_inliers=num_inliers,
        agreement=agreement,
        overlap=overlap,
        is_framed=is_alike and _is_framed(look, other, similarity),
        is_other_framed=is_alike and _is_framed(other, look, _inverse(similarity)),
    )


def _is_framed(look: Look, other: Look, similarity: NDArray[np.float64]) -> bool:
    """Tell whether what a picture has beyond the other is mostly of one colour."""
    inside = np.ones(other.pixels_HWC.shape[:2], np.float32)
    height, width = look.pixels_HWC.shape[:2]
    beyond_NC = look.pixels_HWC[cv2.warpAffine(inside, similarity, (width, height)) == 0]
    if len(beyond_NC) < _MIN_FRAME * height * width:
        return False
    off_N = np.abs(beyond_NC.astype(np.int16) - np.median(beyond_NC, axis=0)).max(axis=1)
    return bool((off_N <= _COLOUR_LEVELS).mean() >= _MIN_PLAIN)


def _similarity(source: Look, target: Look) -> tuple[NDArray[np.float64] | None, int]:
    """Find the 2x3 matrix that carries the source's points to the target's."""
    nothing = None, 0
    if min(len(source.points_K2), len(target.points_K2)) < _MIN_INLIERS:
        return nothing
    ours, theirs = _matches(source.descriptors_KD, target.descriptors_KD)
    if len(ours) < _MIN_INLIERS:
        return nothing
    matrix, is_inlier = cv2.estimateAffinePartial2D(
        source.points_K2[ours],
        target.points_K2[theirs],
        ransacReprojThreshold=_MAX_SHIFT_PX,
        maxIters=500,
    )
    if matrix is None or int(is_inlier.sum()) < _MIN_INLIERS:
        return nothing
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if not _SCALES[0] <= scale <= _SCALES[1]:
        return nothing
    return matrix.astype(np.float64, copy=False), int(is_inlier.sum())


def _matches(
    one_KD: NDArray[np.uint8], other_LD: NDArray[np.uint8]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pair the points that are each other's nearest; what OpenCV's matcher finds, twice as fast."""
    bits_KL = np.zeros((len(one_KD), len(other_LD)), np.uint16)
    for one_K, other_L in zip(one_KD.view(np.uint64).T, other_LD.view(np.uint64).T, strict=True):
        bits_KL += hamming_bits(one_K[:, None], other_L)
    nearest_K, nearest_L = bits_KL.argmin(axis=1), bits_KL.argmin(axis=0)
    ones = np.arange(len(one_KD))
    is_match_K = (nearest_L[nearest_K] == ones) & (bits_KL[ones, nearest_K] <= _MAX_MATCH_BITS)
    return ones[is_match_K], nearest_K[is_match_K]


def _warped(
    other: Look, similarity: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Carry the other picture into the frame of the first, at half its size."""
    half = similarity * 0.5
    size = (shape[1], shape[0])
    scale = float(np.hypot(half[0, 0], half[1, 0]))
    pixels = other.pixels_HWC
    if scale < 1:  # blur away what the smaller frame cannot show
        pixels = _octets(cv2.GaussianBlur(pixels, (0, 0), 0.5 / scale))
    laid = _octets(cv2.warpAffine(pixels, half, size, flags=cv2.INTER_LINEAR))
    inside = np.ones(pixels.shape[:2], np.float32)
    covered = cv2.warpAffine(inside, half, size, flags=cv2.INTER_LINEAR)
    eroded = cv2.erode(covered, np.ones((2 * _EDGE_PX + 1, 2 * _EDGE_PX + 1), np.uint8))
    return laid, np.equal(eroded, 1)


def _octets(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Say what OpenCV's types leave open."""
    return pixels.astype(np.uint8, copy=False)


def _inverse(similarity: NDArray[np.float64]) -> NDArray[np.float64]:
    return cv2.invertAffineTransform(similarity).astype(np.float64, copy=False)


def _overlap(is_covered: NDArray[np.bool_], other: Look, similarity: NDArray[np.float64]) -> float:
    scale = float(np.hypot(similarity[0, 0], similarity[1, 0])) / 2
    area = other.pixels_HWC.shape[0] * other.pixels_HWC.shape[1] * scale**2
    return float(min(1.0, is_covered.sum() / min(area, is_covered.size)))


def _agreement(
    frame: NDArray[np.uint8], laid: NDArray[np.uint8], is_covered: NDArray[np.bool_]
) -> float:
    """Compare block by block, after the brightness of the one is fitted to the other's."""
    is_whole_N = _blocks(is_covered[..., None]).all(axis=(1, 2))
    one_NPC, two_NPC = (_blocks(each)[is_whole_N] for each in (frame, laid))
    if not len(one_NPC):
        return 0.0
    most_levels = _COLOUR_LEVELS
    if _is_grey(one_NPC) or _is_grey(two_NPC):  # greys say less, so they must agree better
        most_levels = _COLOUR_LEVELS / 2
        one_NPC, two_NPC = ((each @ _LUMA_C)[..., None] for each in (one_NPC, two_NPC))
    has_same_colour_N = _have_same_colour(one_NPC, two_NPC, most_levels=most_levels)
    grey_frame, grey_laid = _grey(frame), _grey(laid)
    one_NP, two_NP = (_blocks(each)[is_whole_N, :, 0] for each in (grey_frame, grey_laid))
    shows_N = np.maximum(one_NP.std(axis=1), two_NP.std(axis=1)) >= _TEXTURE_LEVELS
    if has_same_colour_N.mean() < _ALIKE:  # no correlation can make up for that
        return float(has_same_colour_N[shows_N | ~has_same_colour_N].mean())
    shifted_QNP = [_blocks(np.roll(grey_laid, by, (0, 1)))[is_whole_N, :, 0] for by in _SHIFTS]
    correlation_N = np.max([_correlation(one_NP, each) for each in shifted_QNP], axis=0)
    agrees_N = has_same_colour_N & (~shows_N | (correlation_N >= _MIN_CORRELATION))
    counts_N = shows_N | ~agrees_N
    return float(agrees_N[counts_N].mean()) if counts_N.sum() >= _MIN_BLOCKS else 0.0


def _grey(pixels_HWC: NDArray[np.uint8]) -> NDArray[np.float32]:
    grey: NDArray[np.float32] = (pixels_HWC @ _LUMA_C)[..., None]
    return grey


def _have_same_colour(
    one_NPC: NDArray[np.float32], two_NPC: NDArray[np.float32], *, most_levels: float
) -> NDArray[np.bool_]:
    """Tell which of N blocks have one mean colour, once their brightness is the same."""
    darker_NPC, brighter_NPC = sorted((one_NPC, two_NPC), key=np.mean)
    brightened_NPC = _brightened(darker_NPC, brighter_NPC)
    shift_NC = np.abs(brightened_NPC.mean(axis=1) - brighter_NPC.mean(axis=1))
    is_same_N: NDArray[np.bool_] = shift_NC.max(axis=1) <= most_levels
    return is_same_N


def _correlation(one_NP: NDArray[np.float32], two_NP: NDArray[np.float32]) -> NDArray[np.float32]:
    one_NP = one_NP - one_NP.mean(axis=1, keepdims=True)
    two_NP = two_NP - two_NP.mean(axis=1, keepdims=True)
    product_N = (one_NP * two_NP).mean(axis=1)
    correlation_N: NDArray[np.float32] = product_N / np.maximum(
        one_NP.std(axis=1) * two_NP.std(axis=1), 1.0
    )
    return correlation_N


def _is_grey(pixels_NPC: NDArray[np.float32]) -> bool:
    return bool(np.ptp(pixels_NPC, axis=2).mean() < _GREY_LEVELS)


def _brightened(
    darker_NPC: NDArray[np.float32], brighter_NPC: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Fit one gain and offset, the same for all colours, so that no recolouring passes.

    The darker is fitted to the brighter: what has become white has lost its shades.
    """
    x, y = darker_NPC[:, ::_FIT_EVERY].ravel(), brighter_NPC[:, ::_FIT_EVERY].ravel()
    is_used = (x > _CLIPPED_LEVELS[0]) & (y < _CLIPPED_LEVELS[1])
    gain, offset = 1.0, 0.0
    for _ in range(_NUM_FITS):
        used_x, used_y = x[is_used], y[is_used]
        if len(used_x) < _BLOCK_PX or used_x.std() < _TEXTURE_LEVELS:
            break
        off_x = used_x - used_x.mean()
        gain = float(off_x @ used_y / (off_x @ off_x))  # least squares
        offset = float(used_y.mean() - gain * used_x.mean())
        error = np.abs(x * gain + offset - y)
        place = int(_TRUSTED_FRACTION * (len(used_x) - 1))
        is_used &= error <= np.partition(error[is_used], place)[place]
    fitted = np.clip(x * gain + offset, 0, 255)
    is_better = np.abs(fitted - y).mean() < np.abs(x - y).mean()
    if not is_better or not _GAINS[0] <= gain <= _GAINS[1]:
        return darker_NPC
    brightened: NDArray[np.float32] = np.clip(darker_NPC * gain + offset, 0, 255)
    return brightened


def _blocks(pixels_HWC: NDArray[Any]) -> NDArray[np.float32]:
    """Cut into N blocks of P pixels, shape (N, P, C); what is left at the edges is dropped."""
    height, width = (side // _BLOCK_PX for side in pixels_HWC.shape[:2])
    num_channels = pixels_HWC.shape[2]
    cut = pixels_HWC[: height * _BLOCK_PX, : width * _BLOCK_PX].astype(np.float32)
    blocks = cut.reshape(height, _BLOCK_PX, width, _BLOCK_PX, num_channels).swapaxes(1, 2)
    return blocks.reshape(height * width, _BLOCK_PX * _BLOCK_PX, num_channels)
