"""What the classifiers' answers show when they are laid side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pipeline.evaluation.gains import GREY_PICTURES, Gain, gain_over
from pipeline.evaluation.mcnemar import PairTest, compare_all
from pipeline.evaluation.robustness import PERTURBED, Robustness
from pipeline.evaluation.slices import Slice
from pipeline.report.inputs import Inputs
from pipeline.report.results import Difference, Result, difference

COLOURS = "colours alone"  # how the page calls the colour floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Comparisons of the networks with the floor and with each other."""

    than_colour: Mapping[str, Difference]  # slug -> how much more accurate than the colour floor
    than_others: Mapping[str, Difference]  # slug -> how much more accurate the best on val is
    on_grey: Mapping[str, Gain]  # slug -> the same as than_colour, of pictures without colour
    pairs: Sequence[PairTest]  # of networks and the floor, by McNemar's test


@dataclass(frozen=True, slots=True, kw_only=True)
class Stress:
    """Accuracy of each classifier under each perturbation."""

    columns: tuple[str, ...]  # slugs, the floor last
    rows: Mapping[str, tuple[tuple[Robustness, ...], ...]]  # name -> strengths of each column


@dataclass(frozen=True, slots=True, kw_only=True)
class Sliced:
    """Test pictures that have something in common, and each network's accuracy on them."""

    kind: str
    value: str
    num: int
    scores: tuple[Slice | None, ...]  # of each network


def compare(inputs: Inputs) -> Findings:
    """Compare all networks.

    Raises:
        DataError: they were scored on other pictures.
    """
    versus = partial(difference, split_rows=inputs.split_rows, params=inputs.params)
    networks, colour = inputs.networks, inputs.colour
    answers = {each.slug: each.test for each in networks}
    return Findings(
        than_colour={each.slug: versus(each, colour) for each in networks},
        than_others={each.slug: versus(networks[0], each) for each in networks[1:]},
        on_grey=_on_grey(inputs),
        pairs=compare_all({**answers, COLOURS: colour.test}) if networks else (),
    )


def stress_of(inputs: Inputs) -> Stress:
    """Line up robustness.csv of all that have one."""
    found = [each for each in (*inputs.networks, inputs.colour) if each.robustness]
    names = dict.fromkeys(row.perturbation for each in found for row in each.robustness)
    return Stress(
        columns=tuple(COLOURS if each is inputs.colour else each.slug for each in found),
        rows={
            name: tuple(_strengths(each, name) for each in found)
            for name in names
            if all(_strengths(each, name) for each in found)
        },
    )


def slices_of(networks: Sequence[Result]) -> list[Sliced]:
    """Line up slices.csv; what all test pictures have in common tells nothing and is left out."""
    by_key = [{(row.slice, row.value): row for row in each.slices} for each in networks]
    keys = dict.fromkeys(key for rows in by_key for key in rows)
    kinds = [kind for kind, _ in keys]
    return [
        Sliced(
            kind=kind,
            value=value,
            num=max(rows[kind, value].num for rows in by_key if (kind, value) in rows),
            scores=tuple(rows.get((kind, value)) for rows in by_key),
        )
        for kind, value in keys
        if kinds.count(kind) > 1
    ]


def _on_grey(inputs: Inputs) -> dict[str, Gain]:
    """Compare on grey pictures where both were asked about them."""
    floor = inputs.project.floor_report("colour")
    folders = {each.slug: inputs.project.network_report(each.slug) for each in inputs.networks}
    gains: dict[str, Gain] = {}
    for slug, folder in folders.items():
        if not all((each / PERTURBED).is_file() for each in (folder, floor)):
            continue
        both = gain_over(
            folder,
            floor,
            split_rows=inputs.split_rows,
            samples=inputs.params.evaluate.bootstrap_samples,
            seed=inputs.params.seed,
        )
        gains[slug] = next(gain for gain in both if gain.pictures == GREY_PICTURES)
    return gains


def _strengths(result: Result, name: str) -> tuple[Robustness, ...]:
    return tuple(row for row in result.robustness if row.perturbation == name)
