"""Packed pictures spoiled in one way, as if they had been collected so.

The picture itself is spoiled, then letterboxed again: bars follow the colour of the new edges.

Letters: N pictures, S = side of the packed squares.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.dataset.letterbox import letterbox
from pipeline.dataset.pack import Pack
from pipeline.dataset.selection import Selection
from pipeline.evaluation.content import Pixels, content_of
from pipeline.evaluation.corruptions import CORRUPTIONS, FRAMINGS, STRENGTHS
from pipeline.records import PackRow

Masks = Mapping[str, NDArray[np.bool_]]  # sha256 -> where the character is, shape of the content
CHARACTER_ONLY, BACKGROUND_ONLY = "character_only", "background_only"
PERTURBATIONS = (*CORRUPTIONS, *FRAMINGS, CHARACTER_ONLY, BACKGROUND_ONLY)
_HIDDEN = 128  # grey level of what a mask takes away


@dataclass(frozen=True, slots=True, kw_only=True)
class Perturbation:
    """One way to spoil pictures, at one strength."""

    name: str  # one of PERTURBATIONS
    strength: int  # 1 to 3
    apply: Callable[[str, Pixels], Pixels]  # sha256 and content -> another content
    sha256s: frozenset[str] | None = None  # the pictures that it can be done to; None: all


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Perturbed(Selection):
    """Spoiled pictures, held in memory."""

    images_NSSC: Pixels

    def read(self, chosen_B: NDArray[np.int64]) -> Pixels:
        """Copy some pictures, shape (B, S, S, 3)."""
        copied_BSSC: Pixels = self.images_NSSC[chosen_B]
        return copied_BSSC


def perturbations(masks: Masks) -> Iterator[Perturbation]:
    """List all: the corruptions at each strength, the framings, and, with masks, the halves."""
    for name in CORRUPTIONS:
        for strength in STRENGTHS:
            yield Perturbation(name=name, strength=strength, apply=_corrupting(name, strength))
    for name in FRAMINGS:
        yield Perturbation(name=name, strength=1, apply=_framing(name))
    if masks:
        for name in (CHARACTER_ONLY, BACKGROUND_ONLY):
            yield Perturbation(
                name=name, strength=1, apply=_showing(name, masks), sha256s=frozenset(masks)
            )


def perturb(pack: Pack, places: Sequence[int], perturbation: Perturbation) -> Perturbed:
    """Spoil some pictures of a pack.

    Args:
        pack: the pictures.
        places: which of them, at least one.
        perturbation: how.
    """
    rows = [pack.rows[place] for place in places]
    images_NSSC = pack.read(np.asarray(places, dtype=np.int64))
    pairs = [
        _again(
            perturbation.apply(row.sha256, content_of(image_SSC, row)), row, side_px=len(image_SSC)
        )
        for image_SSC, row in zip(images_NSSC, rows, strict=True)
    ]
    return Perturbed(
        packs=(),
        origins_N2=np.empty((0, 2), dtype=np.int64),
        rows=tuple(row for _, row in pairs),
        classes=pack.classes,
        labels_N=pack.labels_N[list(places)],
        content_N2=np.array([(row.width_px, row.height_px) for _, row in pairs], dtype=np.int64),
        images_NSSC=np.stack([image_SSC for image_SSC, _ in pairs]),
    )


def _corrupting(name: str, strength: int) -> Callable[[str, Pixels], Pixels]:
    number = list(CORRUPTIONS).index(name)

    def apply(sha256: str, content: Pixels) -> Pixels:
        # Luck depends on the picture, so it does not depend on which others are spoiled.
        rng = np.random.default_rng([int(sha256[:16], 16), number, strength])
        return CORRUPTIONS[name](content, strength, rng)

    return apply


def _framing(name: str) -> Callable[[str, Pixels], Pixels]:
    return lambda _, content: FRAMINGS[name](content)


def _showing(name: str, masks: Masks) -> Callable[[str, Pixels], Pixels]:
    def apply(sha256: str, content: Pixels) -> Pixels:
        is_shown_HW = masks[sha256] == (name == CHARACTER_ONLY)
        return np.where(is_shown_HW[..., None], content, np.uint8(_HIDDEN))

    return apply


def _again(content: Pixels, row: PackRow, *, side_px: int) -> tuple[Pixels, PackRow]:
    image = Image.fromarray(np.ascontiguousarray(content))
    square, (width_px, height_px) = letterbox(image, side_px=side_px)
    return np.asarray(square), replace(row, width_px=width_px, height_px=height_px)
