"""Studies read back: in the order of the notes, checked, their figures inside."""

import pytest

from pipeline.errors import DataError
from pipeline.files import write_json
from pipeline.paths import Project
from pipeline.report.studies import read_studies, tally
from tests.report.sites import write_study


def test_the_order_is_that_of_the_notes(tmp_path):
    """Chapters come as in the notes, studies of one by their names."""
    project = Project(tmp_path)
    for idea, chapter in (("b", "data"), ("c", "filters"), ("a", "data")):
        write_study(project, idea, chapter=chapter, verdict="refuted")

    assert ["c", "a", "b"] == [each.result.id for each in read_studies(project)]


def test_none_is_no_error(tmp_path):
    """A project without studies has none."""
    assert [] == read_studies(Project(tmp_path))


def test_verdicts_are_counted(tmp_path):
    """Each verdict has a count, also one that nobody reached."""
    project = Project(tmp_path)
    write_study(project, "a", chapter="data", verdict="refuted")
    write_study(project, "b", chapter="data", verdict="supported")

    assert {"supported": 1, "refuted": 1, "undecided": 0} == tally(read_studies(project))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"verdict": "perhaps"}, "verdict: .*supported"),
        ({"figures": [{"file": "../x.svg", "caption": {"en": "c"}}]}, r"figures.0.file"),
        ({"figures": [{"file": "gone.svg", "caption": {"en": "c"}}]}, "gone.svg: not there"),
        ({"chapter": "weather"}, "chapter"),
    ],
)
def test_a_broken_result_says_where(tmp_path, change, message):
    """File and key are named, and a figure lies beside its result or nowhere."""
    project = Project(tmp_path)
    result = write_study(project, "a", chapter="data", verdict="refuted")
    write_json(project.study_report("a") / "result.json", result | change)

    with pytest.raises(DataError, match=message):
        read_studies(project)


def test_a_drawing_cannot_run(tmp_path):
    """An SVG comes as a picture, its scripts and quotes escaped."""
    project = Project(tmp_path)
    write_study(project, "a", chapter="data", verdict="refuted")
    (study,) = read_studies(project)

    assert study.figures[0].src.startswith("data:image/svg+xml,%3Csvg")
    assert not set('<>"#&') & set(study.figures[0].src)
    assert ("Data", "데이터") == study.chapter
