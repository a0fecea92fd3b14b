"""What to do next: what the numbers ask for, each with the command that does it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.evaluation.metrics import IntArray
from pipeline.evaluation.scores import confusion_of
from pipeline.evaluation.suspects import Suspect
from pipeline.report import words
from pipeline.report.findings import Findings
from pipeline.report.inputs import Inputs
from pipeline.report.results import Result
from pipeline.team.progress import FunnelRow

NUM_SUSPECTS = 30  # an hour of eyes; more are in suspects.csv
_MOST = 8  # characters that are named one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do."""

    what: str  # an order, such as "Collect more of Elsa"
    why: str  # the numbers behind it
    commands: tuple[str, ...] = ()  # what to type


def actions(inputs: Inputs, findings: Findings) -> list[Action]:
    """List what to do, the most useful for the next training first."""
    best = inputs.networks[0] if inputs.networks else None
    return [
        *_evaluate(inputs.missing),
        *_decide_conflicts(inputs),
        *(_review(inputs, doubted(best)) if best else ()),
        *_settle(inputs),
        *_collect(inputs, best),
        *_learn_shapes(findings),
        *_train_longer(inputs.networks),
        *_clear_rights(inputs),
    ]


def doubted(best: Result) -> tuple[Suspect, ...]:
    """Give the pictures to review first: those whose label the best network doubts most."""
    return best.suspects[:NUM_SUSPECTS]


def _evaluate(missing: Sequence[str]) -> Iterator[Action]:
    if missing:
        yield Action(
            what=f"Train and evaluate {words.listed(missing)}",
            why="params.yaml names what has no results yet.",
            commands=("dvc repro",),
        )


def _decide_conflicts(inputs: Inputs) -> Iterator[Action]:
    lost = {row.character: dict(row.lost).get("label conflict", 0) for row in inputs.funnel}
    rows = [row for row in inputs.funnel if lost[row.character]]
    if rows:
        number = sum(lost.values())
        yield Action(
            what="Decide to whom copies belong",
            why=f"{words.count(number).capitalize()} pictures lie under two characters and are "
            "left out until somebody says where they belong.",
            commands=_reviews(rows),
        )


def _review(inputs: Inputs, suspects: Sequence[Suspect]) -> Iterator[Action]:
    by_character: dict[str, int] = defaultdict(int)
    for each in suspects:
        by_character[each.character] += 1
    rows = [row for row in inputs.funnel if row.character in by_character]
    if rows:
        often = ", ".join(f"{by_character[row.character]} of {row.name}" for row in rows)
        yield Action(
            what=f"Review these {words.count(len(suspects))} pictures",
            why=f"The best network doubts their labels: {often}. They are shown below.",
            commands=_reviews(rows),
        )


def _settle(inputs: Inputs) -> Iterator[Action]:
    disputes = [each for each in inputs.agreements if each.disputed]
    for each in disputes:
        yield Action(
            what=f"Settle what {each.member} and {each.other_member} see differently",
            why=f"They disagree on {words.count(len(each.disputed))} of "
            f"{words.count(each.num_images)} pictures that both reviewed, such as "
            f"{each.disputed[0][0][:12]} ({each.disputed[0][1]} against {each.disputed[0][2]}).",
            commands=(f"disney review --as {each.member}",),
        )


def _collect(inputs: Inputs, best: Result | None) -> Iterator[Action]:
    """Ask for more of who is found less often than others, then of who is short of the target."""
    hard = _hard_to_find(best, inputs.params.names) if best else {}
    for row in inputs.funnel:
        if row.character in hard:
            short = f"{row.missing} are missing to the target of {row.target}."
            yield Action(
                what=f"Collect more of {row.name}",
                why=f"{hard[row.character]} {short if row.missing else ''}".strip(),
                commands=(_add(row), f"disney collect --search-again {row.character}"),
            )
    yield from _fill_up([row for row in inputs.funnel if row.missing and row.character not in hard])


