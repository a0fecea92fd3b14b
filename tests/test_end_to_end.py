"""From names to a report: all stages in the order of dvc.yaml, on drawn pictures."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.files import read_csv, read_json
from pipeline.params import load_params
from pipeline.paths import Project

REPOSITORY = Path(__file__).resolve().parents[1]
STAGES = YAML(typ="safe").load(REPOSITORY / "dvc.yaml")["stages"]
SMALL = {"target": 24, "sources": [{"kind": "studio"}]}


def run_all(project: Project) -> None:
    """Run every stage and every item in this process, without DVC."""
    params = load_params(project)
    items = {"${characters}": list(params.characters), "${networks}": list(params.networks)}
    for name, stage in STAGES.items():
        main = importlib.import_module(f"pipeline.stages.{name}").main
        for item in items.get(stage.get("foreach"), [None]):
            main(project, params, *([] if item is None else [item]))


def results(project: Project) -> dict[str, bytes]:
    """Read every CSV, JSON and weights file that is promised to be the same on every run."""
    kinds = {".csv", ".json", ".jsonl", ".safetensors", ".npy"}
    return {
        path.relative_to(project.root).as_posix(): path.read_bytes()
        for folder in ("data", "models", "reports")
        for path in sorted((project.root / folder).rglob("*"))
        if path.suffix in kinds and path.name != "timing.json"
    }


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, write_project: Callable[..., Project]
) -> Project:
    """Run the whole pipeline once for the tests of this file."""
    project = write_project(tmp_path_factory.mktemp("finished"), collect=SMALL)
    run_all(project)
    return project


def test_the_report_is_written(finished: Project) -> None:
    """One page names every character and every network."""
    page = finished.page.read_text(encoding="utf-8")

    assert all(name in page for name in ("Ariel", "Elsa", "Merida", "cnn"))


def test_every_collected_image_has_a_receipt(finished: Project) -> None:
    """Each stored file has one row that says where it came from, and each row has its file."""
    for character in ("ariel", "elsa", "merida"):
        header, rows = read_csv(finished.raw_manifest(character))
        named = {row[header.index("file")] for row in rows}
        stored = {finished.relative(p) for p in finished.raw_images(character).iterdir()}

        assert stored == named
        assert all(row[header.index("image_url")] for row in rows)


def test_no_group_straddles(finished: Project) -> None:
    """Copies of one picture are never both learned from and tested on."""
    header, rows = read_csv(finished.split)
    pairs = {(row[header.index("group")], row[header.index("split")]) for row in rows}

    assert len({group for group, _ in pairs}) == len(pairs)


def test_accuracy_is_recomputable(finished: Project) -> None:
    """The accuracy in metrics.json is that of predictions.csv."""
    header, rows = read_csv(finished.network_report("cnn") / "predictions.csv")
    test = [dict(zip(header, row, strict=True)) for row in rows]
    test = [row for row in test if row["split"] == "test"]
    accuracy = sum(row["label"] == row["predicted"] for row in test) / len(test)

    metrics = read_json(finished.network_report("cnn") / "metrics.json")

    assert round(accuracy, 6) == metrics["accuracy"]


def test_two_runs_write_the_same_bytes(
    finished: Project, make_project: Callable[..., Project]
) -> None:
    """Same params and seed: identical CSV, JSON and weights in another folder."""
    again = make_project(collect=SMALL)
    run_all(again)

    first, second = results(finished), results(again)

    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_a_killed_pipeline_leaves_no_half_file(finished: Project) -> None:
    """No temporary file stays beside a finished result."""
    assert list(finished.root.rglob("*.part")) == []


@pytest.fixture(scope="module")
def clone(
    tmp_path_factory: pytest.TempPathFactory, write_project: Callable[..., Project]
) -> tuple[Path, set[str]]:
    """Copy what a clone holds, with small params; run it and commit; give the stages that ran."""
    folder = tmp_path_factory.mktemp("clone")
    listed = _git(REPOSITORY, "ls-files", "--cached", "--others", "--exclude-standard")
    for name in listed.splitlines():
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
    write_project(folder, collect=SMALL)
    _git(folder, "init", "--quiet")
    for key, value in {"user.name": "t", "user.email": "t@example.org"}.items():
        _git(folder, "config", key, value)
    _git(folder, "add", "--all")
    _git(folder, "commit", "-qm", "project")
    ran = _repro(folder)
    return folder, ran


@pytest.mark.slow
def test_dvc_runs_only_what_changed(clone: tuple[Path, set[str]]) -> None:
    """`dvc repro` again runs nothing; a changed network re-runs that network and the report."""
    folder, first = clone
    again = _repro(folder)
    params = folder / "params.yaml"
    text = params.read_text(encoding="utf-8")
    params.write_text(text.replace("kernel_size: 3", "kernel_size: 5"), encoding="utf-8")
    changed = _repro(folder)
    listed = _git(folder, "ls-files", "--others", "--exclude-standard").splitlines()

    assert {f"search@{c}" for c in ("ariel", "elsa", "merida")} <= first
    assert set() == again
    assert {"train@cnn", "evaluate@cnn", "report"} == changed
    # Git sees the small text files only: images, packs and weights are ignored.
    assert {".csv", ".json", ".jsonl", ".lock", ".md"} == {Path(name).suffix for name in listed}


@pytest.mark.slow
def test_weights_that_change_make_training_run(clone: tuple[Path, set[str]]) -> None:
    """A file of weights that is added, replaced or deleted is seen; as before, nothing is stale."""
    folder, _ = clone
    _repro(folder)
    path = folder / "data" / "weights" / "w.safetensors"
    is_stale = []
    for content in (None, b"one", b"two", None):
        path.unlink(missing_ok=True)
        if content:
            path.write_bytes(content)
        is_stale.append("data/weights" in _dvc(folder, "status", "train@cnn"))
        if content == b"one":
            ran = _repro(folder)  # so that "two" is a replacement
            is_stale.append("data/weights" in _dvc(folder, "status", "train@cnn"))

    assert [False, True, False, True, True] == is_stale
    assert {"train@cnn"} == ran  # which found its training, so that nothing after it runs
    assert set() != _repro(folder)


@pytest.mark.slow
def test_a_sweep_is_queued_and_run(clone: tuple[Path, set[str]]) -> None:
    """`dvc exp run --queue -S` makes one experiment per value; each has its own metrics."""
    folder, _ = clone
    _git(folder, "add", "--all")
    _git(folder, "commit", "-qm", "results")

    _dvc(folder, "exp", "run", "--queue", "-S", "networks.cnn.kernel_size=3,5")
    _dvc(folder, "exp", "run", "--run-all")

    shown = json.loads(_dvc(folder, "exp", "show", "--json"))
    found = {
        rev["data"]["params"]["params.yaml"]["data"]["networks"]["cnn"]["kernel_size"]: rev["data"][
            "metrics"
        ]["reports/summary.json"]["data"]["cnn"]
        for commit in shown
        for experiment in commit["experiments"] or []
        for rev in experiment["revs"]
    }
    assert {3, 5} == found.keys()
    assert all(0 <= each["accuracy"] <= 1 for each in found.values())
    assert found[3] != found[5]


def _repro(folder: Path) -> set[str]:
    """Run `dvc repro`; give the stages that ran."""
    lines = _dvc(folder, "repro").splitlines()
    return {line.split("'")[1] for line in lines if line.startswith("Running stage")}


def _dvc(folder: Path, *arguments: str) -> str:
    """Run DVC in a project; give what it prints."""
    here = Path(sys.executable).parent  # dvc.yaml says `python`; make puts .venv/bin first too
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=folder,
        env={**os.environ, "PATH": f"{here}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout
