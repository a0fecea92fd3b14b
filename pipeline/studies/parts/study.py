"""What a study is, and what it may find.

A study holds what is said before looking (claim, method, rule) and two functions: `plan` lists the
runs, `conclude` reads their table. The runner (cells.py) does the rest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.studies.parts.cells import Cell
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.table import Table


class Chapter(StrEnum):
    """Where a study stands in the report; the order is that of the study notes."""

    FILTERS = "filters"
    SEQUENCES = "sequences"
    GATES = "gates"
    ATTENTION = "attention"
    DATA = "data"


class Verdict(StrEnum):
    """What a study may say."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The same in English and in Korean, the language of the study notes."""

    en: str
    ko: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One number with what it is of: an item of `evidence` in result.json."""

    setting: str  # such as "kernel_size 9 - kernel_size 3"
    measure: str  # such as "accuracy"
    value: float
    low: float | None  # 95 % interval over seeds; None with fewer than two runs, or nothing random
    high: float | None
    unit: str  # "fraction", "px", "multiply-adds", "orders of magnitude", ...
    n: int  # how many runs it is of


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One drawing: a file beside result.json."""

    file: str  # such as "figure.svg"
    caption: str  # English; stands alone
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came out."""

    verdict: Verdict
    why: str  # one sentence with numbers
    evidence: Sequence[Evidence]
    figures: Sequence[Figure]  # at least one


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One idea of the notes, and how it is tried."""

    id: str  # the name of its file
    chapter: Chapter
    title: Words
    claim: Words  # in the notes' words
    method: str  # two sentences: what varies, what is held equal, what is measured
    rule: str  # when is it supported, when refuted; written before looking
    plan: Callable[[Setup], Sequence[Cell]]
    conclude: Callable[[Table], Finding]


class UndecidableError(Exception):
    """This project lacks what a study needs; `plan` and `conclude` raise it, the text says why."""
