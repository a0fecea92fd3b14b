"""Stage `study [idea]`: try the ideas of the study notes on this dataset, or one of them.

Reads data/processed/train/, data/processed/val/ and data/processed/test/; of the manifests and
data/interim/groups.csv, who brought a picture and where it came from.
Writes reports/studies/<idea>/ of each: result.json, runs.csv, figures, timing.json.
"""

from pipeline.params import Params
from pipeline.paths import Project
from pipeline.stages.console import progress_bar, run_optional_item_stage


def main(project: Project, params: Params, idea: str | None = None) -> None:
    """Run all studies in one set of processes: torch takes 4 s to load, in each."""
    from pipeline.studies import all_studies, find_study  # noqa: PLC0415
    from pipeline.studies.parts.bench import make_bench, num_workers  # noqa: PLC0415
    from pipeline.studies.parts.result import run_studies  # noqa: PLC0415
    from pipeline.studies.parts.setup import make_setup  # noqa: PLC0415

    for name in params.studies.ideas:
        find_study(name)  # a misspelt one is told before anything is run
    studies = [find_study(idea)] if idea else all_studies()
    setup = make_setup(project, params)
    bench = make_bench(setup)
    with progress_bar("study") as progress:
        found = run_studies(
            studies, setup, bench=bench, workers=num_workers(bench), progress=progress
        )
        for study, finding in found:
            print(f"study {study.id}: {finding.verdict}; {finding.why}")


if __name__ == "__main__":
    run_optional_item_stage(main)
