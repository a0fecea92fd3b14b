"""What a network runs on."""

import torch
from torch import nn

from pipeline.training.runtime import Runtime

RUNTIME = Runtime(device="cpu", threads=1, precision="float32")


def test_is_applied_inside_the_block_only() -> None:
    """Threads and repeatable algorithms are set, and torch is left as it was."""
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()

    with RUNTIME.applied():
        inside = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()

    assert (1, True) == inside
    assert before == (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())


def test_detects_what_is_there() -> None:
    """The device exists, and there is at least one thread."""
    found = Runtime.detect()

    assert ("cuda" if torch.cuda.is_available() else "cpu") == found.device
    assert 1 <= found.threads


def test_float32_stays_float32() -> None:
    """Where it was not asked for, no product is rounded."""
    with RUNTIME.autocast():
        product = torch.ones(2, 2) @ torch.ones(2, 2)

    assert torch.float32 == product.dtype


def test_bfloat16_rounds_products() -> None:
    """Where it was asked for, products are made in half the bits."""
    with Runtime(device="cpu", threads=1, precision="bfloat16").autocast():
        product = torch.ones(2, 2) @ torch.ones(2, 2)

    assert torch.bfloat16 == product.dtype


def test_convolutions_are_channels_last() -> None:
    """The weights of a placed network lie as a CPU likes them."""
    module = RUNTIME.place(nn.Conv2d(4, 4, 3))

    assert module.weight.is_contiguous(memory_format=torch.channels_last)
