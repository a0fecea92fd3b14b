"""Run studies and write what they found: reports/studies/<idea>/."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.errors import DisneyError
from pipeline.files import empty_folder, write_bytes, write_csv, write_json
from pipeline.progress import Progress, silent
from pipeline.studies.parts.cells import Bench, Cell, Failed, Outcome, run_cells
from pipeline.studies.parts.figure import empty_figure
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Finding, Study, UndecidableError, Verdict
from pipeline.studies.parts.table import Run, Table

RESULT, RUNS, TIMING = "result.json", "runs.csv", "timing.json"


def run_studies(
    studies: Sequence[Study],
    setup: Setup,
    *,
    bench: Bench,
    workers: int,
    progress: Progress = silent,
) -> Iterator[tuple[Study, Finding]]:
    """Run studies, all their cells in one queue so that no core waits; then write each.

    A study that lacks what it needs, or a run of which failed, is undecided and says why.

    Args:
        studies: which.
        setup: budget, seeds, pictures.
        bench: where cells run.
        workers: processes.
        progress: called after each cell.
    """
    plans = {study.id: _plan(study, setup) for study in studies}
    cells = [cell for plan in plans.values() if not isinstance(plan, str) for cell in plan]
    outcomes = iter(run_cells(cells, bench=bench, workers=workers, progress=progress))
    for study in studies:
        plan = plans[study.id]
        if isinstance(plan, str):
            finding, table = _undecided(plan), Table([])
        else:
            finding, table = _conclude(study, setup, [(cell, next(outcomes)) for cell in plan])
        write_finding(setup.project.study_report(study.id), study, setup, finding, table=table)
        yield study, finding


def write_finding(
    folder: Path, study: Study, setup: Setup, finding: Finding, *, table: Table
) -> None:
    """Write result.json, runs.csv, the figures, and timing.json, which differs each time."""
    empty_folder(folder)
    for figure in finding.figures:
        write_bytes(folder / figure.file, figure.data)
    write_csv(folder / RUNS, *table.columns())
    timing = [
        {"settings": dict(run.settings), "seed": run.seed, **run.timing} for run in table.runs
    ]
    write_json(folder / TIMING, timing)
    write_json(folder / RESULT, as_result(study, setup, finding))


def as_result(study: Study, setup: Setup, finding: Finding) -> Mapping[str, Any]:
    """Lay out as result.json; its keys are the contract."""
    return {
        "id": study.id,
        "title": asdict(study.title),
        "chapter": study.chapter,
        "claim": asdict(study.claim),
        "method": {"en": study.method},
        "rule": study.rule,
        "verdict": finding.verdict,
        "why": finding.why,
        "evidence": [asdict(each) for each in finding.evidence],
        "figures": [{"file": f.file, "caption": {"en": f.caption}} for f in finding.figures],
        "budget": setup.budget.name,
        "seeds": list(setup.seeds),
        "data": {
            "classes": list(setup.data.classes),
            "num_train": setup.data.num_train,
            "num_scored": setup.data.num_scored,
        },
    }


def _plan(study: Study, setup: Setup) -> Sequence[Cell] | str:
    """List the runs of a study, or say why there are none."""
    wanted = setup.params.studies.ideas
    if wanted and study.id not in wanted:
        return "left out by studies.ideas"
    try:
        return study.plan(setup)
    except (UndecidableError, DisneyError) as error:
        return str(error)


def _conclude(
    study: Study, setup: Setup, pairs: Sequence[tuple[Cell, Outcome]]
) -> tuple[Finding, Table]:
    runs, failed = [], []
    for cell, outcome in pairs:
        if isinstance(outcome, Failed):
            failed.append(f"a run failed with {dict(cell.settings)}: {outcome.why}")
            continue
        runs.append(
            Run(
                settings=cell.settings,
                seed=cell.seed,
                values=outcome.values,
                timing=outcome.timing,
            )
        )
    table = Table(runs, setup.data.classes)
    if failed:
        return _undecided(failed[0]), table
    try:
        return study.conclude(table), table
    except (UndecidableError, DisneyError) as error:
        return _undecided(str(error)), table


def _undecided(why: str) -> Finding:
    return Finding(verdict=Verdict.UNDECIDED, why=why, evidence=(), figures=(empty_figure(why),))
