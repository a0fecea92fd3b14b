"""What a study writes."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import ModelError
from pipeline.files import read_csv, read_json
from pipeline.paths import Project
from pipeline.studies.parts.cells import Bench, Cell, Measured
from pipeline.studies.parts.figure import MAIN, draw, line_styles, plot_estimates
from pipeline.studies.parts.result import run_studies
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import (
    Chapter,
    Finding,
    Study,
    UndecidableError,
    Verdict,
    Words,
)
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.verdict import decide, estimate

KEYS = {
    "budget",
    "chapter",
    "claim",
    "data",
    "evidence",
    "figures",
    "id",
    "method",
    "rule",
    "seeds",
    "title",
    "verdict",
    "why",
}


def double(_bench: Bench, *, seed: int, size: int) -> Measured:
    """Measure something; size 13 fails."""
    if size == 13:
        raise ModelError("the loss is nan")
    return Measured(values={"twice": 2.0 * size + seed}, timing={"seconds": 1.5})


def conclude(table: Table) -> Finding:
    """Say that what is doubled is greater than 0."""
    found = estimate(table.values("twice"))
    figure = draw(
        MAIN,
        lambda sheet: plot_estimates(sheet.subplots(), [1], [found], style=line_styles(1)[0]),
        caption="A point.",
    )
    return Finding(
        verdict=decide(found),
        why=f"it is {found}",
        evidence=[found.as_evidence(setting="all", measure="twice", unit="px")],
        figures=[figure],
    )


def make_study(idea: str, *, size: int = 4) -> Study:
    """Make a study of two runs."""

    def plan(setup: Setup) -> Sequence[Cell]:
        return [
            Cell(settings={"size": size}, seed=seed, function=double, arguments={"size": size})
            for seed in setup.seeds
        ]

    words = Words(en="Doubling", ko="두 배")
    return Study(
        id=idea,
        chapter=Chapter.DATA,
        title=words,
        claim=words,
        method="Double it.",
        rule="Supported above 0.",
        plan=plan,
        conclude=conclude,
    )


@pytest.fixture
def own(setup: Setup, tmp_path: Path) -> Setup:
    """Give a setup whose reports go to a folder of the test's own."""
    return replace(setup, project=Project(tmp_path))


def run(studies: Sequence[Study], setup: Setup, bench: Bench) -> dict[str, Finding]:
    """Run studies in this process."""
    bench = replace(bench, runs=setup.project.runs)
    found = run_studies(studies, setup, bench=bench, workers=1)
    return {study.id: finding for study, finding in found}


def test_a_result_holds_what_the_contract_names(own: Setup, bench: Bench) -> None:
    """Keys, words, numbers, figure and table are there; times lie beside them."""
    run([make_study("doubling")], own, bench)

    folder = own.project.study_report("doubling")
    result = read_json(folder / "result.json")
    assert KEYS == result.keys()
    assert ("doubling", "data", "supported") == tuple(
        result[key] for key in ("id", "chapter", "verdict")
    )
    assert {"en": "Doubling", "ko": "두 배"} == result["claim"]
    assert ("quick", [1, 2]) == (result["budget"], result["seeds"])
    assert {"classes": ["ariel", "elsa", "merida"], "num_train": 18, "num_scored": 15} == (
        result["data"]
    )
    assert [{"file": MAIN, "caption": {"en": "A point."}}] == result["figures"]
    (evidence,) = result["evidence"]
    assert (9.5, 2, "px", "twice") == tuple(evidence[k] for k in ("value", "n", "unit", "measure"))
    assert (["size", "seed", "twice"], [["4", "1", "9.0"], ["4", "2", "10.0"]]) == read_csv(
        folder / "runs.csv"
    )
    assert 1.5 == read_json(folder / "timing.json")[0]["seconds"]


def test_the_same_input_gives_the_same_bytes(own: Setup, bench: Bench) -> None:
    """Drawing and writing again changes nothing; what an earlier run left is gone."""
    folder = own.project.study_report("doubling")
    run([make_study("doubling")], own, bench)
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "old.svg").write_text("from an earlier run")

    run([make_study("doubling")], own, bench)

    assert first == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_failed_run_leaves_its_study_undecided(own: Setup, bench: Bench) -> None:
    """The others go on, and the reason is written, in the place of the figure as well."""
    found = run([make_study("failing", size=13), make_study("doubling")], own, bench)

    assert [Verdict.UNDECIDED, Verdict.SUPPORTED] == [each.verdict for each in found.values()]
    why = "a run failed with {'size': 13}: the loss is nan"
    assert why == read_json(own.project.study_report("failing") / "result.json")["why"]
    assert (own.project.study_report("failing") / MAIN).is_file()


@pytest.mark.parametrize("where", ["plan", "conclude"])
@pytest.mark.parametrize("kind", [UndecidableError, ModelError])
def test_a_study_may_lack_what_it_needs(
    where: str, kind: type[Exception], own: Setup, bench: Bench
) -> None:
    """A project of one member, for example, is no reason to stop."""

    def refuse(_: object) -> None:
        raise kind("needs two members")

    study = replace(make_study("alone"), **{where: refuse})

    found = run([study], own, bench)["alone"]

    assert (Verdict.UNDECIDED, "needs two members") == (found.verdict, found.why)
    assert b"needs two members" in found.figures[0].data
