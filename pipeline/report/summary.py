"""The findings for a pull request: reports/summary.md to read, reports/summary.json to compare."""

from collections.abc import Iterator, Sequence

from pipeline.report import words
from pipeline.report.findings import COLOURS, Findings
from pipeline.report.inputs import Inputs
from pipeline.report.results import Difference, Result
from pipeline.report.studies import tally

_COMPARED = ("accuracy", "macro_f1", "grey_accuracy", "ece_calibrated", "val_macro_f1")
_DECIMALS = 4
_MOST = 12  # characters that are short of their target, one by one


def build_summary(inputs: Inputs, findings: Findings) -> str:
    """Write the summary; what changed since is up to git, so no line holds what is not a result."""
    blocks = [
        ["## Characters: what was learned"],
        _headline(inputs),
        list(_classifiers(inputs, findings)),
        list(_findings(inputs, findings)),
        list(_studies(inputs)),
        list(_dataset(inputs)),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def build_metrics(inputs: Inputs, findings: Findings) -> dict[str, dict[str, float]]:
    """Choose the few numbers of each classifier that a change is judged by, all in [0, 1].

    `dvc metrics diff` lists every number that moved; metrics.json of a network has some sixty.
    """
    rows = {
        each.slug: _chosen(each) | {"beyond_colours": findings.than_colour[each.slug].value}
        for each in inputs.networks
    }
    rows["colour"] = _chosen(inputs.colour)
    return {
        name: {key: round(each, _DECIMALS) for key, each in row.items()}
        for name, row in rows.items()
    }


def _chosen(each: Result) -> dict[str, float]:
    return {key: each.metrics[key] for key in _COMPARED if key in each.metrics}


def _headline(inputs: Inputs) -> list[str]:
    if not inputs.networks:
        return ["No network was evaluated yet."]
    return [_plain(words.headline(inputs.networks[0], inputs.colour))]


def _classifiers(inputs: Inputs, findings: Findings) -> Iterator[str]:
    yield "| network | accuracy | macro-F1 | beyond colours | parameters |"
    yield "|---|---|---|---|---:|"
    for each in inputs.networks:
        yield _row(each, each.slug, beyond=findings.than_colour[each.slug])
    yield _row(inputs.colour, COLOURS)
    yield _row(inputs.majority, "the most frequent")


def _row(each: Result, name: str, *, beyond: Difference | None = None) -> str:
    scores = (_score(each, "accuracy"), _score(each, "macro_f1"))
    gain = _interval(beyond) if beyond else "-"
    return _plain(f"| {' | '.join((name, *scores, gain))} | {each.metrics['num_params']:,} |")


def _score(each: Result, key: str) -> str:
    low, high = (words.percent(each.metrics[f"{key}_{end}"]) for end in ("low", "high"))
    return f"{words.percent(each.metrics[key], digits=1)} ({low} to {high})"


def _interval(gap: Difference) -> str:
    return f"{words.points(gap.value)} ({words.points(gap.low)} to {words.points(gap.high)})"


def _findings(inputs: Inputs, findings: Findings) -> Iterator[str]:
    if findings.than_others:
        best, others = inputs.networks[0], findings.than_others
        yield f"- Between the networks: {words.against_best(best, others)}"
    for each in inputs.networks:
        yield _plain(
            f"- **{each.slug}** {words.against_colours(each, findings.than_colour[each.slug])}"
        )
    if said := words.temperature(inputs.networks):
        yield f"- {said}"
    if inputs.missing:
        yield f"- Not evaluated: {words.listed(inputs.missing)}."
    yield from (f"- {_plain(line)}" for line in inputs.stale)


def _studies(inputs: Inputs) -> Iterator[str]:
    if not inputs.studies:
        return
    counts = tally(inputs.studies)
    yield f"### Ideas of the notes: {', '.join(f'{n} {name}' for name, n in counts.items())}\n"
    yield "| idea | verdict | why |"
    yield "|---|---|---|"
    for each in inputs.studies:
        result = each.result
        yield f"| {_cell(result.title.en)} | {result.verdict} | {_cell(result.why)} |"


def _dataset(inputs: Inputs) -> Iterator[str]:
    rows = inputs.funnel
    kept, target = sum(row.kept for row in rows), sum(row.target for row in rows)
    yield f"### Pictures: {kept:,} of {target:,}\n"
    short = sorted((row for row in rows if row.missing), key=lambda row: (row.reached, row.name))
    if not short:
        yield "Every character has reached its target."
        return
    yield "| character | member | kept | missing |"
    yield "|---|---|---:|---:|"
    for row in short[:_MOST]:
        yield f"| {_cell(row.name)} | {row.member} | {row.kept} | {row.missing} |"
    yield from _others(short[_MOST:])


def _others(rows: Sequence[object]) -> Iterator[str]:
    if rows:
        yield f"\nand {words.count(len(rows))} more."


def _cell(text: str) -> str:
    r"""Keep a text inside its cell, and its markup to itself.

    >>> _cell("a|b <i>")
    'a\\|b &lt;i>'
    """
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _plain(text: str) -> str:
    """Use spaces and signs that a diff shows as such."""
    return text.replace(words.SPACE, " ").replace(words.MINUS, "-")
