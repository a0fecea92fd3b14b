"""Every study from its plan to its verdict, with networks and pictures as small as can be."""

import pytest

from pipeline.studies import find_study, known_ideas, variable_length
from pipeline.studies.parts.cells import Bench
from pipeline.studies.parts.result import run_studies
from pipeline.studies.parts.setup import Setup

LACKING = {  # what this small project cannot give
    "dataset_size": "enough pictures for a curve",
    "member_value": "who brought what",
    "transformer_vs_rnn": "enough pictures for a quarter of them",
}


@pytest.mark.slow
@pytest.mark.parametrize("idea", sorted({*known_ideas()} - {"quadratic"}))  # has a test of its own
def test_a_study_runs_to_its_end(
    idea: str, setup: Setup, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It concludes from what its cells gave, or says what it lacks; a broken cell would fail."""
    monkeypatch.setattr(variable_length, "ENOUGH", 10)  # there are 15 pictures to score
    ((study, finding),) = run_studies([find_study(idea)], setup, bench=bench, workers=1)

    folder = setup.project.study_report(study.id)
    assert finding.evidence or idea in LACKING
    assert {"result.json", "runs.csv", "timing.json"} < {path.name for path in folder.iterdir()}
    assert all((folder / figure.file).stat().st_size for figure in finding.figures)
