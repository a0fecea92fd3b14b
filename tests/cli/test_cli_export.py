"""`disney export`, as a user types it."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.inference.backends import OnnxNetwork
from pipeline.paths import Project
from tests.inference.conftest import CLASSES, own, trained

__all__ = ["own", "trained"]  # fixtures


@pytest.fixture(autouse=True)
def _here(trained: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in the folder of a project with trained networks."""
    monkeypatch.chdir(trained.root)


def export(kind: str, *arguments: object) -> tuple[int, str, str]:
    """Run the command in this process: exit code, what it printed, its errors."""
    result = CliRunner().invoke(app, ["export", "--format", kind, *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_onnx(tmp_path: Path) -> None:
    """The file says what torch says on every test picture; parity and latency are printed."""
    out = tmp_path / "cnn.onnx"
    code, text, _ = export("onnx", "--network", "cnn", "--out", out)

    assert 0 == code
    first, parity, onnx, torch = text.splitlines()
    assert first.startswith(f"{out}: cnn, 0.")
    assert parity.startswith("parity on all 6 test pictures, in batches of 1, 4, 7: logits differ")
    assert ("onnx: ", "torch: ") == (onnx[:6], torch[:7])
    assert onnx.endswith("ms (p95)")
    assert CLASSES == OnnxNetwork(out, name="cnn").classes


def test_onnx_where_no_test_pictures_fit(
    own: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a network whose data is not here, or packed at another side, noise is asked, and told."""
    shutil.rmtree(own.pack("test"))
    monkeypatch.chdir(own.root)

    code, text, _ = export("onnx", "--network", "cnn", "--out", tmp_path / "cnn.onnx")

    assert 0 == code
    parity = text.splitlines()[1]
    assert parity.startswith("parity on drawn noise (there are no test pictures packed at 40 px)")


def test_the_best_network_without_a_name(tmp_path: Path) -> None:
    """As `disney predict` does."""
    code, text, _ = export("safetensors", "--out", tmp_path / "st")

    names = sorted(path.name for path in (tmp_path / "st").iterdir())
    assert 0 == code
    assert ["calibration.json", "card.json", "weights.safetensors"] == names
    assert "of cnn" in text


def test_imagefolder(tmp_path: Path) -> None:
    """The pictures, once; a second time is refused in one line."""
    out = tmp_path / "pictures"

    first = export("imagefolder", "--out", out)
    second = export("imagefolder", "--out", out)

    assert (0, f"{out}: 18 pictures") == (first[0], first[1].partition(";")[0])
    assert (1, "", f"{out}: not empty; name a new folder\n") == second


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["onnx", "--network", "gru", "--out", "x"], 1, "no 'gru'; known: cnn, vit"),
        (["imagefolder", "--network", "cnn", "--out", "x"], 2, "not of a network"),
        (["pickle", "--out", "x"], 2, "pickle"),
        (["onnx"], 2, "--out"),
    ],
)
def test_wrong_usage(arguments: list[str], code: int, words: str) -> None:
    """One line that says what is allowed; nothing is written."""
    found, text, errors = export(*arguments)

    assert (code, "") == (found, text)
    assert words in errors
    assert not Path("x").exists()
