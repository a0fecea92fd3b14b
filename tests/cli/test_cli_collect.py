"""`disney collect`: through DVC itself, against a server that fails in passing."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.files import read_rows
from pipeline.paths import Project
from pipeline.records import ImageRecord
from tests.collect.fault_server import FaultServer, picture

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """Serve faults on loopback while the test runs."""
    with FaultServer() as running:
        yield running


@pytest.fixture
def project(
    make_project: Callable[..., Project], server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> Project:
    """Stand in a project with the two stages of dvc.yaml that collect, and DVC."""
    source = {"kind": "urls", "path": "my.csv"}
    limits = {"target": 3, "retries": 0, "allow_hosts": [server.host]}
    project = make_project(contact="lead@example.org", collect={"sources": [source]} | limits)
    rows = [f"ariel,{server.url(path)}" for path in ("/ok/1.jpg", "/503-once/2.jpg", "/404/3.jpg")]
    (project.root / "my.csv").write_text("\n".join(["character,image_url", *rows, ""]))
    stages = YAML(typ="safe").load(REPOSITORY / "dvc.yaml")["stages"]
    stages = {name: stages[name] for name in ("search", "collect")}
    own = stages["collect"]["do"]
    own["deps"] = [dep for dep in own["deps"] if not dep.startswith("pipeline")]
    with (project.root / "dvc.yaml").open("w") as file:
        YAML().dump({"stages": stages}, file)
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    subprocess.run([sys.executable, "-m", "dvc", "init", "--no-scm", "--quiet"], check=True)
    return project


def disney(*arguments: str) -> tuple[int, str]:
    """Run the command in this process, and DVC in others: exit code and errors."""
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, " ".join(result.stderr.split())


@pytest.mark.slow
def test_from_a_name_to_images_and_once_more_for_what_failed(
    project: Project, server: FaultServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """A second run asks nothing; --retry-failed asks for what failed in passing, and only that."""
    assert (0, "") == disney("collect", "ariel")
    assert "ariel: 1 of 3; 3 candidates" in capfd.readouterr().out
    asked = server.asked.copy()

    assert (0, "") == disney("collect", "ariel")
    assert asked == server.asked

    assert (0, "") == disney("collect", "ariel", "--retry-failed")
    assert {"/503-once/2.jpg": 1} == dict(server.asked - asked)
    assert 2 == len(read_rows(project.raw_manifest("ariel"), ImageRecord))


@pytest.mark.slow
def test_what_is_forgotten_is_not_collected_again(project: Project, server: FaultServer) -> None:
    """After a take-down DVC collects anew, from what is at hand, without the image."""
    disney("collect", "ariel")
    asked = server.asked.copy()
    url = server.url("/ok/1.jpg")
    (row,) = read_rows(project.raw_manifest("ariel"), ImageRecord)
    with (project.root / "my.csv").open("a") as file:
        file.write(f"ariel,{server.url('/ok/5.jpg')}\n")

    assert (0, "") == disney("forget", "--url", url)
    assert [] == list(project.root.rglob(f"*{row.sha256}*"))
    files = [path for path in project.root.rglob("*") if path.is_file()]
    assert picture(1) not in {path.read_bytes() for path in files}  # nor in DVC's cache
    assert (0, "") == disney("collect", "ariel", "--search-again")

    urls = {each.image_url for each in read_rows(project.raw_manifest("ariel"), ImageRecord)}
    assert {server.url("/ok/5.jpg"), server.url("/503-once/2.jpg")} == urls
    assert asked["/ok/1.jpg"] == server.asked["/ok/1.jpg"]


@pytest.mark.slow
def test_sources_are_asked_anew(project: Project, server: FaultServer) -> None:
    """The frozen list changes only when that is wished; then it is collected at once."""
    disney("collect", "ariel")
    with (project.root / "my.csv").open("a") as file:
        file.write(f"ariel,{server.url('/ok/4.jpg')}\n")
    disney("collect", "ariel")
    before = len(read_rows(project.raw_manifest("ariel"), ImageRecord))

    assert (0, "") == disney("collect", "--search-again", "ariel")

    assert (1, 3) == (before, len(read_rows(project.raw_manifest("ariel"), ImageRecord)))


@pytest.mark.slow
def test_a_stage_that_fails_is_exit_code_1(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    """What the stage says is said; there is no traceback."""
    (project.root / "my.csv").unlink()

    code, _ = disney("collect", "ariel")

    assert 1 == code
    text = capfd.readouterr().err
    assert "my.csv: no such file; a `urls` source is a CSV" in text
    assert "Traceback" not in text


def test_the_python_of_the_stages_is_this_one() -> None:
    """An environment that is not activated is not left for another `python`."""
    code = (
        "import os, sys; from pipeline.cli.dvc import _environment; print(_environment()['PATH'])"
    )
    env = os.environ | {"PATH": "/usr/bin", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )

    assert f"{Path(sys.executable).parent}:/usr/bin" == done.stdout.strip()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["belle"], 1, "no 'belle'; known: ariel, elsa, merida"),
        (["--search-again"], 2, "--search-again: name the characters"),
        (["ariel", "--retry-failed"], 1, "data/candidates/ariel.jsonl: not there, so nothing"),
    ],
)
def test_wrong_wishes_are_one_line(
    make_project: Callable[..., Project],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    """Nothing is started for what cannot be done."""
    monkeypatch.chdir(make_project().root)

    result, errors = disney("collect", *arguments)

    assert code == result
    assert message in errors


@pytest.mark.parametrize("command", ["collect", "attribution", "forget", "progress"])
def test_each_command_has_help(command: str) -> None:
    """With examples, but for the one that is an example of `disney --help`."""
    result = CliRunner().invoke(app, [command, "--help"])

    assert 0 == result.exit_code
    assert (command == "progress") or "Examples:\n" in result.stdout
