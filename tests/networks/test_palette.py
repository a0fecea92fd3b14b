"""What the colours alone say."""

from typing import Any

import pytest
import torch
from pydantic import ValidationError

from pipeline.networks import build_network
from pipeline.networks.cnn import ConvNet
from pipeline.networks.parts.palette import Palette

RED, WHITE = (1.0, -1.0, -1.0), (1.0, 1.0, 1.0)
CLASSES = ("ariel", "elsa", "merida")


def half_red() -> torch.Tensor:
    """Draw a picture of which a quarter is red and the rest white, (1, 3, 8, 8)."""
    x_BCSS = torch.tensor(WHITE)[None, :, None, None].repeat(1, 1, 8, 8)
    x_BCSS[:, :, :4, :4] = torch.tensor(RED)[None, :, None, None]
    return x_BCSS


def test_counts_what_there_is() -> None:
    """A quarter of red and three of white fill two bins so."""
    share_L = Palette(levels=4, num_classes=2).histogram(half_red())[0]

    red, white = 3 * 16, 3 * 16 + 3 * 4 + 3
    assert (0.25, 0.75, 1.0) == pytest.approx(
        (share_L[red].item(), share_L[white].item(), share_L.sum().item())
    )


def test_a_colour_between_bins_is_shared() -> None:
    """Grey in the middle between two levels goes to all eight bins around it, alike."""
    share_L = Palette(levels=4, num_classes=2).histogram(torch.zeros(1, 3, 8, 8))[0]

    assert [0.125] * 8 == pytest.approx(share_L[share_L > 0].tolist())


def test_any_picture_adds_up_to_one() -> None:
    """No px is lost, whatever its colour; beyond [-1, 1] it counts as the nearest."""
    x_BCSS = torch.randn(5, 3, 18, 18, generator=torch.Generator().manual_seed(1))

    share_BL = Palette(levels=5, num_classes=2).histogram(x_BCSS)

    assert [1.0] * 5 == pytest.approx(share_BL.sum(dim=1).tolist(), abs=1e-5)


def test_where_a_colour_lies_does_not_matter() -> None:
    """Moving the red corner changes no count."""
    palette, x_BCSS = Palette(levels=4, num_classes=2), half_red()

    moved = palette.histogram(x_BCSS.roll((4, 2), dims=(2, 3)))

    assert torch.allclose(palette.histogram(x_BCSS), moved)


def test_it_begins_as_the_network_without_it(small: Any) -> None:
    """Before the first step the palette says nothing."""
    x_BCSS = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    logits = []
    for palette in (0, 4):
        torch.manual_seed(7)
        module = build_network(small("cnn", palette=palette), classes=CLASSES).eval()
        assert isinstance(module, ConvNet)
        logits.append(module(x_BCSS))

    assert torch.equal(*logits)


def test_one_level_is_refused(small: Any) -> None:
    """One bin for all colours says nothing."""
    with pytest.raises(ValidationError, match=r"palette must be 0 \(none\) or at least 2 levels"):
        small("cnn", palette=1)
