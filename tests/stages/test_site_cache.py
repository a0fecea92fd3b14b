"""DVC's site cache holds pickles, and is nobody else's to write."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dvc_data.hashfile.cache import Cache

from pipeline.paths import Project
from pipeline.stages.console import keep_site_cache_private
from tests.accounts import as_nobody, reachable_folder

REPOSITORY = Path(__file__).resolve().parents[2]
COMMITTED = [
    ".dvc/config",
    ".dvc/.gitignore",
    ".dvc-site/repo/.gitkeep",
    ".dvcignore",
    ".gitignore",
]
STAGE = """\
stages:
  count:
    cmd: wc -c < words.txt > count.txt
    deps: [words.txt]
    outs: [count.txt]
"""


class Bomb:
    """What makes a folder when it is read from a pickle, with the rights of the reader."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """Say how to make it again."""
        return os.mkdir, (str(self.folder),)


@pytest.fixture
def clone() -> Iterator[Project]:
    """Make a fresh clone in a place that every account can enter, with one stage."""
    with reachable_folder() as folder:
        _write_origin(folder / "origin")
        yield Project(folder / "clone")


def _write_origin(root: Path) -> None:
    for name in COMMITTED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, root / name)
    (root / "dvc.yaml").write_text(STAGE)
    (root / "params.yaml").touch()
    (root / "words.txt").write_text("some words\n")
    for command in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["-c", "user.name=na", "-c", "user.email=na@example.org", "commit", "-qm", "start"],
        ["clone", "--quiet", ".", "../clone"],
    ):
        subprocess.run(["git", *command], cwd=root, check=True)


def dvc(folder: Path, *arguments: str, **environment: str) -> str:
    """Start DVC as a person does."""
    command = [sys.executable, "-m", "dvc", *arguments]
    clean = {key: value for key, value in os.environ.items() if key != "DVC_SITE_CACHE_DIR"}
    done = subprocess.run(
        command, cwd=folder, env=clean | environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def plant(project: Project, site: Path, *, bomb: Path) -> int:
    """Let another account replace what DVC knows of its files; give its exit code."""
    (own,) = (path for path in (site / "repo").iterdir() if path.is_dir())
    evil = project.root.parent / "evil"
    with Cache(str(evil / "links")) as links:  # which `dvc checkout` and `dvc pull` read
        links["words.txt"] = Bomb(bomb)
    for path in evil.rglob("*"):
        path.chmod(0o777)
    return as_nobody(f"mv {own} {own}.old && cp -R {evil} {own} && chmod -R a+w {own}")


def test_a_planted_pickle_runs_where_dvc_keeps_its_own(clone: Project) -> None:
    """What the other tests try does work, where a folder is made by DVC itself."""
    site, bomb = clone.root.parent / "site", clone.root.parent / "bomb"
    dvc(clone.root, "repro", DVC_SITE_CACHE_DIR=str(site))

    assert 0 == plant(clone, site, bomb=bomb)
    dvc(clone.root, "checkout", DVC_SITE_CACHE_DIR=str(site))
    assert bomb.exists()


def test_nobody_else_can_plant_a_pickle(clone: Project) -> None:
    """Not even before the first command of ours, where only the clone's own files say so."""
    bomb = clone.root.parent / "bomb"
    dvc(clone.root, "status")

    assert 0 != plant(clone, clone.dvc_site, bomb=bomb)
    dvc(clone.root, "checkout")
    assert not bomb.exists()


def test_one_folder_wherever_dvc_is_started(clone: Project) -> None:
    """After a command of ours DVC makes no folder of its own in the folder it is started from."""
    (clone.root / "deep").mkdir()
    keep_site_cache_private(clone)

    dvc(clone.root / "deep", "status", "../dvc.yaml")

    assert 0 != plant(clone, clone.dvc_site, bomb=clone.root.parent / "bomb")
    assert [clone.dvc_site] == list(clone.root.rglob(".dvc-site"))


def test_a_stage_closes_the_folder(clone: Project) -> None:
    """So after the first `dvc repro` only its owner may enter, whatever comes of the stage."""
    command = [sys.executable, "-m", "pipeline.stages.split"]

    subprocess.run(command, cwd=clone.root, capture_output=True, check=False)

    assert 0o700 == clone.dvc_site.stat().st_mode & 0o777
    assert str(clone.dvc_site) in (clone.root / ".dvc" / "config.local").read_text()


@pytest.mark.parametrize(
    ("chosen", "is_kept"), [("/srv/mine", True), ("/old/place/.dvc-site", False), (None, False)]
)
def test_the_choice_of_a_person_stays(clone: Project, chosen: str | None, *, is_kept: bool) -> None:
    """Ours is written where there is none, or that of the place from which a clone was moved."""
    local = clone.root / ".dvc" / "config.local"
    own = f"    site_cache_dir = {chosen}\n" if chosen else ""
    local.write_text(f"[core]\n    checksum_jobs = 2\n{own}")

    keep_site_cache_private(clone)

    told = [line.strip() for line in local.read_text().splitlines()]
    expected = chosen if is_kept else clone.dvc_site
    assert ["[core]", "checksum_jobs = 2", f"site_cache_dir = {expected}"] == told
    assert 0o700 == clone.dvc_site.stat().st_mode & 0o777
