"""What the studio knows about its pictures: for tests, benchmarks and studies.

Collecting, deduplicating and training never read this.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.collect.sources.studio.copies import reshaped
from pipeline.collect.sources.studio.dice import dice
from pipeline.collect.sources.studio.picture import labelled, sketch
from pipeline.collect.sources.studio.plan import Kind, plan_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """All about one address."""

    url: str
    character: str  # slug it is listed under
    kind: Kind
    drawn: tuple[str, ...]  # slugs of all who are drawn, back to front; one may come twice
    copy_of: str = ""  # URL of a copy's original
    edit: str = ""  # how a copy differs from it, a key of `plan.EDITS`
    death: str = ""  # why a dead one is dead, a key of `plan.DEATHS`
    style: str = ""  # a key of `picture.STYLES`
    colouring: str = ""  # a key of `looks.COLOURINGS`
    scene: str = ""  # a key of `backdrops.BACKDROPS`

    def masks(self) -> dict[str, NDArray[np.bool_]]:
        """Draw where each character can be seen.

        Returns:
            One mask per slug, shape (H, W) bool, for the picture as shown: decoded, and turned
            as its EXIF orientation says. Empty for the dead and for pictures of things.
        """
        plan = plan_at(self.url)
        if plan is None or not self.drawn:
            return {}
        labels = labelled(sketch(plan.original or plan))
        rng = dice(plan.slug, plan.number, "edit")
        labels_HW = np.asarray(reshaped(labels, self.edit, rng, is_label=True))
        return {
            slug: np.isin(labels_HW, [i for i, each in enumerate(self.drawn, 1) if each == slug])
            for slug in sorted(set(self.drawn))
        }


def truth(url: str) -> Truth:
    """Tell the truth about one picture of the studio.

    Raises:
        ValueError: the studio has no such address.
    """
    plan = plan_at(url)
    if plan is None:
        raise ValueError(f"{url}: not an address of the studio; take one from its candidates")
    if plan.kind is Kind.DEAD:
        return Truth(url=url, character=plan.slug, kind=plan.kind, drawn=(), death=plan.death)
    drawing = sketch(plan.original or plan)
    return Truth(
        url=url,
        character=plan.slug,
        kind=plan.kind,
        drawn=tuple(slug for slug, _ in drawing.figures),
        copy_of=plan.original.url if plan.original else "",
        edit=plan.edit,
        style=drawing.style,
        colouring=drawing.colouring,
        scene=drawing.scene,
    )
