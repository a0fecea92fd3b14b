"""`disney predict`, as a user types it."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.files import sha256_of, sha256_of_file
from pipeline.inference.lines import AS_GIVEN
from pipeline.inference.predict import load_predictor
from pipeline.params import load_params
from pipeline.params.card import WEIGHTS
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
    out = tmp_path.with_suffix(".csv")  # beside the folder of pictures, not in it
    first = predict(pictures / "a.png", pictures / "c.png", "--out", out, "--backend", "torch")
    before = out.read_text()
    second = predict(pictures, "--out", out, "--backend", "torch")

    assert (1, [], [f"{out}: 2 pictures, 1 failed"]) == first
    assert (1, [], [f"{out}: 4 pictures, 2 failed"]) == second
    assert out.read_text().startswith(before)
    assert 5 == len(out.read_text().splitlines())


@pytest.fixture
def hard_names(tmp_path: Path) -> list[str]:
    """Write one picture under 300 names: all that a name may hold, with what CSV and JSON quote."""
    folder = os.fsencode(tmp_path / "names")
    Path(os.fsdecode(folder)).mkdir()
    odd = [bytes([byte]) for byte in range(1, 256) if byte != ord("/")]
    odd += [word.encode() for word in ("인어공주", "\u2028", "\x85", "\r\n", '"\n"', ',"', "=1+1")]
    odd += [bytes([byte, byte]) for byte in range(1, 40)]
    names = [folder + b"/" + b"a%bz.png" % each for each in odd]
    for name in names:
        Path(os.fsdecode(name)).write_bytes(draw_bytes(1))
    return sorted(map(os.fsdecode, names))


def run(*arguments: object) -> bytes:
    """Run the command in its own process; give the bytes that it prints."""
    command = [sys.executable, "-m", "pipeline.cli", "predict", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=True).stdout


@pytest.mark.usefixtures("here")
def test_every_name_of_a_file(hard_names: list[str], tmp_path: Path) -> None:
    """Line, JSON and CSV, printed and in a file: a row a picture, and each is asked about once."""
    folder, answers = tmp_path / "names", [tmp_path / "a.jsonl", tmp_path / "a.csv"]
    printed = [run(folder, *option).decode(errors=AS_GIVEN) for option in ([], ["--json"])]
    tables = [run(folder, "--csv")]
    for _ in range(2):
        for path in answers:
            run(folder, "--out", path)
        tables.append(answers[1].read_bytes())

    assert [300, 300] == [text.count("\n") for text in printed]
    lines = answers[0].read_text(errors=AS_GIVEN).split("\n")[:-1]
    for text in (printed[1].split("\n")[:-1], lines):
        assert hard_names == sorted(json.loads(line)["file"] for line in text)
    for table in tables:
        rows = csv.DictReader(io.StringIO(table.decode(errors=AS_GIVEN), newline=""), strict=True)
        assert hard_names == sorted(row["file"] for row in rows)


@pytest.mark.usefixtures("here")
def test_out_tells_pictures_of_one_name_apart(
    pictures: Path, tmp_path: Path, here: Project
) -> None:
    """The file beside it, replaced meanwhile, is another picture; a heat map is of one picture."""
    out, maps = tmp_path / "out.jsonl", tmp_path / "maps"
    for number in (1, 2, 2):
        (pictures / "a.png").write_bytes(draw_bytes(number))
        predict(pictures / "a.png", "--out", out, "--explain", maps, "--backend", "torch")

    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [sha256_of(draw_bytes(number)) for number in (1, 2)] == [row["sha256"] for row in rows]
    weights = sha256_of_file(here.model("cnn") / WEIGHTS)
    assert {("cnn", weights, 0.0)} == {
        (row["network"], row["weights"], row["reject_below"]) for row in rows
    }
    assert 2 == len(list(maps.iterdir()))


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
