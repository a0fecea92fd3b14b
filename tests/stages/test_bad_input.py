"""What goes wrong for users ends in one clear line, exit code 1, and nothing half-written."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.files import read_rows, write_rows
from pipeline.paths import Project
from pipeline.records import SplitRow

REPOSITORY = Path(__file__).resolve().parents[2]


def run(project: Project, stage: str, *item: str) -> subprocess.CompletedProcess[str]:
    """Run a stage as DVC does."""
    return subprocess.run(
        [sys.executable, "-m", f"pipeline.stages.{stage}", *item],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )


def assert_one_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """The command failed with a single line that holds the words."""
    assert done.returncode == 1, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert [word for word in words if word not in done.stderr] == [], done.stderr


def test_unreadable_params(make_project: Callable[..., Project]) -> None:
    """A params.yaml that is no YAML is told with its line."""
    project = make_project()
    project.params.write_text("seed: [1\ncharacters: {}\n", encoding="utf-8")

    assert_one_line(run(project, "search", "ariel"), "params.yaml:2", "not YAML")


def test_unknown_source(make_project: Callable[..., Project]) -> None:
    """An unknown kind of source is answered with the kinds there are."""
    project = make_project(collect={"sources": [{"kind": "googel"}]})

    assert_one_line(run(project, "search", "ariel"), "googel", "'mediawiki'", "'studio'")


def test_folder_that_is_not_there(make_project: Callable[..., Project]) -> None:
    """A folder source that does not exist is named."""
    project = make_project(collect={"sources": [{"kind": "folder", "path": "no/such"}]})

    done = run(project, "search", "ariel")

    assert_one_line(done, "no/such")
    assert not project.candidates("ariel").exists()


def test_wiki_that_is_down(make_project: Callable[..., Project]) -> None:
    """A wiki that does not answer is named, and no empty list of candidates is frozen."""
    source = {"kind": "mediawiki", "api": "http://127.0.0.1:9/w/api.php"}
    project = make_project(
        contact="team@example.org",
        collect={"sources": [source], "allow_hosts": ["127.0.0.1:9"], "retries": 0},
    )

    done = run(project, "search", "ariel")

    assert_one_line(done, "127.0.0.1:9")
    assert not project.candidates("ariel").exists()


def test_character_that_is_not_there(make_project: Callable[..., Project]) -> None:
    """A slug that params.yaml does not know is answered with those it knows."""
    assert_one_line(run(make_project(), "search", "arielle"), "arielle", "ariel, elsa, merida")


def test_network_that_is_not_there(make_project: Callable[..., Project]) -> None:
    """A network that params.yaml does not know is answered with those it knows."""
    assert_one_line(run(make_project(), "train", "cnn9"), "cnn9", "known: cnn")


def test_character_without_images(make_project: Callable[..., Project]) -> None:
    """A source that offers nothing for a character is an error that says what to add."""
    project = make_project(collect={"sources": [{"kind": "folder", "path": "images"}]})
    (project.root / "images" / "ariel").mkdir(parents=True)

    assert_one_line(run(project, "search", "ariel"), "ariel")


@pytest.fixture
def packed(make_project: Callable[..., Project], draw_png: Callable[..., bytes]) -> Project:
    """A project with one image a class and split, split but not yet packed."""
    project = make_project()
    rows = []
    for number, (character, split) in enumerate(
        (c, s) for c in ("ariel", "elsa", "merida") for s in ("train", "val", "test")
    ):
        data = draw_png(f"#{number:02x}4080")
        rows.append(_store(project, data, character=character, split=split))
    write_rows(project.split, SplitRow, sorted(rows, key=lambda row: row.sha256))
    return project


def _store(project: Project, data: bytes, *, character: str, split: str) -> SplitRow:
    from pipeline.files import sha256_of, write_bytes  # noqa: PLC0415

    sha256 = sha256_of(data)
    path = project.raw_images(character) / f"{sha256}.png"
    write_bytes(path, data)
    return SplitRow(
        sha256=sha256,
        file=project.relative(path),
        character=character,
        group=sha256[:16],
        split=split,
    )


def test_split_edited_by_hand(packed: Project) -> None:
    """A group that straddles two splits is refused before anything is packed."""
    rows = read_rows(packed.split, SplitRow)
    group = rows[0].group
    other = next(row for row in rows if row.split != rows[0].split)
    edited = [
        SplitRow(
            sha256=row.sha256,
            file=row.file,
            character=row.character,
            group=group if row == other else row.group,
            split=row.split,
        )
        for row in rows
    ]
    write_rows(packed.split, SplitRow, edited)

    done = run(packed, "augment")

    assert_one_line(done, group, rows[0].split, other.split)
    assert not packed.pack("train").exists()


def test_corrupt_weights(packed: Project) -> None:
    """Weights that were cut short are named; the report folder is not half-written."""
    assert run(packed, "augment").returncode == 0
    assert run(packed, "train", "cnn").returncode == 0
    weights = packed.model("cnn") / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])

    done = run(packed, "evaluate", "cnn")

    assert_one_line(done, "weights.safetensors")
    assert not (packed.network_report("cnn") / "metrics.json").exists()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 kB; mounting needs root."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small tmpfs needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk(make_project: Callable[..., Project], tiny_disk: Path, tmp_path: Path) -> None:
    """A disk that fills up while collecting: one line, and no half file under its final name."""
    make_project()
    project = Project(tiny_disk)
    (tmp_path / "project").rename(tmp_path / "template")
    for path in sorted((tmp_path / "template").rglob("*")):
        target = tiny_disk / path.relative_to(tmp_path / "template")
        target.mkdir(parents=True, exist_ok=True) if path.is_dir() else target.write_bytes(
            path.read_bytes()
        )
    assert run(project, "search", "ariel").returncode == 0

    done = run(project, "collect", "ariel")

    assert_one_line(done, "No space left")
    assert not project.raw_manifest("ariel").exists()
    assert list(tiny_disk.rglob("*.part")) == []
