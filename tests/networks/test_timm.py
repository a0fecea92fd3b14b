"""Any model of timm, from scratch or from weights."""

import json
import socket
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
import timm
import torch
from safetensors.torch import save_file

from pipeline.errors import ModelError, ParamsError
from pipeline.files import sha256_of_file
from pipeline.networks import Start, build_network, count_parameters, start_network

CLASSES = ("ariel", "elsa", "merida")


def start(spec: Any, root: Path) -> Start:
    """Start a network of three classes from a fixed seed."""
    torch.manual_seed(7)
    return start_network(spec, classes=CLASSES, root=root)


def write_weights(path: Path, model: str) -> Path:
    """Write weights of a model of timm for 10 classes."""
    torch.manual_seed(1)
    save_file(timm.create_model(model, num_classes=10).state_dict(), path)
    return path


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Write weights of test_resnet."""
    return write_weights(tmp_path / "weights.safetensors", "test_resnet")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the hub's client to an empty cache and to a port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(
        huggingface_hub.constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        endpoint + "/{repo_id}/resolve/{revision}/{filename}",
    )
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    return tmp_path / "hub"


def test_weights_of_a_file_are_taken(small: Any, weights: Path, tmp_path: Path) -> None:
    """All but the read-out is as in the file, and the file's hash is recorded."""
    donor = timm.create_model("test_resnet", num_classes=10, checkpoint_path=str(weights))

    begun = start(small("timm-cnn", weights="weights.safetensors"), tmp_path)

    state = begun.module.state_dict()
    others = [name for name in state if not name.startswith("fc.")]
    assert all(torch.equal(donor.state_dict()[name], state[name]) for name in others)
    assert f"weights:{sha256_of_file(weights)}" == begun.init


def test_with_weights_it_is_fine_tuned(small: Any, weights: Path, tmp_path: Path) -> None:
    """The read-out starts near zero and is fast, the rest is slow, batch norm is frozen."""
    begun = start(small("timm-cnn", weights=str(weights)), tmp_path)

    logits_BK = begun.module(torch.randn(4, 3, 32, 32))
    assert logits_BK.abs().max() < 0.05
    assert ("fc",) == begun.head
    assert begun.head_lr_scale > 1
    assert begun.lr < start(small("timm-cnn"), tmp_path).lr
    assert begun.freezes_batch_norm


def test_from_scratch_nothing_is_frozen(small: Any, tmp_path: Path) -> None:
    """Without weights there is nothing to spare."""
    begun = start(small("timm-cnn"), tmp_path)

    assert ("scratch", (), False) == (begun.init, begun.head, begun.freezes_batch_norm)


@pytest.mark.parametrize(
    ("section", "mean"),
    [
        ({"weights": "none"}, (0.5, 0.5, 0.5)),
        ({"weights": "w.safetensors"}, (0.485, 0.456, 0.406)),  # of ImageNet
        ({"weights": "w.safetensors", "mean": 0.25}, (0.25, 0.25, 0.25)),
        ({"weights": "none", "mean": (0.1, 0.2, 0.3)}, (0.1, 0.2, 0.3)),
    ],
)
def test_pictures_are_shown_as_the_weights_know_them(
    small: Any, tmp_path: Path, section: dict[str, Any], mean: tuple[float, ...]
) -> None:
    """The mean colour is that of params.yaml, else timm's for its weights, else 0.5."""
    write_weights(tmp_path / "w.safetensors", "test_efficientnet")
    spec = small("timm-cnn", model="test_efficientnet", model_kwargs={}, **section)

    assert mean == start(spec, tmp_path).view.mean


def test_a_missing_file_is_an_error(small: Any, tmp_path: Path) -> None:
    """Weights that were asked for by name are never silently replaced."""
    with pytest.raises(ModelError, match=r"mine\.safetensors: not there; allowed.*none, auto"):
        start(small("timm-cnn", weights="mine.safetensors"), tmp_path)


def test_a_damaged_file_is_an_error(small: Any, weights: Path, tmp_path: Path) -> None:
    """A file that was cut off is named in one line."""
    weights.write_bytes(weights.read_bytes()[:1000])

    with pytest.raises(ModelError, match="not weights of timm's test_resnet") as caught:
        start(small("timm-cnn", weights=str(weights)), tmp_path)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("state", [{"x": torch.zeros(1)}, {"conv1.0.weight": torch.zeros(1, 2)}])
def test_weights_of_another_network_are_an_error(
    small: Any, tmp_path: Path, state: dict[str, torch.Tensor]
) -> None:
    """Names that are unknown, which timm skips, and shapes that differ are both told."""
    save_file(state, tmp_path / "other.safetensors")

    with pytest.raises(ModelError, match="not weights of timm's test_resnet"):
        start(small("timm-cnn", weights="other.safetensors"), tmp_path)


