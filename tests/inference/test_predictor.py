"""The door: which network, which backend, and the same answer through both."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.dataset.pack import read_pack
from pipeline.errors import DataError, ModelError, ParamsError
from pipeline.evaluation.predictions import make_predictions
from pipeline.files import read_json, write_json
from pipeline.inference import parity
from pipeline.inference.answers import Answer
from pipeline.inference.backends import ExportError, OnnxNetwork, TorchNetwork
from pipeline.inference.export import export_onnx
from pipeline.inference.predict import load_predictor
from pipeline.inference.squares import Squares
from pipeline.inference.trained import best_network
from pipeline.networks import load_model
from pipeline.params import Params, load_params
from pipeline.paths import Project
from pipeline.pictures.decode import Picture, decode
from pipeline.training.predict import predict_probs
from pipeline.training.runtime import Runtime
from tests.damage import Damage, spoil, three_flips
from tests.inference.conftest import SCORES, SIDE_PX, calibrate, draw_bytes

SHAPES = [(60, 48), (48, 200), (300, 20), (40, 40), (9, 7), (640, 480), (33, 32)]


def draw_pictures() -> list[Image.Image]:
    """Draw pictures of many shapes, larger and smaller than the packed squares."""
    pictures = [decode(draw_bytes(99, size=size)) for size in SHAPES]
    return [each.image for each in pictures if isinstance(each, Picture)]


@pytest.mark.parametrize("network", ["cnn", "vit"])
def test_both_backends_give_one_answer(
    trained: Project, trained_params: Params, network: str
) -> None:
    """From picture to probability, whatever its shape."""
    pictures = draw_pictures()
    onnx, torch = (
        load_predictor(trained, trained_params, network, backend).predict_pictures(pictures)
        for backend in ("onnx", "torch")
    )

    assert [each.character for each in torch] == [each.character for each in onnx]
    for ours, theirs in zip(onnx, torch, strict=True):
        assert dict(theirs.top) == pytest.approx(dict(ours.top), abs=1e-5)


@pytest.mark.parametrize("network", ["cnn", "vit"])
def test_a_picture_is_shown_as_in_training(
    trained: Project, trained_params: Params, network: str
) -> None:
    """A file of the test set gets the probabilities that evaluation gives its packed picture."""
    pack = read_pack(trained.pack("test"))
    model = load_model(trained.model(network))
    runtime = Runtime(device="cpu", threads=1, precision="float32")
    probs_NK = predict_probs(model.module, pack, view=model.card.view, runtime=runtime)
    rows = make_predictions({"test": (pack.rows, probs_NK)}, classes=pack.classes)

    predictor = load_predictor(trained, trained_params, network)
    for sha256, probs_K in zip(rows.sha256s, rows.probs.tolist(), strict=True):
        (path,) = trained.raw.glob(f"*/images/{sha256}.png")
        picture = decode(path.read_bytes())
        assert isinstance(picture, Picture)
        (answer,) = predictor.predict_pictures([picture.image])
        assert dict(zip(pack.classes, probs_K, strict=True)) == pytest.approx(
            dict(answer.top), abs=1e-5
        )


def test_no_pictures_no_answers(trained: Project, trained_params: Params) -> None:
    """An empty list is not an error."""
    assert [] == load_predictor(trained, trained_params).predict_pictures([])


def test_the_best_on_val_is_asked(trained: Project, trained_params: Params) -> None:
    """Without a name, the network with the highest macro-F1 on its card."""
    assert (
        max(SCORES, key=lambda slug: SCORES[slug]) == load_predictor(trained, trained_params).slug
    )


@pytest.mark.parametrize("order", [["cnn", "vit"], ["vit", "cnn"]])
def test_of_equally_good_networks_the_first_is_asked(
    own: Project, trained_params: Params, order: list[str]
) -> None:
    """The first of params.yaml, whatever they are called."""
    for slug in order:
        card = own.model(slug) / "card.json"
        write_json(card, read_json(card) | {"val_macro_f1": 0.5})
    networks = {slug: trained_params.networks[slug] for slug in order}
    params = trained_params.model_copy(update={"networks": networks})

    assert order[0] == best_network(own, params, say=print)


def test_exported_once(own: Project, trained_params: Params) -> None:
    """The first use says that it exports; the second finds the file; other weights are another."""
    said: list[str] = []
    for _ in range(2):
        load_predictor(own, trained_params, "cnn", "onnx", say=said.append)
    assert ["cnn: exporting to ONNX, once, into .cache/onnx/"] == said

    card = own.model("cnn") / "card.json"
    card.write_text(card.read_text().replace('"val_macro_f1": 0.9', '"val_macro_f1": 0.8'))
    load_predictor(own, trained_params, "cnn", "onnx", say=said.append)

    assert 2 == len(said)
    assert 2 == len(list((own.cache / "onnx").iterdir()))


@three_flips
def test_a_flipped_bit_is_exported_anew(
    own: Project, trained_params: Params, damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    """A network that a disk has changed since answers nothing."""
    pictures, said = draw_pictures()[:3], []
    first = load_predictor(own, trained_params, "cnn", "onnx").predict_pictures(pictures)
    (path,) = (own.cache / "onnx").iterdir()
    spoil(path, damage)

    again = load_predictor(own, trained_params, "cnn", "onnx", say=said.append)

    assert first == again.predict_pictures(pictures)
    assert [f"{path}: damaged; it is made anew"] == caplog.messages
    assert ["cnn: exporting to ONNX, once, into .cache/onnx/"] == said


def test_calibration_is_used(own: Project, trained_params: Params) -> None:
    """The temperature that lies with the weights makes the answers softer or surer."""
    pictures = draw_pictures()
    before = load_predictor(own, trained_params, "cnn").predict_pictures(pictures)
    calibrate(own.model("cnn"), temperature=0.01)
    after = load_predictor(own, trained_params, "cnn").predict_pictures(pictures)

    assert [each.character for each in before] == [each.character for each in after]
    assert all(
        one.probability < other.probability for one, other in zip(before, after, strict=True)
    )


@pytest.mark.parametrize("network", ["cnn", "vit"])
def test_models_alone_give_the_same_answers(own: Project, tmp_path: Path, network: str) -> None:
    """All that an answer depends on lies in models/: torch, ONNX and its file agree anywhere.

    In a project without data and reports, whose params.yaml packs other squares, the classes of
    the test pictures are the same, and no probability is 1e-4 off.
    """
    calibrate(own.model(network), temperature=1.7)
    pack = read_pack(own.pack("test"))
    squares = Squares(images_BPPC=pack.read(np.arange(len(pack))), content_B2=pack.content_N2)
    here = load_predictor(own, load_params(own), network, "torch").predict_squares(squares)
    empty = Project(tmp_path / "empty")
    shutil.copytree(own.root / "models", empty.root / "models")
    text = own.params.read_text().replace(f"image_size_px: {SIDE_PX}", "image_size_px: 64")
    empty.params.write_text(text)
    paths = sorted(own.raw.glob("*/images/*.png"))
    pictures = [each.image for each in map(decode, map(Path.read_bytes, paths))]
    before = load_predictor(own, load_params(own), network).predict_pictures(pictures)

    model = load_model(empty.model(network))
    file = OnnxNetwork(export_onnx(model, network=network, temperature=1.7), name=network)
    params = load_params(empty)
    onnx, torch = (load_predictor(empty, params, network, name) for name in ("onnx", "torch"))
    alone = replace(torch, network=file, temperature=float(file.metadata["temperature"]))

    assert text != own.params.read_text()
    for predictor in (onnx, torch, alone):
        assert_alike(here, predictor.predict_squares(squares))
        assert_alike(before, predictor.predict_pictures(pictures))


def assert_alike(expected: list[Answer], actual: list[Answer]) -> None:
    """Compare classes, and probabilities within 1e-4."""
    assert [each.character for each in expected] == [each.character for each in actual]
    for ours, theirs in zip(expected, actual, strict=True):
        assert dict(ours.top) == pytest.approx(dict(theirs.top), rel=0, abs=1e-4)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "not a calibration"),
        ([], "not a calibration"),
        ({"temperature": 1.5}, "not a calibration"),
        ({"temperature": "hot", "reject_below": None, "num_val": 9}, "not a calibration"),
        ({"temperature": 0, "reject_below": None, "num_val": 9}, "expected more than 0"),
        ({"temperature": 2, "reject_below": None, "num_val": 9}, "of other weights than lie here"),
    ],
)
def test_broken_calibration_is_told(
    own: Project, trained_params: Params, value: object, words: str
) -> None:
    """A file that is no calibration is an error, not a temperature of 1."""
    write_json(own.model("cnn") / "calibration.json", value)

    with pytest.raises(DataError, match=rf"calibration\.json: .*{words}"):
        load_predictor(own, trained_params, "cnn")


def test_unknown_network(trained: Project, trained_params: Params) -> None:
    """A slug that params.yaml does not have is told with those it has."""
    with pytest.raises(ParamsError, match="no 'gru'; known: cnn, vit"):
        load_predictor(trained, trained_params, "gru")


@pytest.mark.parametrize("backend", ["auto", "torch", "onnx"])
@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("card.json", None, "card.json: not there"),
        ("card.json", '{"classes": ["ariel"], "shape": 3}', "card.json: "),
        ("weights.safetensors", "none", "weights.safetensors: damaged"),
    ],
    ids=["not trained", "another version", "damaged"],
)
def test_unusable_networks(
    own: Project, trained_params: Params, backend: str, file: str, content: str | None, words: str
) -> None:
    """Each backend says in one line which file it is and what to do."""
    path: Path = own.model("cnn") / file
    if content is None:
        path.unlink()
    else:
        path.write_text(content)

    with pytest.raises((DataError, ModelError), match=words) as caught:
        load_predictor(own, trained_params, "cnn", backend)
    assert "\n" not in str(caught.value)


def test_a_wrong_export_is_not_used(
    own: Project, trained_params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ONNX that says something else is never kept: torch is asked, or who wants ONNX is told."""
    monkeypatch.setattr(parity, "MAX_DIFFERENCE", 0.0)
    said: list[str] = []

    predictor = load_predictor(own, trained_params, "cnn", say=said.append)

    assert isinstance(predictor.network, TorchNetwork)
    assert said[-1].endswith("answers differ; torch is asked")
    with pytest.raises(ExportError, match="as ONNX it is another network"):
        load_predictor(own, trained_params, "cnn", "onnx")
    assert not (own.cache / "onnx").exists()


