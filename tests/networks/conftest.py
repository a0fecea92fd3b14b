"""Small networks of every architecture."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter
from torch import nn

from pipeline.networks.parts.recurrent import Cell, unroll
from pipeline.params import AnyNetwork, Train
from pipeline.params.card import Card

SMALL: dict[str, dict[str, Any]] = {
    "cnn": {"arch": "cnn", "kernel_size": 3, "width": 8},
    "cnn-7": {"arch": "cnn", "kernel_size": 7, "width": 8},
    "cnn-dense": {"arch": "cnn", "kernel_size": 5, "width": 8, "convolution": "dense"},
    "cnn-palette": {"arch": "cnn", "kernel_size": 3, "width": 8, "palette": 4},
    "rnn": {"arch": "rnn", "width": 32, "hidden": 24, "token_px": 8},
    "rnn-relu": {
        "arch": "rnn",
        "width": 32,
        "hidden": 24,
        "token_px": 8,
        "nonlinearity": "relu",
        "recurrent_init": "identity",
        "read_out": "last",
    },
    "lstm": {"arch": "lstm", "width": 32, "hidden": 24, "token_px": 8},
    "lstm-deep": {
        "arch": "lstm",
        "width": 32,
        "hidden": 24,
        "token_px": 8,
        "layers": 2,
        "stem": "linear",
        "order": "random",
        "read_out": "attention",
    },
    "gru": {"arch": "gru", "width": 32, "hidden": 24, "token_px": 8},
    "gru-one-way": {
        "arch": "gru",
        "width": 32,
        "hidden": 24,
        "token_px": 8,
        "bidirectional": False,
        "read_out": "last",
        "recurrent_init": "default",
        "truncate_steps": 5,
    },
    "renet": {"arch": "renet", "width": 32, "hidden": 16},
    "renet-gru": {"arch": "renet", "width": 32, "hidden": 16, "cell": "gru", "layers": 2},
    "renet-rnn": {"arch": "renet", "width": 32, "hidden": 16, "cell": "rnn", "stem": "linear"},
    "vit": {"arch": "vit", "width": 32, "depth": 2, "heads": 2},
    "vit-class": {
        "arch": "vit",
        "width": 32,
        "depth": 2,
        "heads": 2,
        "position": "sine_2d",
        "pool": "class_token",
    },
    "vit-linear": {
        "arch": "vit",
        "width": 32,
        "depth": 2,
        "heads": 2,
        "position": "sine_1d",
        "pool": "mean",
        "stem": "linear",
        "token_px": 8,
        "query_dim": 8,
        "key_dim": 8,
        "value_dim": 20,
        "scale": False,
    },
    "vit-native": {"arch": "vit", "width": 32, "depth": 2, "heads": 2, "resize": "native"},
    "decoder": {"arch": "decoder", "width": 32, "heads": 2, "depth": 2},
    "decoder-timm": {
        "arch": "decoder",
        "width": 32,
        "heads": 2,
        "encoder": {
            "arch": "timm",
            "model": "test_resnet",
            "weights": "none",
            "model_kwargs": {"zero_init_last": False},
        },
    },
    "caption": {
        "arch": "caption",
        "width": 32,
        "heads": 2,
        "names": {"ariel": "인어", "elsa": "엘사", "merida": "m"},
    },
    "timm-cnn": {
        "arch": "timm",
        "model": "test_resnet",
        "weights": "none",
        "model_kwargs": {"zero_init_last": False},  # else some gradients start at zero
    },
    "timm-vit": {"arch": "timm", "model": "test_vit", "weights": "none"},
}


def spec_of(name: str, **more: Any) -> AnyNetwork:
    """Make the section of params.yaml of a small network that sees 32 px."""
    values = {"image_size_px": 32} | SMALL[name] | more
    spec: AnyNetwork = TypeAdapter(AnyNetwork).validate_python(values)
    return spec


@pytest.fixture(params=SMALL)
def spec(request: pytest.FixtureRequest) -> AnyNetwork:
    """Give each architecture in turn."""
    return spec_of(request.param)


@pytest.fixture
def small() -> Any:
    """Give the maker of small sections."""
    return spec_of


@pytest.fixture
def agree() -> Callable[[nn.RNNBase, Cell], bool]:
    """Give the check that a cell, step by step, is a fused module: states and all gradients."""

    def check(fused: nn.RNNBase, cell: Cell) -> bool:
        generator = torch.Generator().manual_seed(1)
        x_BND = torch.randn(2, 6, fused.input_size, generator=generator, dtype=torch.float64)
        weights_BNH = torch.randn(2, 6, fused.hidden_size, generator=generator, dtype=torch.float64)
        results = []
        for read in (fused, partial(unroll, cell)):
            states_BNH = read(x_BND.requires_grad_())[0]
            loss = (states_BNH * weights_BNH).sum()
            results.append([states_BNH, *torch.autograd.grad(loss, [x_BND, *fused.parameters()])])
        return all(torch.allclose(*pair, rtol=0, atol=1e-12) for pair in zip(*results, strict=True))

    return check


@pytest.fixture
def make_card() -> Any:
    """Make a card of three classes for a section."""

    def make(network: AnyNetwork, **more: Any) -> Card:
        values = {
            "classes": ("ariel", "elsa", "merida"),
            "packed_px": 40,
            "image_size_px": network.image_size_px,
            "mean": (0.5, 0.5, 0.5),
            "std": (0.5, 0.5, 0.5),
            "resize": "letterbox",
            "network": network,
            "train": Train(),
            "num_params": 1,
            "data_sha256": "00",
            "seed": 7,
            "init": "scratch",
            "best_epoch": 3,
            "val_macro_f1": 0.5,
        }
        return Card(**(values | more))

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of one trained network."""
    return tmp_path / "models" / "net"
