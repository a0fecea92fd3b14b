"""Stage `report`: one page that compares everything, its summary, and cards.

Reads data/candidates/, data/raw/, data/manifests/, data/reviews/, data/interim/, data/processed/,
reports/networks/, reports/floors/ and reports/studies/.
Writes reports/index.html, reports/summary.md, reports/summary.json and reports/cards/.
"""

from pipeline.files import write_json, write_text
from pipeline.inference.cards import write_cards
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.report.findings import compare
from pipeline.report.inputs import read_inputs
from pipeline.report.page import build_page
from pipeline.report.summary import build_metrics, build_summary
from pipeline.stages.console import run_stage


def main(project: Project, params: Params) -> None:
    """Build the page, the summary and the cards."""
    inputs = read_inputs(project, params)
    findings = compare(inputs)
    page = build_page(inputs, findings)
    write_text(project.page, page)
    write_text(project.summary, build_summary(inputs, findings))
    write_json(project.summary_metrics, build_metrics(inputs, findings))
    write_cards(inputs.catalog, params, networks=[each.slug for each in inputs.networks])
    for line in inputs.stale:
        print(f"report: {line}")
    print(f"report: {project.page}, {len(page.encode()) / 1e6:.1f} MB")


if __name__ == "__main__":
    run_stage(main)
