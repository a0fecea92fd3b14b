"""reports/index.html: one page, no outside address, that a stranger understands."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from pipeline.dataset.pack import Pack, read_pack
from pipeline.evaluation.scores import confusion_of
from pipeline.records import Reason
from pipeline.report import plots, words
from pipeline.report.advice import actions, doubted
from pipeline.report.copies import read_copies
from pipeline.report.findings import COLOURS, Findings, slices_of, stress_of
from pipeline.report.gallery import choose_examples, choose_mistakes, show_suspects
from pipeline.report.inputs import Inputs
from pipeline.report.leakage import read_leakage
from pipeline.report.quality import read_quality
from pipeline.report.results import Difference, Result
from pipeline.report.studies import CHAPTERS, tally
from pipeline.team.progress import FunnelRow
from pipeline.team.roster import members

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
_MATRIX = 16  # more characters than this: a matrix is wider than any screen
_CONFUSIONS = 20  # pairs that are listed then


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One network as the page shows it."""

    result: Result
    description: str  # its architecture and settings
    started: str  # from scratch or from weights
    than_colour: Difference  # how much more accurate than the colour floor
    verdict: str  # the same in words
    panels: tuple[plots.Panel, ...]  # learning curves
    confusion: list[list[plots.Cell]]  # empty for many characters
    confusions: list[tuple[int, int, int]]  # the most frequent: true, predicted, pictures


def build_page(inputs: Inputs, findings: Findings) -> str:
    """Build the page from what the pipeline left in data/ and reports/.

    Raises:
        DataError: a file is missing or breaks its contract.
    """
    context = _dataset(inputs) | _team(inputs) | _classifiers(inputs, findings)
    context |= _next(inputs, findings) | _studies(inputs)
    return _template().render(context, params=inputs.params, names=inputs.params.names) + "\n"


def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("pipeline.report"),
        autoescape=True,  # titles and authors come from the web
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (words.percent, words.points, words.count, words.number, words.listed)
    environment.filters |= {each.__name__: each for each in filters}
    return environment.get_template("index.html")


def _dataset(inputs: Inputs) -> dict[str, Any]:
    """Gather what the page says about the pictures."""
    total = {step: sum(getattr(row, step) for row in inputs.funnel) for step in _STEPS}
    train = read_pack(inputs.project.pack("train"))
    return {
        "funnel": inputs.funnel,
        "total": total,
        "steps": [step for step in _STEPS if total[step] or step != "contributed"],
        "lost": _lost(inputs.funnel),
        "copies": read_copies(inputs.catalog),
        "leakage": read_leakage(inputs.project),
        "quality": read_quality(inputs.catalog),
        "examples": choose_examples(train, inputs.catalog),
        "rights": inputs.catalog.rights,
    }


def _team(inputs: Inputs) -> dict[str, Any]:
    """Gather what the page says about the people."""
    team = members(inputs.catalog, inputs.params, funnel=inputs.funnel)
    return {"members": team, "agreements": inputs.agreements}


def _classifiers(inputs: Inputs, findings: Findings) -> dict[str, Any]:
    """Gather what the page says about networks, the best on val first, and floors."""
    found, colour, others = inputs.networks, inputs.colour, findings.than_others
    test = read_pack(inputs.project.pack("test"))
    return {
        "networks": [_network(each, inputs, findings) for each in found],
        "missing": inputs.missing,
        "stale": inputs.stale,
        "floors": {COLOURS: colour, "the most frequent": inputs.majority},
        "colour": colour,
        "headline": words.headline(found[0], colour) if found else "",
        "ranking": words.against_best(found[0], others) if others else "",
        "panel_px": (plots.WIDTH_PX, plots.HEIGHT_PX),
        "mistakes": choose_mistakes(found, test, inputs.catalog),
        "pairs": findings.pairs,
        "stress": stress_of(inputs),
        "slices": slices_of(found),
        "temperature": words.temperature(found),
    }


def _next(inputs: Inputs, findings: Findings) -> dict[str, Any]:
    """Gather what the page says is to do."""

    @cache
    def read(split: str) -> Pack:
        return read_pack(inputs.project.pack(split))

    suspects = doubted(inputs.networks[0]) if inputs.networks else ()
    return {
        "actions": actions(inputs, findings),
        "suspects": show_suspects(suspects, read, inputs.catalog),
    }


def _studies(inputs: Inputs) -> dict[str, Any]:
    """Gather what the page says about the ideas of the notes."""
    studies = inputs.studies
    chapters = {
        name: [each for each in studies if each.result.chapter == name] for name in CHAPTERS
    }
    return {
        "studies": studies,
        "chapters": [(CHAPTERS[name], own) for name, own in chapters.items() if own],
        "tally": tally(studies),
    }


def _network(result: Result, inputs: Inputs, findings: Findings) -> Network:
    gap, grey = findings.than_colour[result.slug], findings.on_grey.get(result.slug)
    confusion_KK = confusion_of(result.test)
    is_small = len(confusion_KK) <= _MATRIX
    verdict = words.against_colours(result, gap)
    return Network(
        result=result,
        description=words.describe(inputs.params.networks[result.slug]),
        started=words.started(result.metrics["init"]),
        than_colour=gap,
        verdict=f"{verdict} {words.on_grey(grey)}" if grey else verdict,
        panels=plots.learning_panels(result.history, best_epoch=result.metrics["best_epoch"]),
        confusion=plots.confusion_cells(confusion_KK) if is_small else [],
        confusions=plots.frequent_confusions(confusion_KK, limit=_CONFUSIONS),
    )


def _lost(rows: Sequence[FunnelRow]) -> Mapping[str, list[tuple[str, int]]]:
    """Add up why images fell out, of all characters: while collecting, and while cleaning."""
    total: Counter[str] = Counter()
    for row in rows:
        total.update(dict(row.lost))
    ordered = sorted(total.items(), key=lambda item: (-item[1], item[0]))
    return {
        "collecting": [item for item in ordered if item[0] in set(Reason)],
        "cleaning": [item for item in ordered if item[0] not in set(Reason)],
    }
