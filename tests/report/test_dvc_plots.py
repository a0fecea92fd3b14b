"""`dvc plots show` with the page that this repository sets: it works offline."""

import shutil
import subprocess
import sys

import pytest

from pipeline.files import write_rows
from pipeline.records import EpochRow
from tests.conftest import REPOSITORY
from tests.report.sites import history

pytestmark = pytest.mark.slow


@pytest.fixture
def shown(tmp_path):
    """Have DVC plot a history with the page that this repository sets."""
    write_rows(tmp_path / "history.csv", EpochRow, history())
    plot = "history.csv: {x: epoch, y: val_macro_f1, template: linear}"
    (tmp_path / "dvc.yaml").write_text(f"plots:\n  - {plot}\n", encoding="utf-8")
    dvc = [sys.executable, "-m", "dvc"]
    subprocess.run([*dvc, "init", "-q", "--no-scm"], cwd=tmp_path, check=True)
    for name in ("config", "plots.html"):
        shutil.copy(REPOSITORY / ".dvc" / name, tmp_path / ".dvc" / name)
    no_scm = "[core]\n    no_scm = true\n"
    (tmp_path / ".dvc" / "config.local").write_text(no_scm, encoding="utf-8")
    subprocess.run([*dvc, "plots", "show", "-o", "out"], cwd=tmp_path, check=True)
    return (tmp_path / "out" / "index.html").as_uri()


def test_plots_need_no_internet(shown, chromium):
    """The page asks nobody, and draws a line through both epochs."""
    page, asked = chromium.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(shown)
    points = page.locator("svg polyline").get_attribute("points").split()

    assert [shown] == asked
    assert ["48.0,220.0", "400.0,28.0"] == points
    assert "history.csv: val_macro_f1 against epoch" == page.locator("svg").get_attribute(
        "aria-label"
    )
