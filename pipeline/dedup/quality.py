"""Which pictures are poor material, and why: measures of `pipeline.pictures.measures`, judged.

A flag says what may be wrong, it decides nothing: only what `dedup.quality.reject` names is left
out, and what a member said to keep is kept all the same. The thresholds were set by eye on 960
pictures of the web; data/README.md says how often a flag was right.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from pipeline.dedup.library import Fingerprinted
from pipeline.params import Quality
from pipeline.pictures.measures import Measures
from pipeline.records import Flag, GroupRow, QualityRow

_MEASURES = tuple(field.name for field in fields(Measures))
_DIGITS = 3  # of each measure; judged as written, so that a reader of the file can follow


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """What was measured of one picture, and what follows."""

    measures: Measures  # rounded
    flags: tuple[Flag, ...]  # in the order of `Flag`


def grade_pictures(found: Fingerprinted, rules: Quality) -> dict[str, Grade]:
    """Judge all pictures that can be read, by sha256."""
    measures_NM: list[list[float]] = found.fingerprints.measures_NM.tolist()
    return {
        sha256: _grade(measures_M, rules)
        for sha256, measures_M in zip(found.sha256s, measures_NM, strict=True)
    }


def find_flawed(grades: Mapping[str, Grade], reject: Collection[Flag]) -> frozenset[str]:
    """Name the pictures that have one of these flags."""
    return frozenset(
        sha256 for sha256, grade in grades.items() if not set(reject).isdisjoint(grade.flags)
    )


def list_quality(rows: Iterable[GroupRow], grades: Mapping[str, Grade]) -> Iterator[QualityRow]:
    """Make the rows of quality.csv, in the order of groups.csv; unreadable images have none."""
    for row in rows:
        if row.sha256 in grades:
            grade = grades[row.sha256]
            yield QualityRow(
                sha256=row.sha256,
                file=row.file,
                character=row.character,
                **asdict(grade.measures),
                flags=";".join(grade.flags),
            )


def _grade(measures_M: Iterable[float], rules: Quality) -> Grade:
    rounded: dict[str, Any] = {
        name: round(value, _DIGITS) for name, value in zip(_MEASURES, measures_M, strict=True)
    }
    rounded["num_colours"] = int(rounded["num_colours"])
    measures = Measures(**rounded)
    return Grade(measures=measures, flags=tuple(_flags(measures, rules)))


def _flags(found: Measures, rules: Quality) -> Iterator[Flag]:
    is_flagged = {
        Flag.TINY_SUBJECT: found.subject_fraction < rules.min_subject,
        Flag.NEAR_EMPTY: found.plain_fraction > rules.max_plain,
        Flag.BLURRED: found.sharpness < rules.min_sharpness,
        Flag.COLLAGE: found.panel_fraction > rules.max_panel,
        Flag.TEXT_HEAVY: found.text_fraction > rules.max_text,
        Flag.DRAWING: found.flat_fraction > rules.max_flat
        and found.num_colours <= rules.few_colours,
        Flag.TRANSPARENT: found.transparent_fraction > rules.max_transparent,
    }
    return (flag for flag in Flag if is_flagged[flag])
