"""The convolutional network."""

from typing import Any

import pytest
import torch
from pydantic import ValidationError

from pipeline.networks import build_network, count_parameters
from pipeline.networks.cnn import SeparableBlock


@pytest.mark.parametrize("kernel_size", [1, 3, 5, 11])
def test_every_odd_kernel_keeps_the_maps(small: Any, kernel_size: int) -> None:
    """The last map is a 32nd of the picture, whatever the filters' size."""
    module = build_network(small("cnn", kernel_size=kernel_size), num_classes=3)

    maps_BCHW = module.stages(module.stem(torch.zeros(1, 3, 96, 96)))

    assert (1, 64, 3, 3) == maps_BCHW.shape


def test_an_even_kernel_is_refused(small: Any) -> None:
    """An even filter has no middle."""
    with pytest.raises(ValidationError, match="kernel_size must be odd, got 4"):
        small("cnn", kernel_size=4)


def test_filters_are_cheap(small: Any) -> None:
    """A depthwise filter of k x k adds k^2 numbers a channel, and nothing else grows."""
    three, five = (
        count_parameters(build_network(small("cnn", kernel_size=k), num_classes=3)) for k in (3, 5)
    )

    channels_seen = 8 + 8 + 16 + 32 + 32  # by the five blocks of width 8
    assert channels_seen * (25 - 9) == five - three


def test_filters_see_beyond_their_place() -> None:
    """A changed pixel changes the map only where the filter reaches it."""
    block = SeparableBlock(4, 4, kernel_size=5, stride=1).eval()
    before = torch.zeros(1, 4, 15, 15)
    after = before.clone()
    after[..., 7, 7] = 1

    changed = (block(after) != block(before)).any(dim=1)[0].nonzero()

    assert [[5, 5], [9, 9]] == [changed.amin(dim=0).tolist(), changed.amax(dim=0).tolist()]
