"""Heat over pictures: in their proportions, legible in grey, the same bytes every time."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pipeline.evaluation.explain.overlay import overlay
from pipeline.evaluation.explain.pictures import heat_of_pictures
from pipeline.evaluation.explain.report import choose_cases, write_explanations
from tests.evaluation.test_explain_heat import CLASSES, model_of


@pytest.fixture
def striped() -> np.ndarray:
    """Draw two packed pictures, 64 px wide."""
    return np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)


@pytest.fixture
def pack_of(make_pack):
    """Pack test pictures of noise, of classes by their index."""

    def pack(labels: list[int]):
        images = np.random.default_rng(2).integers(0, 256, (len(labels), 40, 40, 3), dtype=np.uint8)
        return make_pack(images, [CLASSES[label] for label in labels], split="test")

    return pack


def test_overlay_is_legible_in_grey() -> None:
    """More heat is lighter, also without colours, whatever the picture under it."""
    ramp_HW = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (8, 1))
    grey = np.asarray(overlay(Image.new("RGB", (64, 8), "teal"), ramp_HW).convert("L")).astype(int)

    assert (np.diff(grey[4]) >= 0).all()
    assert grey[4, -1] - grey[4, 0] > 100


def test_overlay_has_the_size_of_its_picture() -> None:
    """A coarse map is stretched, not the picture shrunk."""
    assert (50, 20) == overlay(Image.new("RGB", (50, 20)), np.zeros((3, 4), np.float32)).size


@pytest.mark.parametrize(
    ("name", "more", "expected"),
    [
        ("cnn", {}, [(32, 32), (16, 32)]),
        ("cnn", {"resize": "squash"}, [(32, 32), (32, 32)]),
        ("vit-native", {"token_px": 8}, [(32, 32), (16, 32)]),
    ],
    ids=["letterbox", "squash", "native"],
)
def test_heat_is_cut_to_the_picture(striped, name: str, more: dict, expected: list) -> None:
    """The bars of the letterbox and what is outside a native picture are not part of the map."""
    model = model_of(name, **more)
    # As start() says of native networks.
    model = replace(model, card=model.card.model_copy(update={"multiple_px": 8}))
    heats = heat_of_pictures(
        model, striped, content_B2=np.array([[64, 64], [64, 32]]), classes=[0, 1]
    )

    assert expected == [heat.shape for heat in heats]
    assert all(heat.max() <= 1 for heat in heats)


def test_cases_are_chosen_without_flattery(pack_of, answers) -> None:
    """Right ones come from the classes in turn, wrong ones are the surest mistakes."""
    pack = pack_of([0, 0, 0, 1, 2, 2])
    right, wrong = choose_cases(pack, answers([0, 0, 0, 1, 2, 2], [0, 0, 1, 1, 2, 0]))

    assert [0, 3, 4, 1] == [case.place for case in right]
    assert [(2, 0, 1), (5, 2, 0)] == [(case.place, case.label, case.predicted) for case in wrong]


@pytest.mark.parametrize(
    ("name", "predicted"),
    [("gru", [0, 1, 1, 0]), ("cnn", [0, 0, 1, 2]), ("cnn", [1, 1, 2, 0])],
    ids=["both", "all right", "all wrong"],
)
def test_the_files_of_a_report(pack_of, answers, tmp_path, name: str, predicted: list) -> None:
    """Also when nothing was right or nothing wrong; the same input gives the same bytes."""
    labels = [0, 0, 1, 2]
    pack, predictions = pack_of(labels), answers(labels, predicted)
    for folder in ("one", "two"):
        write_explanations(tmp_path / folder, model_of(name), pack, predictions)
    [first, second] = [
        {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        for folder in ("one", "two")
    ]

    assert {"explain.png", "belief.svg"} == first.keys()
    assert first == second
    sheet = Image.open(io.BytesIO(first["explain.png"]))
    assert len(labels) == (sheet.width - 10) // 122
    num_rows = 2 if predicted == labels else 3  # the third is for who it is
    assert num_rows == (sheet.height - 26) // 138
    steps = b"tokens read" if name == "gru" else b"sixths shown"
    assert steps in first["belief.svg"]
