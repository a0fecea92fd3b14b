"""Some pictures of one or more packs, as if they were a pack of their own: folds, subsets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.dataset.pack import Pack, Pixels
from pipeline.files import sha256_of
from pipeline.records import PackRow


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selection:
    """N pictures chosen from packs; nothing is copied until it is read."""

    packs: tuple[Pack, ...]
    origins_N2: NDArray[np.int64]  # of each picture: which pack, which place in it
    rows: tuple[PackRow, ...]
    classes: tuple[str, ...]
    labels_N: NDArray[np.int64]
    content_N2: NDArray[np.int64]

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self.rows)

    @property
    def side_px(self) -> int:
        """Give the side of the packed squares, S; folds and subsets come from packs of one side."""
        return self.packs[0].side_px

    def read(self, chosen_B: NDArray[np.int64]) -> Pixels:
        """Copy some pictures, shape (B, S, S, 3)."""
        origins_B2 = self.origins_N2[chosen_B]
        pixels_BSSC: Pixels | None = None
        for number in np.unique(origins_B2[:, 0]):
            is_here_B = origins_B2[:, 0] == number
            part = self.packs[number].read(origins_B2[is_here_B, 1])
            if pixels_BSSC is None:
                pixels_BSSC = np.empty((len(chosen_B), *part.shape[1:]), dtype=np.uint8)
            pixels_BSSC[is_here_B] = part
        if pixels_BSSC is None:
            raise ValueError("no picture was asked for")
        return pixels_BSSC

    def sha256(self) -> str:
        """Hash what is chosen out of what."""
        parts = [pack.sha256().encode() for pack in self.packs]
        return sha256_of(b"".join([*parts, self.origins_N2.tobytes()]))


def select(packs: Sequence[Pack], chosen: Sequence[Sequence[int]]) -> Selection:
    """Choose pictures: of each pack, the places in it.

    Raises:
        ValueError: the packs differ in their classes.
    """
    if len({pack.classes for pack in packs}) != 1:
        raise ValueError("packs of different classes cannot be joined")
    pairs = list(zip(packs, chosen, strict=True))
    places = [np.asarray(indices, dtype=np.int64) for indices in chosen]
    origins = [np.stack([np.full_like(p, n), p], axis=1) for n, p in enumerate(places)]
    return Selection(
        packs=tuple(packs),
        origins_N2=np.concatenate(origins),
        rows=tuple(pack.rows[index] for pack, indices in pairs for index in indices),
        classes=packs[0].classes,
        labels_N=np.concatenate([pack.labels_N[p] for pack, p in zip(packs, places, strict=True)]),
        content_N2=np.concatenate(
            [pack.content_N2[p] for pack, p in zip(packs, places, strict=True)]
        ),
    )


Pictures = Pack | Selection