def _fill_up(rows: Sequence[FunnelRow]) -> Iterator[Action]:
    """Ask for what is short of the target, the shortest first."""
    if not rows:
        return
    ordered = sorted(rows, key=lambda row: (row.reached, row.character))
    shown, num_others = ordered[:_MOST], len(ordered[_MOST:])
    missing = words.listed([f"{row.missing} of {row.name}" for row in shown])
    others = f", and some of {words.count(num_others)} others" if num_others else ""
    yield Action(
        what=f"Collect what is short of the target: {missing}{others}",
        why="Drop pictures of your own on the review page, or type",
        commands=(*map(_add, shown), "disney progress"),
    )


def _add(row: FunnelRow) -> str:
    return f"disney contribute add --as {row.member} --character {row.character} PICTURES…"


def _hard_to_find(best: Result, names: Mapping[str, str]) -> dict[str, str]:
    """Find the characters whose recall is below the accuracy, interval and all; at most eight.

    Returns:
        Slug -> how many are found, and for whom the others are taken.
    """
    found: list[tuple[float, str, str]] = []
    for row, counts_K in zip(best.per_class, confusion_of(best.test), strict=True):
        if row.recall is None or row.recall_high is None:
            continue
        if row.recall_high < best.metrics["accuracy"]:
            taken = _taken_for(row.character, counts_K, classes=best.test.classes)
            said = (
                f"{best.slug} finds only {words.percent(row.recall)} of the test pictures and "
                f"takes most of the others for {names.get(taken, taken)}."
            )
            found.append((row.recall, row.character, said))
    return {character: said for _, character, said in sorted(found)[:_MOST]}


def _taken_for(character: str, counts_K: IntArray, *, classes: Sequence[str]) -> str:
    """Name the other class that a character is taken for most often."""
    wrong = [
        (-count, slug)
        for slug, count in zip(classes, counts_K.tolist(), strict=True)
        if slug != character
    ]
    return min(wrong)[1]


def _learn_shapes(findings: Findings) -> Iterator[Action]:
    stuck = [slug for slug, gap in findings.than_colour.items() if not gap.is_better]
    if stuck:
        yield Action(
            what=f"Make {words.listed(stuck)} learn more than colours",
            why="Not separable from a histogram of colours on these pictures. More pictures with "
            "other clothes and backgrounds help, so do more augmented copies (augment.variants) "
            "and a larger network.",
            commands=("dvc repro", "dvc metrics diff"),
        )
    blind = [
        slug for slug, gain in findings.on_grey.items() if slug not in stuck and not gain.is_better
    ]
    if blind:
        yield Action(
            what=f"Do not trust {words.listed(blind)} with pictures in grey",
            why="Better than the colour floor in colour, not on grey pictures: what was gained "
            "may be a finer palette. Grey copies among the training pictures would tell.",
            commands=("dvc repro", "dvc metrics diff"),
        )


def _train_longer(networks: Sequence[Result]) -> Iterator[Action]:
    rising = [
        each.slug
        for each in networks
        if each.metrics["best_epoch"] == each.metrics["num_epochs"] > 1
    ]
    if rising:
        yield Action(
            what=f"Train {words.listed(rising)} for more epochs",
            why="The last epoch was the best on val: they were learning still. Raise train.epochs "
            "in params.yaml.",
            commands=tuple(f"dvc repro train@{slug}" for slug in rising[:_MOST]),
        )


def _clear_rights(inputs: Inputs) -> Iterator[Action]:
    rights = inputs.catalog.rights
    if rights.num_unknown and not rights.is_all_drawn:
        unknown = words.count(rights.num_unknown)
        yield Action(
            what=f"Find out the licence of {unknown} pictures, or replace them",
            why="An unknown licence gives no permission to publish.",
            commands=("disney attribution",),
        )


def _reviews(rows: Sequence[FunnelRow]) -> tuple[str, ...]:
    """Give each member's command; a member with several characters starts at the first."""
    first = {row.member: row.character for row in reversed(rows)}
    members = dict.fromkeys(row.member for row in rows)
    return tuple(f"disney review --as {each} --character {first[each]}" for each in members)
