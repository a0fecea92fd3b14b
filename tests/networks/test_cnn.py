"""The convolutional network."""

from typing import Any

import pytest
import torch
from pydantic import ValidationError

from pipeline.networks import build_network, count_parameters
from pipeline.networks.cnn import ConvNet, SeparableBlock
from pipeline.networks.parts.cost import count_macs, receptive_field_px

CLASSES = ("ariel", "elsa", "merida")


def make(small: Any, **more: Any) -> ConvNet:
    """Make a small network from a fixed seed."""
    torch.manual_seed(7)
    module = build_network(small("cnn", **more), classes=CLASSES)
    assert isinstance(module, ConvNet)
    return module


@pytest.mark.parametrize("kernel_size", [1, 3, 5, 11])
@pytest.mark.parametrize("convolution", ["depthwise", "dense"])
def test_every_odd_kernel_keeps_the_maps(small: Any, kernel_size: int, convolution: str) -> None:
    """The last map is a 32nd of the picture, whatever the filters' size."""
    module = make(small, kernel_size=kernel_size, convolution=convolution)

    assert (1, 64, 3, 3) == module.maps(torch.zeros(1, 3, 96, 96)).shape


def test_an_even_kernel_is_refused(small: Any) -> None:
    """An even filter has no middle."""
    with pytest.raises(ValidationError, match="kernel_size must be odd, got 4"):
        small("cnn", kernel_size=4)


def test_filters_are_cheap(small: Any) -> None:
    """A depthwise filter of k x k adds k^2 numbers a channel, and nothing else grows."""
    three, five = (
        count_parameters(build_network(small("cnn", kernel_size=k), classes=CLASSES))
        for k in (3, 5)
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


@pytest.mark.parametrize(("convolution", "growth"), [("depthwise", 1), ("dense", 9)])
def test_dense_filters_cost_more(small: Any, convolution: str, growth: int) -> None:
    """From 3 x 3 to 9 x 9 dense blocks cost nine times as much, depthwise ones less."""
    three, nine = (
        count_macs(make(small, kernel_size=k, convolution=convolution), torch.zeros(1, 3, 96, 96))
        for k in (3, 9)
    )

    stem, head = 48 * 48 * 4 * 27 + 24 * 24 * 8 * 36, 64 * 3
    blocks = (nine - stem - head) / (three - stem - head)
    assert blocks == growth if convolution == "dense" else growth < blocks < 9


def test_a_kernel_larger_than_the_picture_is_refused(small: Any) -> None:
    """Such a filter would look at nothing but its padding."""
    message = r"kernel_size \(=31\) must not exceed image_size_px \(=16\)"
    with pytest.raises(ValidationError, match=message):
        small("cnn", kernel_size=31, image_size_px=16)


@pytest.mark.parametrize("convolution", ["depthwise", "dense"])
@pytest.mark.parametrize(("kernel_size", "side_px"), [(1, 7), (3, 103), (5, 199), (11, 487)])
def test_larger_filters_see_further(
    small: Any, kernel_size: int, side_px: int, convolution: str
) -> None:
    """The stem sees 7 px; five layers of filters add (k - 1) (4 + 4 + 8 + 16 + 16) px."""
    module = make(small, kernel_size=kernel_size, convolution=convolution)

    assert side_px == 7 + (kernel_size - 1) * 48
    assert side_px == receptive_field_px(module.chain())


def test_checkpointing_changes_no_gradient(small: Any) -> None:
    """What is computed again is the same."""
    x_BCSS = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    gradients = []
    for enable in (False, True):
        module = make(small)
        module.set_grad_checkpointing(enable)
        gradients.append(torch.autograd.grad(module(x_BCSS).sum(), list(module.parameters())))

    assert all(torch.equal(*pair) for pair in zip(*gradients, strict=True))


def test_checkpointing_keeps_less(small: Any) -> None:
    """Only what goes into a stage is kept for the gradient."""
    x_BCSS = torch.zeros(4, 3, 32, 32)
    kept = []
    for enable in (False, True):
        module = make(small)
        module.set_grad_checkpointing(enable)
        sizes: list[int] = []

        def note(tensor: torch.Tensor, sizes: list[int] = sizes) -> torch.Tensor:
            sizes.append(tensor.numel())
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            module(x_BCSS)
        kept.append(sum(sizes))

    assert kept[1] < 0.7 * kept[0], kept
