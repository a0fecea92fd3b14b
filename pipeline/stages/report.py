"""Stage `report`: one page that compares everything.

Reads data/candidates/, data/raw/, data/manifests/, data/interim/, data/processed/,
reports/networks/ and reports/floors/.
Writes reports/index.html.
"""

from pipeline.files import write_text
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.report.page import build_page
from pipeline.stages.console import run_stage


def main(project: Project, params: Params) -> None:
    """Build the page."""
    page = build_page(project, params)
    write_text(project.page, page)
    print(f"report: {project.page}, {len(page.encode()) / 1e6:.1f} MB")


if __name__ == "__main__":
    run_stage(main)
