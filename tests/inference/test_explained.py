"""Heat maps of answers."""

from pathlib import Path

import pytest
from PIL import Image

from pipeline.inference.explained import Explainer
from pipeline.inference.many import Row, answer_all
from pipeline.inference.predict import load_predictor
from pipeline.inference.questions import Question, Reader
from pipeline.networks import load_model
from pipeline.params import Params
from pipeline.paths import Project
from tests.inference.conftest import SIDE_PX, draw_bytes


@pytest.mark.parametrize("network", ["cnn", "vit"])
def test_each_answer_gets_a_picture(
    network: str, trained: Project, trained_params: Params, tmp_path: Path
) -> None:
    """It has the shape of the picture, and a name of hash digits only."""
    (tmp_path / "인어.png").write_bytes(draw_bytes(1, size=(80, 40)))
    question = Question(name=str(tmp_path / "인어.png"))
    predictor = load_predictor(trained, trained_params, network)
    (row,) = answer_all([question], predictor, reader=Reader(trained_params, root=Path()))

    explained = Explainer(load_model(trained.model(network)), tmp_path / "maps").explain(row)

    path = Path(explained.heat_map)
    assert [path] == list((tmp_path / "maps").iterdir())
    assert 16 == len(path.stem)
    assert set(path.stem) <= set("0123456789abcdef")
    with Image.open(path) as image:
        assert (SIDE_PX, SIDE_PX // 2) == image.size


def test_what_failed_has_none(trained: Project, tmp_path: Path) -> None:
    """There is nothing to show, and no folder is made."""
    row = Row(file="a.txt", answer=None, error="not an image (text)")

    assert row == Explainer(load_model(trained.model("cnn")), tmp_path / "maps").explain(row)
    assert not (tmp_path / "maps").exists()
