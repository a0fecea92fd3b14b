"""What the studies found, read back from reports/studies/<idea>/result.json."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import DataError
from pipeline.files import read_json
from pipeline.paths import Project
from pipeline.report.inline import Figure, inline

CHAPTERS = {  # the order of the study notes; English and Korean
    "filters": ("Filters", "필터"),
    "sequences": ("Sequences", "시퀀스 데이터"),
    "gates": ("Gates", "게이트"),
    "attention": ("Attention", "어텐션"),
    "data": ("Data", "데이터"),
}
FileName = Annotated[str, Field(pattern=r"^[a-z0-9_-]+\.(svg|png)$")]


class _Read(BaseModel):
    """Part of result.json; keys that the page does not show are left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Words(_Read):
    """The same in English and in Korean."""

    en: str
    ko: str = ""


class Drawn(_Read):
    """A figure beside result.json."""

    file: FileName
    caption: Words


class Evidence(_Read):
    """One number and what it is of."""

    setting: str
    measure: str
    value: float
    low: float | None  # 95 % interval over seeds
    high: float | None
    unit: str
    n: int


class Pictures(_Read):
    """What the study learned from and was scored on."""

    classes: tuple[str, ...]
    num_train: int
    num_scored: int


class Result(_Read):
    """result.json of one study."""

    id: str
    title: Words
    chapter: Literal["filters", "sequences", "gates", "attention", "data"]
    claim: Words
    method: Words
    rule: str
    verdict: Literal["supported", "refuted", "undecided"]
    why: str
    evidence: tuple[Evidence, ...]
    figures: tuple[Drawn, ...]
    budget: str
    seeds: tuple[int, ...]
    data: Pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One study as the page shows it."""

    result: Result
    figures: tuple[Figure, ...]

    @property
    def chapter(self) -> tuple[str, str]:
        """Name its chapter in English and Korean."""
        return CHAPTERS[self.result.chapter]


def read_studies(project: Project) -> list[Study]:
    """Read all studies that were run, in the order of the study notes; none is no error.

    Raises:
        DataError: a result breaks its contract, or its figure is missing.
    """
    paths = sorted(project.study_report("*").parent.glob("*/result.json"))
    found = [_read_study(path) for path in paths]
    order = list(CHAPTERS)
    return sorted(found, key=lambda each: (order.index(each.result.chapter), each.result.id))


def tally(studies: Sequence[Study]) -> dict[str, int]:
    """Count the verdicts, each that there may be."""
    verdicts = [study.result.verdict for study in studies]
    return {name: verdicts.count(name) for name in ("supported", "refuted", "undecided")}


def _read_study(path: Path) -> Study:
    try:
        result = Result.model_validate(read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(f"{path}: {where}: {first['msg']}; run dvc repro study") from error
    return Study(
        result=result,
        figures=tuple(_figure(path.parent / each.file, each) for each in result.figures),
    )


def _figure(path: Path, drawn: Drawn) -> Figure:
    if not path.is_file():
        raise DataError(f"{path}: not there, but result.json names it; run dvc repro study")
    return Figure(src=inline(path), caption=drawn.caption.en)
