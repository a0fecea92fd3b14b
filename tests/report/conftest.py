"""A tiny project that went through every stage from `augment` on, with an untrained network."""

import shutil
from pathlib import Path

import pytest

from pipeline.params import Params, load_params
from pipeline.paths import Project
from pipeline.report.findings import Findings, compare
from pipeline.report.inputs import Inputs, read_inputs
from tests.report.sites import build_site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Build the project once; `vit` is in params.yaml and was never evaluated. Read only."""
    project = Project(tmp_path_factory.mktemp("site"))
    build_site(project)
    return project


@pytest.fixture(scope="session")
def site_params(site: Project) -> Params:
    """Read its params.yaml."""
    return load_params(site)


@pytest.fixture(scope="session")
def inputs(site: Project, site_params: Params) -> Inputs:
    """Read what the report is made from, once."""
    return read_inputs(site, site_params)


@pytest.fixture(scope="session")
def findings(inputs: Inputs) -> Findings:
    """Compare its classifiers, once."""
    return compare(inputs)


@pytest.fixture
def copied(site: Project, tmp_path: Path) -> Project:
    """Give a copy of the project that a test may break."""
    shutil.copytree(site.root, tmp_path / "copy")
    return Project(tmp_path / "copy")
