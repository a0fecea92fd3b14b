"""The studies that there are."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.errors import ParamsError
from pipeline.studies import all_studies, find_study, known_ideas
from pipeline.studies.parts.setup import FULL, QUICK, Setup
from pipeline.studies.parts.study import Chapter

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("idea", known_ideas())
def test_every_file_is_a_whole_study(idea: str) -> None:
    """Its id is its file's name, and all is said before looking, in both languages."""
    study = find_study(idea)

    assert idea == study.id
    for words in (study.title, study.claim):
        assert words.en
        assert any("가" <= letter <= "힣" for letter in words.ko)
    for verdict in ("upported", "efuted"):
        assert verdict in study.rule
    assert study.method.endswith(".")


def test_studies_come_chapter_by_chapter() -> None:
    """The order is that of the notes, then of the alphabet."""
    chapters = [list(Chapter).index(study.chapter) for study in all_studies()]

    assert sorted(chapters) == chapters
    assert known_ideas() == sorted(study.id for study in all_studies())


def test_an_unknown_idea_is_answered_with_those_there_are() -> None:
    """A misspelt name is told what is there."""
    with pytest.raises(ParamsError, match=r"studies: no 'filtersize'; known: .*filter_size"):
        find_study("filtersize")


def test_each_study_is_an_output_of_the_stage() -> None:
    """dvc.yaml lists the folder of every study, in order, and no other."""
    stage = YAML(typ="safe").load(REPOSITORY / "dvc.yaml")["stages"]["study"]

    assert [f"reports/studies/{idea}" for idea in known_ideas()] == stage["outs"]


@pytest.mark.parametrize("budget", [QUICK, FULL], ids=lambda budget: budget.name)
def test_every_network_of_a_budget_can_be_described(budget: object, setup: Setup) -> None:
    """The sizes of a budget fit each other; a study's own keys come over them."""
    for arch in budget.networks:
        assert arch == setup.network(arch, **budget.networks[arch]).arch
    assert 9 == setup.network("cnn", kernel_size=9).kernel_size
    assert (1, 0.5) == (setup.train(lr=0.5).epochs, setup.train(lr=0.5).lr)
