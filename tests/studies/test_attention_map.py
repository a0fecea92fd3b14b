"""The study of where attention looks."""

import numpy as np
import pytest
import torch

from pipeline.studies.attention_map import MASK_PX, STUDY, _on_character, _small, hide
from pipeline.studies.parts.study import Verdict
from pipeline.studies.parts.table import Run, Table


def test_the_first_quarter_of_the_order_is_hidden() -> None:
    """The greatest numbers, each the square of its token; the rest stays as it was."""
    x_BCSS = torch.ones(1, 3, 8, 8)
    order_BGG = torch.zeros(1, 4, 4)
    order_BGG[0, 0, :] = 1  # four tokens of sixteen: the upper quarter of the picture

    hidden_BCSS = hide(x_BCSS, order_BGG)

    assert torch.equal(torch.zeros(1, 3, 2, 8), hidden_BCSS[:, :, :2])
    assert torch.equal(x_BCSS[:, :, 2:], hidden_BCSS[:, :, 2:])


def test_the_share_on_the_character_is_beside_its_area() -> None:
    """A map that lies wholly on the left half, where the character is, has it all."""
    mask = np.zeros((MASK_PX, MASK_PX), dtype=int)
    mask[:, : MASK_PX // 2] = 1
    maps_BGG = torch.zeros(2, 6, 6)
    maps_BGG[:, :, :3] = 1

    found = _on_character(maps_BGG, ["a", "b"], {"a": [int(each) for each in mask.ravel()]})

    assert {"on_character": pytest.approx(1), "area": pytest.approx(0.5)} == found


def test_without_masks_nobody_knows() -> None:
    """Real pictures have none."""
    assert {"on_character": -1, "area": -1} == _on_character(torch.ones(1, 6, 6), ["a"], {})


def test_a_mask_stands_in_the_middle_of_its_square() -> None:
    """As the picture does: a mask twice as wide as high has bars above and below."""
    small = np.array(_small(np.ones((24, 48), dtype=bool))).reshape(MASK_PX, MASK_PX)

    assert [0, 1, 0] == [small[0, 6], small[6, 6], small[-1, 6]]
    assert pytest.approx(0.5) == small.mean()


def make_table(most: float) -> Table:
    """Make up what hiding cost, over three seeds."""
    return Table(
        [
            Run(
                settings={"arch": "vit"},
                seed=seed,
                values={
                    "drop_most": most + luck,
                    "drop_least": 0.1 + luck / 2,
                    "drop_random": 0.1,
                    "entropy_1": 0.9,
                    "on_character": -1.0,
                    "area": -1.0,
                    "pictures": [[[0, 100], [50, 20]]],
                    "maps": [[[0, 100], [50, 20]]],
                },
                timing={},
            )
            for seed, luck in ((1, 0.0), (2, 0.02), (3, -0.02))
        ]
    )


@pytest.mark.parametrize(
    ("most", "verdict"),
    [(0.3, Verdict.SUPPORTED), (0.01, Verdict.REFUTED), (0.11, Verdict.UNDECIDED)],
)
def test_what_is_looked_at_must_matter_more(most: float, verdict: Verdict) -> None:
    """Than what is not."""
    finding = STUDY.conclude(make_table(most))

    assert verdict == finding.verdict
    assert "these pictures do not tell" in finding.why
    assert finding.figures[0].data.startswith(b"\x89PNG")