def test_without_a_network_auto_means_scratch(
    small: Any, hub: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A hub that cannot be reached fails no run; each says so, and the start knows it."""
    assert not hub.exists()
    assert "scratch" == start(small("timm-cnn", weights="none"), tmp_path).init
    assert [] == caplog.messages
    assert "scratch" == start(small("timm-cnn", weights="auto"), tmp_path).init
    assert ["test_resnet: weights: auto found none; it begins from scratch"] == caplog.messages


def test_offline_mode_is_respected(
    small: Any, hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who says offline is not even asked for a connection."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "no address at all")

    assert "scratch" == start(small("timm-cnn", weights="auto"), tmp_path).init
    assert not hub.exists()


def test_the_cache_of_the_hub_is_used(small: Any, hub: Path, weights: Path, tmp_path: Path) -> None:
    """Weights that were once downloaded need no network."""
    repository = hub / "models--timm--test_resnet.r160_in1k"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("1")
    (repository / "snapshots" / "1").mkdir(parents=True)
    weights.rename(repository / "snapshots" / "1" / "model.safetensors")

    begun = start(small("timm-cnn", weights="auto"), tmp_path)

    assert begun.init.startswith("weights:")


def test_an_unknown_model_suggests_similar_ones(small: Any, tmp_path: Path) -> None:
    """A misspelt model is answered with what it may be."""
    with pytest.raises(ParamsError, match="no model 'resnet81'; did you mean resnet"):
        start(small("timm-cnn", model="resnet81"), tmp_path)


def test_unknown_arguments_are_named(small: Any, tmp_path: Path) -> None:
    """An argument that the model does not take is a mistake in params.yaml."""
    with pytest.raises(ParamsError, match=r"test_resnet: model_kwargs: .*no_such_thing"):
        start(small("timm-cnn", model_kwargs={"no_such_thing": 1}), tmp_path)


@pytest.mark.parametrize(
    ("asked", "weights", "is_frozen"),
    [
        (None, "none", False),
        (None, "w.safetensors", True),
        (True, "none", True),
        (False, "w.safetensors", False),
    ],
)
def test_batch_norm_is_frozen_with_weights_or_as_asked(
    small: Any, tmp_path: Path, weights: str, *, asked: bool | None, is_frozen: bool
) -> None:
    """Null: with weights; else the section decides."""
    write_weights(tmp_path / "w.safetensors", "test_resnet")
    spec = small("timm-cnn", weights=weights, freeze_batch_norm=asked)

    assert is_frozen == start(spec, tmp_path).freezes_batch_norm


def test_pictures_are_resized_as_the_section_says(small: Any, tmp_path: Path) -> None:
    """A picture may be squashed where weights were trained so."""
    assert "squash" == start(small("timm-cnn", resize="squash"), tmp_path).view.resize


def test_a_sequencer_is_a_configuration(small: Any, tmp_path: Path) -> None:
    """LSTMs along rows and columns at sizes of one's own: it learns four pictures by heart."""
    sizes = {"layers": [1] * 4, "embed_dims": [16, 32, 32, 32], "hidden_sizes": [4, 8, 8, 8]}
    spec = small("timm-cnn", model="sequencer2d_s", model_kwargs=sizes, image_size_px=64)
    module = start(spec, tmp_path).module
    x_BCSS = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3)

    for _ in range(40):
        loss = torch.nn.functional.cross_entropy(module(x_BCSS), torch.tensor([0, 1, 2, 0]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    assert loss < 0.1
    assert count_parameters(module) < 60_000


def test_filter_sizes_are_a_configuration(small: Any) -> None:
    """Each depthwise filter of k x k costs k^2 numbers a channel, and nothing else grows."""
    three, seven = (
        build_network(
            small("timm-cnn", model="test_convnext", model_kwargs={"kernel_sizes": k}),
            classes=CLASSES,
        )
        for k in (3, 7)
    )

    channels = sum(block.conv_dw.in_channels for stage in three.stages for block in stage.blocks)
    assert (7**2 - 3**2) * channels == count_parameters(seven) - count_parameters(three)


def test_real_weights_fit(small: Any, shared: Path, tmp_path: Path) -> None:
    """A mobilenetv2 whose batch norm was folded loads and sees what it was trained on."""
    path = shared / "weights" / "mobilenetv2_100_tf_same.safetensors"
    spec = small(
        "timm-cnn",
        model="mobilenetv2_100",
        weights=str(path),
        model_kwargs={"pad_type": "same"},
        mean=0.5,
        std=0.5,
    )

    begun = start(spec, tmp_path)

    assert f"weights:{sha256_of_file(path)}" == begun.init
    assert json.dumps([0.5] * 3) == json.dumps(begun.view.std)
