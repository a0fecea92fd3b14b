"""`disney attribution` and `disney forget`."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.files import read_rows
from pipeline.paths import Project
from pipeline.records import Denied
from tests.team.hoard import Hoard

REPOSITORY = Path(__file__).resolve().parents[2]
URL = "https://pics.example/1.png"


@pytest.fixture
def hoard(make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> Hoard:
    """Stand in a project that has one image and the stages of this repository."""
    hoard = Hoard(make_project())
    hoard.collect(b"one", URL, title="Ariel", author="An", licence="CC0")
    (hoard.project.root / "dvc.yaml").write_bytes((REPOSITORY / "dvc.yaml").read_bytes())
    monkeypatch.chdir(hoard.project.root)
    return hoard


def disney(*arguments: str) -> tuple[int, str, str]:
    """Run the command in this process: exit code, what it printed, its errors."""
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout, result.stderr


def test_attribution_writes_both_files(hoard: Hoard) -> None:
    """Into the project's folder; the line says how many are without a licence."""
    hoard.contribute(b"two", "")

    code, text, _ = disney("attribution")

    assert 0 == code
    assert text.endswith("ATTRIBUTION.csv: 2 images, 1 of unknown licence\n")
    assert "by An, CC0" in (hoard.project.root / "ATTRIBUTION.md").read_text("utf-8")


def test_attribution_goes_where_it_is_wished(hoard: Hoard, tmp_path: Path) -> None:
    """A folder that is not there yet is made."""
    disney("attribution", "--out", str(tmp_path / "publish"))

    names = sorted(path.name for path in (tmp_path / "publish").iterdir())
    assert ["ATTRIBUTION.csv", "ATTRIBUTION.md"] == names
    assert not (hoard.project.root / "ATTRIBUTION.md").exists()


def test_forget_says_what_it_did_and_what_is_stale(hoard: Hoard) -> None:
    """Every path, and the stages that must run again."""
    code, text, errors = disney("forget", "--url", URL, "--reason", "asked by the artist")

    assert (0, "") == (code, errors)
    lines = text.splitlines()
    assert f"deny {URL}" == lines[0]
    assert lines[-1].startswith("stale, until the next dvc repro: collect@*, deduplicate, split")
    assert Denied(item=URL, reason="asked by the artist") in read_rows(hoard.project.denied, Denied)


def test_forget_can_be_tried(hoard: Hoard) -> None:
    """A dry run says the same and does nothing."""
    before = hoard.project.denied.read_bytes()

    code, text, _ = disney("forget", "--host", "PICS.example", "--dry-run")

    assert 0 == code
    assert "would deny pics.example" == text.splitlines()[0]
    assert before == hoard.project.denied.read_bytes()
    assert 1 == len(list(hoard.project.raw_images("ariel").iterdir()))


def test_a_dry_run_tells_of_a_remote_that_it_could_not_look_into(hoard: Hoard) -> None:
    """What is not known to be elsewhere must not look like nothing."""
    (hoard.project.root / ".dvc").mkdir()
    far = "['remote \"far\"']\n    url = ssh://127.0.0.1:1/far\n"
    (hoard.project.root / ".dvc" / "config").write_text(f"[core]\n    no_scm = true\n{far}")

    code, text, errors = disney("forget", "--url", URL, "--dry-run")

    assert 1 == code
    assert "would deny" in text
    assert errors.startswith("left to do: remote far: ")
    assert 1 == len(errors.splitlines())


@pytest.mark.usefixtures("hoard")
def test_forget_what_is_gone_already() -> None:
    """A second take-down says that there is nothing to do."""
    disney("forget", "--url", URL)

    assert "nothing to do: denied already, and not in hand\n" == disney("forget", "--url", URL)[1]


@pytest.mark.usefixtures("hoard")
@pytest.mark.parametrize("arguments", [[], ["--url", URL, "--host", "pics.example"]])
def test_forget_takes_one_thing(arguments: list[str]) -> None:
    """None, or two at once, is wrong usage."""
    code, _, errors = disney("forget", *arguments)

    assert 2 == code
    assert "give one of --sha256, --url and --host" in errors


@pytest.mark.usefixtures("hoard")
def test_forget_a_typo() -> None:
    """What matches nothing for ever is one line and exit code 1."""
    code, _, errors = disney("forget", "--sha256", "abc")

    assert (1, "sha256 'abc': expected 64 digits of 0-9 a-f\n") == (code, errors)


def test_forget_says_what_is_left_to_do(hoard: Hoard) -> None:
    """A pointer whose list is not on this machine: exit code 1, and the command for later."""
    sha256 = hoard.contribute(b"two", "")
    pointer = hoard.project.contributions / "m2" / "ariel.dvc"
    pointer.write_text(f"outs:\n- md5: {'0' * 32}.dir\n  path: ariel\n")

    code, _, errors = disney("forget", "--sha256", sha256)

    assert 1 == code
    assert errors.startswith("left to do: data/contributions/m2/ariel.dvc still lists the image; ")
    assert errors.endswith(f"then: disney forget --sha256 {sha256}\n")
    assert [] == hoard.files_of(sha256)
