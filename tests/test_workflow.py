"""The example of a workflow: its commands run as GitHub runs them, on a pull request."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.team.clones import QUIET, Clone, clone_of, first_clone

REPOSITORY = Path(__file__).resolve().parents[1]
FILE = REPOSITORY / ".github" / "workflows" / "contribution.yml"
SHELL = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]  # GitHub's `shell: bash`


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    """Read the workflow as YAML 1.2, in which `on` is a word."""
    return YAML(typ="safe", pure=True).load(FILE)


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    """List the steps of its one job."""
    (job,) = workflow["jobs"].values()
    return job["steps"]


@pytest.fixture
def pull_request(tmp_path: Path, write_project) -> Clone:
    """Check a branch out as GitHub does: the merge of it into the main branch, nobody's branch."""
    lead = first_clone(tmp_path, write_project)
    clone = clone_of(lead, "na")
    clone.add(1, 2, 3)
    clone.dvc("push", "--quiet")
    clone.commit()
    clone.git("switch", "--quiet", "--detach", "main")
    clone.git("merge", "--quiet", "--no-ff", "--no-edit", "na")
    return clone


def run(clone: Clone, step: dict[str, Any], tmp_path: Path) -> tuple[int, str]:
    """Run a step's commands; give the exit code and the summary so far."""
    command = tmp_path / "bin" / "disney"
    command.parent.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pipeline.cli "$@"\n')
    command.chmod(0o755)
    summary = tmp_path / "summary.md"
    done = subprocess.run(
        [*SHELL, "-c", step["run"]],
        cwd=clone.project.root,
        env=os.environ
        | QUIET
        | {
            "PATH": f"{command.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY),
            "BASE": clone.git("rev-parse", "origin/main").strip(),
            "GITHUB_STEP_SUMMARY": str(summary),
        },
        capture_output=True,
        check=False,
    )
    return done.returncode, summary.read_text("utf-8")


def test_it_may_read_and_no_more(workflow: dict[str, Any]) -> None:
    """No token that writes, no code of third parties, and no text of a stranger in a command."""
    uses = {step["uses"].split("@")[0] for step in steps(workflow) if "uses" in step}
    commands = [step["run"] for step in steps(workflow) if "run" in step]

    assert {"contents": "read"} == workflow["permissions"]
    assert ["pull_request"] == list(workflow["on"])  # not pull_request_target, which has secrets
    assert {"actions/checkout", "actions/setup-python"} == uses
    assert not any("${{" in command for command in commands)
    assert 0 == next(step for step in steps(workflow) if "uses" in step)["with"]["fetch-depth"]


def test_a_good_contribution(workflow: dict[str, Any], pull_request: Clone, tmp_path: Path) -> None:
    """The summary says what it brings, and that nothing stands against it."""
    _, progress, check = [step for step in steps(workflow) if "run" in step]

    assert 0 == run(pull_request, progress, tmp_path)[0]
    code, summary = run(pull_request, check, tmp_path)

    assert 0 == code
    lines = summary.splitlines()
    assert "## What it brings" == lines[0]
    assert lines[1].startswith("**+3 contributed**, compared with `")
    assert [["na", "ariel", "12", "0", "0", "3 (+3)"]] == [
        line.strip("| ").split(" | ")[:6] for line in lines[5:-4]
    ]
    assert ["## What stands against merging", "```", "fine: the contributions of na", "```"] == (
        lines[-4:]
    )


@pytest.mark.slow
def test_a_contribution_that_touches_the_lock(
    workflow: dict[str, Any], pull_request: Clone, tmp_path: Path
) -> None:
    """The step fails, and the summary says why, whole."""
    (pull_request.project.root / "dvc.lock").write_text("schema: '2.0'\n")
    pull_request.commit()
    check = steps(workflow)[-1]

    code, summary = run(pull_request, check, tmp_path)

    assert 1 == code
    heading, opened, finding, closed = summary.splitlines()
    assert ("## What stands against merging", "```", "```") == (heading, opened, closed)
    assert finding.startswith("dvc.lock: changed, but written by the lead's dvc repro alone; ")
