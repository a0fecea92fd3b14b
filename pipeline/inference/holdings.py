"""What the dataset holds and who says it may be used: the facts of its cards."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.errors import DataError
from pipeline.evaluation.manifests import read_records
from pipeline.files import read_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import SPLITS, UNKNOWN, SplitRow

_DRAWN = "studio"  # the embedded source, whose pictures are ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """The kept pictures, counted."""

    names: Mapping[str, str]  # slug -> what people call the character
    by_split: Mapping[str, Mapping[str, int]]  # slug -> split -> pictures
    by_licence: tuple[tuple[tuple[str, str], int], ...]  # source and licence; the most first
    licences: tuple[str, ...]  # addresses of licences, else their names, sorted
    total: int
    num_unknown: int  # pictures whose licence nobody knows
    is_all_drawn: bool  # by this project's own code


def read_holdings(project: Project, params: Params) -> Holdings:
    """Count the pictures of split.csv.

    Raises:
        DataError: a file breaks its contract, or a picture is in no manifest.
    """
    known = read_records(project, params)
    rows = read_rows(project.split, SplitRow)
    if lost := [row.sha256 for row in rows if row.sha256 not in known]:
        raise DataError(f"{lost[0]}: in split.csv, but in no manifest; run dvc repro")
    kept = [known[row.sha256] for row in rows]
    counts = Counter((row.character, row.split) for row in rows)
    licences = Counter((each.source, each.licence) for each in kept)
    return Holdings(
        names={slug: each.search.name for slug, each in params.characters.items()},
        by_split={
            slug: {split: counts[slug, split] for split in SPLITS} for slug in params.characters
        },
        by_licence=tuple(sorted(licences.items(), key=lambda item: (-item[1], item[0]))),
        licences=tuple(sorted({each.licence_url or each.licence for each in kept})),
        total=len(rows),
        num_unknown=sum(each.licence == UNKNOWN for each in kept),
        is_all_drawn=all(each.source == _DRAWN for each in kept),
    )
