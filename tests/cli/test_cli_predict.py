"""`disney predict`, as a user types it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.inference.predict import load_predictor
from pipeline.params import load_params
from pipeline.paths import Project
from tests.inference.conftest import CLASSES, draw_bytes, trained

__all__ = ["trained"]  # a fixture
HEAVY = {"torch", "torchvision", "timm", "scipy", "sklearn", "matplotlib", "requests", "cv2", "dvc"}


@pytest.fixture
def here(trained: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Stand in the folder of a project with trained networks."""
    monkeypatch.chdir(trained.root)
    return trained


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Write two pictures and two files that are none."""
    for name, data in (("a.png", draw_bytes(1)), ("b.png", draw_bytes(2)), ("c.png", b"")):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "d.jpg").write_text("some text")
    return tmp_path


def predict(*arguments: object, stdin: str = "") -> tuple[int, list[str], list[str]]:
    """Run the command in this process: exit code, lines printed, lines of errors."""
    result = CliRunner().invoke(app, ["predict", *map(str, arguments)], input=stdin)
    return result.exit_code, result.stdout.splitlines(), result.stderr.splitlines()


@pytest.mark.usefixtures("here")
def test_text(pictures: Path) -> None:
    """A line a picture; what failed on stderr, and in the exit code."""
    code, lines, errors = predict(pictures, "--network", "vit", "--top", "1", "--backend", "torch")

    assert 1 == code
    assert [f"{pictures}/a.png", f"{pictures}/b.png"] == [line.split(": ")[0] for line in lines]
    assert [
        f"{pictures}/c.png: not an image (empty)",
        f"{pictures}/d.jpg: not an image (text)",
        "2 of 4 pictures failed",
    ] == errors


@pytest.mark.usefixtures("here")
def test_json(pictures: Path) -> None:
    """One object a line, the errors among them, and a summary on stderr."""
    code, lines, errors = predict("-", "--json", "--backend", "torch", stdin=f"{pictures}\n")

    good, _, empty, text = map(json.loads, lines)
    assert (1, ["2 of 4 pictures failed"]) == (code, errors)
    assert {"file", "character", "probability", "top"} == good.keys()
    assert good["character"] in CLASSES
    assert [[good["character"], good["probability"]], 3] == [good["top"][0], len(good["top"])]
    assert {"file": f"{pictures}/c.png", "error": "not an image (empty)"} == empty
    assert "not an image (text)" == text["error"]


@pytest.mark.usefixtures("here")
def test_all_good_is_exit_code_0(pictures: Path) -> None:
    """Nothing on stderr, a header before the table."""
    code, lines, errors = predict(pictures / "a.png", "--csv", "--top", "2", "--backend", "torch")

    assert (0, []) == (code, errors)
    assert "file,character,probability,reason,heat_map,error" == lines[0].partition(",top_1")[0]
    assert 2 == len(lines)


@pytest.mark.usefixtures("here")
def test_out_is_gone_on_with(pictures: Path, tmp_path: Path) -> None:
    """A second run asks about what is new alone; the summary counts all."""
    out = tmp_path / "out.csv"
    first = predict(pictures / "a.png", pictures / "c.png", "--out", out, "--backend", "torch")
    before = out.read_text()
    second = predict(pictures, "--out", out, "--backend", "torch")

    assert (1, [], [f"{out}: 2 pictures, 1 failed"]) == first
    assert (1, [], [f"{out}: 4 pictures, 2 failed"]) == second
    assert out.read_text().startswith(before)
    assert 5 == len(out.read_text().splitlines())


@pytest.mark.usefixtures("here")
def test_reject_and_explain(pictures: Path, tmp_path: Path) -> None:
    """Nobody is named below the limit, and the heat map says what was looked at all the same."""
    code, (line,), _ = predict(
        pictures / "a.png",
        *("--json", "--reject-below", "1", "--explain", tmp_path / "maps", "--backend", "torch"),
    )

    values = json.loads(line)
    assert (0, None) == (code, values["character"])
    assert "is below 1" in values["reason"]
    assert b"\x89PNG" == Path(values["heat_map"]).read_bytes()[:4]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--network", "gru"], 1, "no 'gru'; known: cnn, vit"),
        (["--json", "--csv"], 2, "give one of --json and --csv"),
        (["--top", "0"], 2, "--top"),
        (["--reject-below", "1.5"], 2, "--reject-below"),
        (["--backend", "tensorflow"], 2, "--backend"),
        (["--out", "params.yaml"], 1, "no answers of disney predict; name another file"),
    ],
)
@pytest.mark.usefixtures("here")
def test_wrong_usage(arguments: list[str], code: int, words: str) -> None:
    """What cannot be done is told before any work."""
    found, lines, errors = predict("a.png", *arguments)

    assert (code, []) == (found, lines)
    assert words in "\n".join(errors)


@pytest.fixture
def importing(here: Project, pictures: Path) -> Callable[..., tuple[set[str], str]]:
    """Run the command in its own process and list the packages that it imported."""
    load_predictor(here, load_params(here), "cnn", "onnx")  # exports it

    def run(*options: str) -> tuple[set[str], str]:
        command = ["-X", "importtime", "-m", "pipeline.cli", "predict", str(pictures / "a.png")]
        done = subprocess.run(
            [sys.executable, *command, *options], capture_output=True, text=True, check=True
        )
        lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
        return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}, done.stdout

    return run


def test_onnx_starts_without_torch(importing: Callable[..., tuple[set[str], str]]) -> None:
    """Nothing heavy is imported, so that an answer is there in less than a second."""
    imported, text = importing("--network", "cnn")

    assert "onnxruntime" in imported
    assert set() == HEAVY & imported
    assert "a.png: " in text
