"""Does the decoder produce the words, letter by letter?"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure as Sheet
from torch import Tensor

from pipeline.dataset.loader import eval_batches
from pipeline.networks.caption import NameWriter
from pipeline.params import AnyNetwork, Train
from pipeline.studies.parts.cells import Bench, Cell, Measured
from pipeline.studies.parts.figure import HATCHES, MAIN, draw
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Finding, Study, Verdict, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.training import (
    scored_pictures,
    train_once,
    training_pictures,
)
from pipeline.studies.parts.verdict import decide, estimate
from pipeline.training.loop import trained_module

BATCH = 128
END = "."  # how the end of a name is written in the figure
WRITTEN = ("own name", "another's name", "no name")
MOST_MISSPELT = 0.5  # of what is written: with more, it has not learned to spell
MIXED = ("left half's name", "right half's name", "a third name", "no name")


def plan(setup: Setup) -> Sequence[Cell]:
    """Train a network that writes names, with every seed."""
    arguments = {"network": setup.network("caption"), "train": setup.train()}
    return [
        Cell(settings={}, seed=seed, function=write_names, arguments=arguments)
        for seed in setup.seeds
    ]


def write_names(bench: Bench, *, seed: int, network: AnyNetwork, train: Train) -> Measured:
    """Train, then let it write: for unseen pictures, and for pictures made of two halves.

    Returns:
        `exact`: how many names are written exactly right, of all scored pictures; `over_chance`:
        less 1 / K; `written`: shares of its own, another's and no name; `mixed`: of pictures whose
        left half shows one character and whose right half another, shares of the left one's, the
        right one's, a third and no name; `letters` and `letter_probs`: of one picture its name and
        how likely each letter of it was, after those before it.
    """
    pictures = training_pictures(bench)
    trained = train_once(bench, seed=seed, network=network, train=train, pictures=pictures)
    module, scored = trained_module(trained, runtime=bench.runtime), scored_pictures(bench)
    if not isinstance(module, NameWriter):
        raise TypeError(f"{type(module).__name__} writes no names")
    x_NCSS = torch.cat(
        [
            batch.x_BCSS
            for batch in eval_batches(
                scored, view=trained.card.view, batch_size=BATCH, device=bench.runtime.device
            )
        ]
    )
    names = list(bench.data.classes)
    truth = [names[label] for label in scored.labels_N]
    texts = module.write(x_NCSS)
    is_exact = [text == name for text, name in zip(texts, truth, strict=True)]
    shown = is_exact.index(True) if any(is_exact) else 0
    exact = float(np.mean(is_exact))
    probs = letter_probs(module, x_NCSS[shown : shown + 1], int(scored.labels_N[shown]))
    return Measured(
        values={
            "exact": exact,
            "over_chance": exact - 1 / len(names),
            "written": _shares(
                [
                    0 if text == name else 1 if text in names else 2
                    for text, name in zip(texts, truth, strict=True)
                ],
                num=len(WRITTEN),
            ),
            "mixed": _mixed(module, x_NCSS, truth, names),
            "letters": [*truth[shown], END],
            "letter_probs": [round(each, 4) for each in probs],
        },
        timing={"train_s": trained.timing["seconds"]},
    )


@torch.inference_mode()
def letter_probs(module: NameWriter, x_1CSS: Tensor, label: int) -> list[float]:
    """Say how likely each letter of a class's name is, given those before it; the end is last.

    By the chain rule their product is the probability of the name.
    """
    return [float(each) for each in module.log_letters(x_1CSS)[label][0].exp()]


def _mixed(
    module: NameWriter, x_NCSS: Tensor, truth: Sequence[str], names: Sequence[str]
) -> list[float]:
    """Join left halves to right halves of other characters, and read what is written."""
    half = x_NCSS.shape[-1] // 2
    shift = _shift(truth)
    mixed_NCSS = x_NCSS.clone()
    mixed_NCSS[..., half:] = x_NCSS.roll(shift, dims=0)[..., half:]
    kinds = []
    for place, text in enumerate(module.write(mixed_NCSS)):
        left, right = truth[place], truth[place - shift]
        if left != right:
            known = {left: 0, right: 1}
            kinds.append(known.get(text, 2 if text in names else 3))
    return _shares(kinds, num=len(MIXED))


def _shift(truth: Sequence[str]) -> int:
    """Choose by how many places to roll the pictures so that most meet another character."""
    num = len(truth)
    meets = [sum(truth[n] != truth[n - shift] for n in range(num)) for shift in range(1, num)]
    return 1 + int(np.argmax(meets)) if meets else 0


def _shares(kinds: Sequence[int], *, num: int) -> list[float]:
    counts = np.bincount(np.array(kinds, dtype=int), minlength=num)
    return [round(float(count) / max(1, len(kinds)), 6) for count in counts]


def conclude(table: Table) -> Finding:
    """Names that are written exactly must be right more often than by chance, once it can spell."""
    lead, exact = estimate(table.values("over_chance")), estimate(table.values("exact"))
    none = estimate(table.lists("written")[:, WRITTEN.index("no name")])
    can_spell = none.value <= MOST_MISSPELT
    return Finding(
        verdict=decide(lead) if can_spell else Verdict.UNDECIDED,
        why=("" if can_spell else "after so short a training it cannot spell yet: ")
        + f"letter by letter it writes exactly the right name of {exact} of the unseen pictures, "
        f"{lead} more than chance, and something that is no name of {none}, over {lead.n} seeds",
        evidence=list(_evidence(table)),
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint(sheet, table),
                caption="Left: how likely each letter of one picture's name was, given the picture "
                "and the letters before it; a dot ends the name. Right: what is written for "
                "pictures whose left half shows one character and whose right half another.",
            )
        ],
    )


def _evidence(table: Table) -> Iterator[Evidence]:
    yield estimate(table.values("exact")).as_evidence(
        setting="unseen pictures", measure="exactly right", unit="fraction"
    )
    for key, labels in (("written", WRITTEN), ("mixed", MIXED)):
        shares_SN = table.lists(key)
        setting = "unseen pictures" if key == "written" else "pictures of two halves"
        for number, label in enumerate(labels):
            yield estimate(shares_SN[:, number]).as_evidence(
                setting=setting, measure=label, unit="fraction"
            )


def _paint(sheet: Sheet, table: Table) -> None:
    letters, mixed = sheet.subplots(1, 2)
    run: dict[str, Any] = dict(table.first().values)
    places = np.arange(len(run["letters"]))
    letters.bar(places, run["letter_probs"], color="0.75", edgecolor="black")
    letters.set_xticks(places, run["letters"])
    letters.set(xlabel="letter", ylabel="probability (0 to 1)", ylim=(0, 1))
    found = [estimate(shares) for shares in table.lists("mixed").T]
    y = np.arange(len(MIXED))
    errors = [each.value - (each.value if each.low is None else each.low) for each in found]
    mixed.barh(
        y,
        [each.value for each in found],
        xerr=errors,
        capsize=2,
        color="white",
        edgecolor="black",
        hatch=HATCHES[1],
    )
    mixed.set_yticks(y, MIXED)
    mixed.invert_yaxis()
    mixed.set_xlabel("share of the pictures (0 to 1)")


STUDY = Study(
    id="generation",
    chapter=Chapter.ATTENTION,
    title=Words(en="Writing the name", ko="이름을 한 글자씩 쓰기"),
    claim=Words(
        en="The decoder produces the words, each from those before it and the encoder's keys and "
        "values.",
        ko="디코더는 앞서 만든 말과 인코더의 키와 값으로 다음 말을 만든다.",
    ),
    method="A decoder learns to write the character's name letter by letter on the tokens of an "
    "encoder, and then writes for unseen pictures, always the likeliest next letter, with nothing "
    "that holds it to known names. It also writes for pictures made of the halves of two "
    "characters.",
    rule="Supported if the share of unseen pictures whose name is written exactly lies above "
    "chance (one of all characters) with its whole 95 % interval over seeds, refuted if below; "
    "else undecided, and also if most of what it writes is no name: then it cannot spell yet.",
    plan=plan,
    conclude=conclude,
)
