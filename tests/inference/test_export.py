"""Networks as ONNX: the same logits for every architecture, view and batch size."""

import io
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from pipeline.dataset.transforms import eval_view
from pipeline.errors import ModelError
from pipeline.evaluation.temperature import read_calibration
from pipeline.inference.backends import OnnxNetwork, TorchNetwork
from pipeline.inference.export import export_onnx, export_safetensors
from pipeline.inference.parity import compare
from pipeline.inference.view import PackedView
from pipeline.networks import Model, load_model
from pipeline.params import View
from pipeline.paths import Project
from tests.inference.conftest import SIDE_PX, draw_squares, save_model
from tests.networks.conftest import SMALL, spec_of

BATCH_SIZES = (1, 4, 7)
# What they are made of, the others are made of as well.
ALIKE = {"cnn-7", "rnn-relu", "lstm", "gru", "renet", "renet-rnn", "vit", "vit-class", "vit-linear"}


def model_of(name: str, folder: Path, **more: object) -> Model:
    """Build, save and load a small network."""
    save_model(folder, spec_of(name, **more))
    return load_model(folder)


def facts_of(model: Model) -> tuple[dict[str, str], list[str]]:
    """Export, check by the rules of ONNX, and read metadata and names of inputs."""
    data = export_onnx(model, network="small", temperature=1.5)
    graph = onnx.load(io.BytesIO(data))
    onnx.checker.check_model(graph)
    facts = {each.key: each.value for each in graph.metadata_props}
    return facts, [each.name for each in graph.graph.input]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in ALIKE)) for name in SMALL]
)
def test_onnx_is_the_same_network(name: str, tmp_path: Path) -> None:
    """Each architecture gives torch's logits, within 1e-3, and its answers, at any batch size."""
    model = model_of(name, tmp_path)
    exported = OnnxNetwork(export_onnx(model, network=name), name=name)
    torch_network = TorchNetwork(load_model(tmp_path))

    batches = [draw_squares(size, side_px=SIDE_PX) for size in BATCH_SIZES]
    parity = compare(exported, torch_network, batches)

    assert sum(BATCH_SIZES) == parity.num_pictures
    assert parity.holds
    spread_K = torch_network.logits(batches[-1]).std(axis=0)
    assert parity.max_difference < 1e-2 * spread_K.min()  # else any constant would pass


@pytest.mark.parametrize("side_px", [32, 40, 75, 160])
@pytest.mark.parametrize("resize", ["letterbox", "squash", "native"])
def test_view_in_the_graph_is_the_view_of_training(resize: str, side_px: int) -> None:
    """Matrix products shrink as torch's antialiased interpolation does, mask and all."""
    view = View(
        image_size_px=32,
        mean=(0.4, 0.5, 0.6),
        std=(0.2, 0.3, 0.4),
        resize=resize,
        multiple_px=8 if resize == "native" else 1,
    )
    squares = draw_squares(9, side_px=side_px)
    images_BPPC, content_B2 = map(torch.from_numpy, (squares.images_BPPC, squares.content_B2))

    expected_BCSS = eval_view(images_BPPC, content_B2=content_B2, view=view)
    x_BCSS = PackedView(view, side_px=side_px)(images_BPPC, content_B2)

    torch.testing.assert_close(x_BCSS, expected_BCSS, rtol=0, atol=1e-5)


def test_facts_are_within(tmp_path: Path) -> None:
    """Classes, view and temperature lie in the file, readable without this project."""
    facts, inputs = facts_of(model_of("cnn", tmp_path))

    assert ["images"] == inputs  # a letterboxed network needs nothing else
    assert ["ariel", "elsa", "merida"] == json.loads(facts["classes"])
    assert ("small", "1.5") == (facts["network"], facts["temperature"])
    view = json.loads(facts["view"])
    assert (SIDE_PX, 32, "letterbox") == (view["packed_px"], view["image_size_px"], view["resize"])


def test_other_views_ask_for_the_content(tmp_path: Path) -> None:
    """What is picture in a square, and what is bar, only who packed it knows."""
    facts, inputs = facts_of(model_of("vit-native", tmp_path))

    assert ["images", "content"] == inputs
    assert ("native", 16) == tuple(
        json.loads(facts["view"])[key] for key in ("resize", "multiple_px")
    )


def test_same_network_same_bytes(tmp_path: Path) -> None:
    """Exporting twice gives the same file."""
    model_of("gru", tmp_path)

    one, two = (export_onnx(load_model(tmp_path), network="gru") for _ in range(2))

    assert one == two


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    """What is no network of ours is one line, not a traceback of onnxruntime."""
    path = tmp_path / "x.onnx"
    path.write_bytes(b"no graph")

    with pytest.raises(ModelError, match=r"x\.onnx: no network that disney exported"):
        OnnxNetwork(path, name="x.onnx")


def test_safetensors_are_weights_card_and_temperature(trained: Project, tmp_path: Path) -> None:
    """The copy is a folder of models/: it loads as the original does, and is as sure."""
    export_safetensors(trained.model("cnn"), tmp_path / "out")

    ours, theirs = load_model(tmp_path / "out"), load_model(trained.model("cnn"))
    squares = draw_squares(3, side_px=SIDE_PX)
    np.testing.assert_array_equal(
        TorchNetwork(ours).logits(squares), TorchNetwork(theirs).logits(squares)
    )
    named = ours.card.weights_sha256
    assert 1.0 == read_calibration(tmp_path / "out", weights_sha256=named).temperature


def test_safetensors_never_overwrite_the_model(trained: Project) -> None:
    """The network's own folder is an output of DVC and is left alone."""
    folder = trained.model("cnn")

    with pytest.raises(ModelError, match="there the network lies already"):
        export_safetensors(folder, folder)
