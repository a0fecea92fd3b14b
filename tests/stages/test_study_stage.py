"""Stage study: from data/processed/ to reports/studies/<idea>/."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from pipeline.errors import DataError, ParamsError
from pipeline.files import read_json
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.stages import study
from pipeline.studies import find_study, known_ideas
from pipeline.studies.parts.bench import make_bench
from pipeline.studies.parts.result import run_studies
from pipeline.studies.parts.setup import make_setup


def test_the_stage_finds_what_was_measured(
    make_packed: Callable[..., Project], capsys: pytest.CaptureFixture[str]
) -> None:
    """Measured cells are found by content: the same bytes again, and one line for a study."""
    project = make_packed(studies={"seeds": [5]})
    params, folder = load_params(project), project.study_report("gradient_flow")
    setup = make_setup(project, params)
    flow = find_study("gradient_flow")
    # In this process: loading torch in others would take longer than all the rest.
    ((_, finding),) = run_studies([flow], setup, bench=make_bench(setup), workers=1)
    first = {path.name: path.read_bytes() for path in folder.iterdir()}

    study.main(project, params, "gradient_flow")

    assert first == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert f"study gradient_flow: {finding.verdict}; {finding.why}\n" == capsys.readouterr().out
    assert [5] == read_json(folder / "result.json")["seeds"]


def test_only_the_ideas_asked_for_are_tried(
    make_packed: Callable[..., Project], capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are written all the same, as undecided, because each is an output."""
    project = make_packed(studies={"seeds": [5], "ideas": ["member_value"]})

    study.main(project, load_params(project))

    results = {
        idea: read_json(project.study_report(idea) / "result.json") for idea in known_ideas()
    }
    left_out = [idea for idea, each in results.items() if "left out by" in each["why"]]
    assert sorted({*known_ideas()} - {"member_value"}) == left_out
    assert {"undecided"} == {results[idea]["verdict"] for idea in left_out}
    assert len(known_ideas()) == len(capsys.readouterr().out.splitlines())


def test_a_misspelt_idea_is_told(make_packed: Callable[..., Project]) -> None:
    """Before anything is run."""
    project = make_packed(studies={"ideas": ["haeds"]})

    with pytest.raises(ParamsError, match="studies: no 'haeds'; known: "):
        study.main(project, load_params(project))


def test_what_is_missing_is_said(make_project: Callable[..., Project]) -> None:
    """Without pictures it names the stage to run; a misspelt idea is answered with those known."""
    project = make_project()

    with pytest.raises(ParamsError, match="studies: no 'filtersize'; known: "):
        study.main(project, load_params(project), "filtersize")
    with pytest.raises(DataError, match="not there"):
        study.main(project, load_params(project), "gradient_flow")


def test_two_items_are_wrong_usage(make_project: Callable[..., Project]) -> None:
    """It takes one idea at most; usage errors exit with 2, before anything is loaded."""
    command = [sys.executable, "-m", "pipeline.stages.study", "heads", "scale"]

    done = subprocess.run(
        command, cwd=make_project().root, capture_output=True, text=True, check=False
    )

    assert 2 == done.returncode
    assert "one item at most; got ['heads', 'scale']" in done.stderr