def test_without_the_extra(
    own: Project, trained_params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where onnxruntime is not installed torch answers; who asks for it is told how to get it."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    assert isinstance(load_predictor(own, trained_params, "cnn").network, TorchNetwork)
    with pytest.raises(ModelError, match=r"onnxruntime is not installed; pip install 'disney-"):
        load_predictor(own, trained_params, "cnn", "onnx")


def test_without_torch(
    own: Project, trained_params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was exported is asked all the same; what was not is told how to get."""
    load_predictor(own, trained_params, "cnn", "onnx")
    monkeypatch.setitem(sys.modules, "torch", None)

    assert isinstance(load_predictor(own, trained_params, "cnn").network, OnnxNetwork)
    with pytest.raises(ModelError, match=r"torch is not installed; pip install 'disney-"):
        load_predictor(own, trained_params, "vit")


def test_a_broken_network_is_passed_over(own: Project, trained_params: Params) -> None:
    """Where nobody named one, the best of the others is asked, and that is told."""
    (own.model("cnn") / "card.json").write_text("{}")
    said: list[str] = []

    predictor = load_predictor(own, trained_params, backend="torch", say=said.append)

    assert "vit" == predictor.slug
    assert 1 == len(said)
    assert said[0].endswith("train the network again; it is not asked")


def test_no_network_at_all(own: Project, trained_params: Params) -> None:
    """Before the first training there is nobody to ask."""
    for slug in SCORES:
        (own.model(slug) / "card.json").unlink()

    with pytest.raises(ModelError, match="no trained network; train one"):
        load_predictor(own, trained_params)
