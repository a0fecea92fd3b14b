"""Budget, seeds and pictures of a project's studies."""

from collections.abc import Callable

import pytest

from pipeline.errors import ParamsError
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.studies.parts.setup import BUDGETS, FULL, QUICK, make_setup


def test_params_choose_budget_and_seeds(
    study_project: Project, make_project: Callable[..., Project]
) -> None:
    """Without seeds each budget has its own; the full one is longer, and its pictures larger."""
    default = load_params(make_project("a", studies={}))
    chosen = load_params(make_project("b", studies={"budget": "full", "seeds": [9]}))

    quick, full = (make_setup(study_project, params) for params in (default, chosen))

    assert (QUICK, (1, 2, 3)) == (quick.budget, quick.seeds)
    assert (FULL, (9,)) == (full.budget, full.seeds)
    assert {"quick": QUICK, "full": FULL} == BUDGETS
    assert FULL.train["epochs"] > QUICK.train["epochs"]
    assert FULL.max_per_class > QUICK.max_per_class
    assert FULL.image_size_px > QUICK.image_size_px


def test_pictures_are_never_blown_up(study_project: Project) -> None:
    """A project packed at 32 px keeps its 32 px, though the budget would pack at 64."""
    setup = make_setup(study_project, load_params(study_project))

    assert 64 == setup.budget.packed_px
    assert (32, 32) == setup.data.train.images_NSSC.shape[1:3]


def test_a_seed_twice_is_refused(make_project: Callable[..., Project]) -> None:
    """Two equal runs would pass for evidence."""
    with pytest.raises(ParamsError, match=r"seeds must differ, got \[1, 1\]"):
        load_params(make_project(studies={"seeds": [1, 1]}))
