"""reports/index.html: one page, no outside address, that a stranger understands."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from pipeline.dataset.pack import read_pack
from pipeline.evaluation.scores import confusion_of
from pipeline.files import read_csv, read_rows
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import ImageRecord, Reason, SplitRow
from pipeline.report import plots, words
from pipeline.report.gallery import choose_examples, choose_mistakes
from pipeline.report.provenance import read_records, rights_of
from pipeline.report.results import Difference, Result, difference, read_floor, read_networks
from pipeline.team.progress import FunnelRow, funnel

_STEPS = (
    "candidates",
    "fetched",
    "decodable",
    "collected",
    "contributed",
    "kept",
    "train",
    "val",
    "test",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One network as the page shows it."""

    result: Result
    description: str  # its architecture and settings
    started: str  # from scratch or from weights
    than_colour: Difference  # how much more accurate than the colour floor
    verdict: str  # the same in words
    panels: tuple[plots.Panel, ...]  # learning curves
    confusion: list[list[plots.Cell]]


def build_page(project: Project, params: Params) -> str:
    """Build the page from what the pipeline left in data/ and reports/.

    Raises:
        DataError: a file is missing or breaks its contract.
    """
    records = read_records(project, params)
    split_rows = read_rows(project.split, SplitRow)
    context = _dataset(project, params, records=records, split_rows=split_rows)
    context |= _classifiers(project, params, records=records, split_rows=split_rows)
    names = {slug: each.search.name for slug, each in params.characters.items()}
    return _template().render(context, params=params, names=names) + "\n"


def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("pipeline.report"),
        autoescape=True,  # titles and authors come from the web
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (words.percent, words.points, words.count)
    environment.filters |= {each.__name__: each for each in filters}
    return environment.get_template("index.html")


def _dataset(
    project: Project,
    params: Params,
    *,
    records: Mapping[str, ImageRecord],
    split_rows: Sequence[SplitRow],
) -> dict[str, Any]:
    """Gather what the page says about the pictures."""
    rows = funnel(project, params)
    total = {step: sum(getattr(row, step) for row in rows) for step in _STEPS}
    return {
        "funnel": rows,
        "total": total,
        "steps": [step for step in _STEPS if total[step] or step != "contributed"],
        "lost": _lost(rows),
        "num_conflicts": len(read_csv(project.conflicts)[1]),
        "examples": choose_examples(read_pack(project.pack("train")), records),
        "rights": rights_of(split_rows, records),
    }


def _classifiers(
    project: Project,
    params: Params,
    *,
    records: Mapping[str, ImageRecord],
    split_rows: Sequence[SplitRow],
) -> dict[str, Any]:
    """Gather what the page says about networks, the best on val first, and floors."""
    compare = partial(difference, split_rows=split_rows, params=params)
    found, missing = read_networks(project, params)
    colour, majority = (read_floor(project, name) for name in ("colour", "majority"))
    others = {each.slug: compare(found[0], each) for each in found[1:]}
    return {
        "networks": [_network(each, compare(each, colour), params=params) for each in found],
        "missing": missing,
        "floors": {"colours alone": colour, "the most frequent": majority},
        "colour": colour,
        "headline": words.headline(found[0], colour) if found else "",
        "ranking": words.against_best(found[0], others) if others else "",
        "panel_px": (plots.WIDTH_PX, plots.HEIGHT_PX),
        "mistakes": choose_mistakes(found, read_pack(project.pack("test")), records),
    }


def _network(result: Result, than_colour: Difference, *, params: Params) -> Network:
    return Network(
        result=result,
        description=words.describe(params.networks[result.slug]),
        started=words.started(result.metrics["init"]),
        than_colour=than_colour,
        verdict=words.against_colours(result, than_colour),
        panels=plots.learning_panels(result.history, best_epoch=result.metrics["best_epoch"]),
        confusion=plots.confusion_cells(confusion_of(result.test)),
    )


def _lost(rows: Sequence[FunnelRow]) -> dict[str, list[tuple[str, int]]]:
    """Add up why images fell out, of all characters: while collecting, and while cleaning."""
    total: Counter[str] = Counter()
    for row in rows:
        total.update(dict(row.lost))
    ordered = sorted(total.items(), key=lambda item: (-item[1], item[0]))
    return {
        "collecting": [item for item in ordered if item[0] in set(Reason)],
        "cleaning": [item for item in ordered if item[0] not in set(Reason)],
    }
