"""Small networks of every architecture."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from pipeline.networks import Card
from pipeline.params import AnyNetwork, Train

SMALL: dict[str, dict[str, Any]] = {
    "cnn": {"arch": "cnn", "kernel_size": 3, "width": 8},
    "cnn-7": {"arch": "cnn", "kernel_size": 7, "width": 8},
    "vit": {"arch": "vit", "width": 32, "depth": 2, "heads": 2},
    "vit-sine": {"arch": "vit", "width": 32, "depth": 2, "heads": 2, "position": "sine"},
    "vit-none": {"arch": "vit", "width": 32, "depth": 2, "heads": 2, "position": "none"},
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
def make_card() -> Any:
    """Make a card of three classes for a section."""

    def make(network: AnyNetwork, **more: Any) -> Card:
        values = {
            "classes": ("ariel", "elsa", "merida"),
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
