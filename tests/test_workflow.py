"""The example of workflows: their commands run as GitHub runs them, on a pull request."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.team.clones import QUIET, Clone, clone_of, first_clone

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / ".github" / "workflows"
SHELL = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]  # GitHub's `shell: bash`
Workflow = dict[str, Any]


def read(name: str) -> Workflow:
    """Read a workflow as YAML 1.2, in which `on` is a word."""
    workflow: Workflow = YAML(typ="safe", pure=True).load(FOLDER / name)
    return workflow


BRINGS, CHECK = read("contribution.yml"), read("contribution-check.yml")


def steps(workflow: Workflow) -> list[dict[str, Any]]:
    """List the steps of its one job."""
    (job,) = workflow["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


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


def run(clone: Clone, workflow: Workflow, tmp_path: Path) -> tuple[int, str, str]:
    """Run the last step's commands; give the exit code, the log and the summary."""
    command = tmp_path / "bin" / "disney"
    command.parent.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pipeline.cli "$@"\n')
    command.chmod(0o755)
    summary = tmp_path / "summary.md"
    summary.unlink(missing_ok=True)
    done = subprocess.run(
        [*SHELL, "-c", steps(workflow)[-1]["run"]],
        cwd=clone.project.root,
        env=os.environ
        | QUIET
        | workflow["env"]
        | {
            "PATH": f"{command.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY),
            "BASE": clone.git("rev-parse", "origin/main").strip(),
            "GITHUB_STEP_SUMMARY": str(summary),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr, summary.read_text("utf-8")


@pytest.mark.parametrize("workflow", [BRINGS, CHECK], ids=["brings", "check"])
def test_it_may_read_and_no_more(workflow: Workflow) -> None:
    """No token that writes, no code of third parties, and no text of a stranger in a command."""
    uses = [step["uses"] for step in steps(workflow) if "uses" in step]
    commands = [step["run"] for step in steps(workflow) if "run" in step]

    assert {"contents": "read"} == workflow["permissions"]
    assert {"actions/checkout", "actions/setup-python"} == {use.split("@")[0] for use in uses}
    assert [] == [use for use in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", use)]
    assert not any("${{" in command for command in commands)
    checkouts = [step["with"] for step in steps(workflow) if "checkout" in step.get("uses", "")]
    assert all(each["persist-credentials"] is False for each in checkouts)
    assert 0 == checkouts[-1]["fetch-depth"]


@pytest.mark.parametrize("name", ["contribution.yml", "contribution-check.yml"])
def test_pinned_actions_say_their_version(name: str) -> None:
    """A commit tells a reader nothing; both workflows pin the same ones."""
    lines = [line.strip() for line in (FOLDER / name).read_text().splitlines()]
    pinned = [line for line in lines if "uses: " in line]

    assert len(pinned) >= 2
    assert all(re.search(r"@[0-9a-f]{40}  # v\d+\.\d+\.\d+", line) for line in pinned)


def test_what_runs_the_branch_knows_no_secret() -> None:
    """A key is for the workflow of the main branch alone, which installs nothing of the branch."""
    (job,) = CHECK["jobs"].values()
    branch = next(step for step in steps(CHECK) if "ref" in step.get("with", {}))

    assert ["pull_request"] == list(BRINGS["on"])
    assert "secrets." not in (FOLDER / "contribution.yml").read_text()
    assert "environment" not in next(iter(BRINGS["jobs"].values()))
    assert ["pull_request_target"] == list(CHECK["on"])
    assert "remote" == job["environment"]
    assert "branch" == branch["with"]["path"]
    installs = [step["run"] for step in steps(CHECK) if "pip install" in step.get("run", "")]
    assert ["python -m pip install --quiet --constraint main/constraints.txt ./main"] == installs
    assert ["branch"] == [s["working-directory"] for s in steps(CHECK) if "working-directory" in s]


def test_a_good_contribution(pull_request: Clone, tmp_path: Path) -> None:
    """The summaries say what it brings, and that nothing stands against it."""
    code, _, summary = run(pull_request, BRINGS, tmp_path)

    lines = summary.splitlines()
    assert (0, "## What it brings") == (code, lines[0])
    assert lines[1].startswith("**+3 contributed**, compared with `")
    assert [["na", "ariel", "12", "0", "0", "3 (+3)"]] == [
        line.strip("| ").split(" | ")[:6] for line in lines[5:]
    ]
    code, _, summary = run(pull_request, CHECK, tmp_path)
    assert 0 == code
    assert ["## What stands against merging", "```", "fine: the contributions of na", "```"] == (
        summary.splitlines()
    )


@pytest.mark.slow
def test_code_of_the_branch_is_not_run(pull_request: Clone, tmp_path: Path) -> None:
    """Neither modules that lie where Python looks, nor the branch's word on the remote."""
    root = pull_request.project.root
    for name in ("dvc.py", "sitecustomize.py", "pipeline/__init__.py", "pipeline/cli/__main__.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    (root / ".dvc" / "config.local").write_text("['remote \"store\"']\n    url = ../../elsewhere\n")
    (root / ".dvc" / ".gitignore").unlink()
    link = root / "data" / "link.csv"
    link.symlink_to("/etc/passwd")
    pull_request.commit("more than pictures")
    link.unlink()
    laid_out = ["git", "checkout", "--quiet", "--", "data/link.csv"]
    subprocess.run(laid_out, cwd=root, env=os.environ | CHECK["env"], check=True)

    code, log, _ = run(pull_request, CHECK, tmp_path)

    assert 1 == code
    assert not (tmp_path / "ran").exists()
    assert "elsewhere" not in (root / ".dvc" / "config.local").read_text("utf-8")  # but ours
    assert not link.is_symlink()
    assert "not in the remote" not in log
    assert ".dvc/.gitignore: changed" in log


@pytest.mark.slow
def test_a_contribution_that_touches_the_lock(pull_request: Clone, tmp_path: Path) -> None:
    """The step fails, the summary says why, whole, and no line of the log is a command."""
    (pull_request.project.root / "dvc.lock").write_text("schema: '2.0'\n")
    pull_request.commit()

    code, log, summary = run(pull_request, CHECK, tmp_path)

    heading, opened, finding, closed = summary.splitlines()
    assert (1, "## What stands against merging", "```", "```") == (code, heading, opened, closed)
    assert finding.startswith("dvc.lock: changed, but written by the lead's dvc repro alone; ")
    stop, *lines, go = log.splitlines()
    token = stop.removeprefix("::stop-commands::")
    assert 64 == len(token)
    assert f"::{token}::" == go
    assert lines == [finding]
