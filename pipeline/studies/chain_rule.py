"""P(x_1, ..., x_t) as a product of conditionals, on pictures as sequences of patch codes.

A picture becomes a sequence by k-means: each patch is the number of the nearest of `CODES` patches.
A GRU then tells the probability of each code from those before it; the first is told from the
character alone. The chain rule turns these into the probability of the whole picture.

The product is the same in any order of the places, so what a network saves row by row over another
fixed order is what the order makes easy to learn. Beside it stands what identical distributions
cost: independent codes of which each place has its own frequencies.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from matplotlib.figure import Figure as Sheet
from torch import Generator, Tensor, nn

from pipeline.dataset.seed import derive_seed, make_generator
from pipeline.dataset.selection import Pictures
from pipeline.dataset.transforms import to_unit_range
from pipeline.studies.parts.cells import Bench, Cell, Measured, grid
from pipeline.studies.parts.figure import MAIN, draw, line_styles
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Figure, Finding, Study, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.thumbnails import grey_thumbnails, paint_thumbnail
from pipeline.studies.parts.training import scored_pictures, training_pictures
from pipeline.studies.parts.verdict import all_of, decide, difference, estimate

RASTER, SHUFFLED, IID = "row by row", "shuffled", "i.i.d."  # what a GRU reads
PLACES = "by place"  # no network: how frequent each code is at each place
CODES = 32
SIDE_PX, PATCH_PX = 32, 4  # of the picture and of its patches: 64 patches
ROUNDS = 12  # of k-means
WIDTH, HIDDEN = 32, 64
BATCH, BATCHES_AN_EPOCH, RATE = 64, 12, 1e-2
SMOOTHING = 0.5  # of a picture, added to the count of each code at each place (Jeffreys)
SHOWN, SHOWN_PX = 4, 24  # characters of the second figure


def plan(setup: Setup) -> Sequence[Cell]:
    """Model the codes in two orders, drawn from all alike, and each place by itself."""
    num_batches = BATCHES_AN_EPOCH * setup.budget.train["epochs"]
    read = [
        Cell(
            settings=settings,
            seed=seed,
            function=measure_bits,
            arguments={"order": settings["order"], "num_batches": num_batches},
        )
        for settings, seed in grid(setup.seeds, order=[RASTER, SHUFFLED, IID])
    ]
    counted = [
        Cell(settings=settings, seed=seed, function=measure_places, arguments={})
        for settings, seed in grid(setup.seeds, order=[PLACES])
    ]
    return [*read, *counted]


def measure_bits(bench: Bench, *, seed: int, order: str, num_batches: int) -> Measured:
    """Learn the codes of training pictures; count the bits of unseen ones.

    Returns:
        `bits` of a code on average, `bits_at` each place; and, row by row, `named`, the fraction of
        pictures that are most probable as what they are, and for the figure `extremes`, the most
        and the least probable picture (grey, percent) of each of some `characters`.
    """
    start_s = process_time()
    scored = scored_pictures(bench)
    codes_MN, codes_BN = code_pictures(bench, seed=seed)
    labels_B = torch.from_numpy(scored.labels_N)
    reading = Reading(order=order, seed=seed, pool=codes_MN)
    torch.manual_seed(derive_seed(seed, use="init"))
    model = CodeReader(num_codes=CODES, num_classes=len(bench.data.classes))
    labels_M = torch.from_numpy(training_pictures(bench).labels_N)
    _learn(model, codes_MN, labels_M, reading=reading, num_batches=num_batches)
    train_s = process_time() - start_s
    generator = make_generator(seed, use="order, scoring")
    with torch.inference_mode():
        bits_BN = model.bits(reading.told(codes_BN, generator=generator), labels_B)
        values = _means(bits_BN)
        if order == RASTER:
            values["named"] = _named(model, codes_BN, labels_B)
            shown = extremes(bits_BN.sum(dim=1), labels_B)
            values["characters"] = characters_of(labels_B)[:SHOWN]
            values["extremes"] = grey_thumbnails(2 * _squares(scored)[shown] - 1, side_px=SHOWN_PX)
    return Measured(values=values, timing={"train_s": train_s})


def measure_places(bench: Bench, *, seed: int) -> Measured:
    """Count the codes of training pictures at each place; count the bits of unseen ones.

    Returns:
        `bits` of a code on average, and `bits_at` each place.
    """
    start_s = process_time()
    codes_MN, codes_BN = code_pictures(bench, seed=seed)
    bits_NC = bits_of_places(codes_MN, num_codes=CODES)
    values = _means(bits_NC.gather(1, codes_BN.T).T)
    return Measured(values=values, timing={"train_s": process_time() - start_s})


def code_pictures(bench: Bench, *, seed: int) -> tuple[Tensor, Tensor]:
    """Give the codes of training pictures (M, N) and of unseen ones (B, N), row by row."""
    learned_MNP = patches_of(_squares(training_pictures(bench)))
    centres_CP = learn_centres(
        learned_MNP.flatten(0, 1), generator=make_generator(seed, use="k-means")
    )
    scored_BNP = patches_of(_squares(scored_pictures(bench)))
    return nearest(learned_MNP, centres_CP), nearest(scored_BNP, centres_CP)


def bits_of_places(codes_MN: Tensor, *, num_codes: int) -> Tensor:
    """Give -log2 of how frequent each code is at each place, smoothed, (N, C) float64.

    A code that no picture has at a place counts as `SMOOTHING` pictures, so that an unseen picture
    may have it.
    """
    counts_NC = F.one_hot(codes_MN, num_codes).sum(dim=0).double() + SMOOTHING
    return -(counts_NC / counts_NC.sum(dim=1, keepdim=True)).log2()


def _means(bits_BN: Tensor) -> dict[str, Any]:
    return {
        "bits": float(bits_BN.mean()),
        "bits_at": [round(value, 4) for value in bits_BN.mean(dim=0).tolist()],
    }


class CodeReader(nn.Module):
    """A GRU that tells the next code from the character and all codes before it."""

    def __init__(self, *, num_codes: int, num_classes: int) -> None:
        super().__init__()
        self.characters = nn.Embedding(num_classes, WIDTH)
        self.codes = nn.Embedding(num_codes, WIDTH)
        self.gru = nn.GRU(WIDTH, HIDDEN, batch_first=True)
        self.head = nn.Linear(HIDDEN, num_codes)

    def bits(self, codes_BN: Tensor, labels_B: Tensor) -> Tensor:
        """Give -log2 P(x_s | x_1, ..., x_s-1, character) of each code, (B, N).

        By the chain rule the sum over N is -log2 P(x_1, ..., x_N | character).
        """
        first_B1D = self.characters(labels_B)[:, None]
        before_BND = torch.cat([first_B1D, self.codes(codes_BN[:, :-1])], dim=1)
        logits_BNC = self.head(self.gru(before_BND)[0])
        nats_BN = F.cross_entropy(logits_BNC.transpose(1, 2), codes_BN, reduction="none")
        return nats_BN / math.log(2)


def patches_of(x_BCHW: Tensor) -> Tensor:
    """Cut pictures into patches, row by row: (B, 3, H, W) -> (B, N, numbers of a patch)."""
    return F.unfold(x_BCHW, PATCH_PX, stride=PATCH_PX).transpose(1, 2)


def learn_centres(patches_MP: Tensor, *, generator: Generator, num: int = CODES) -> Tensor:
    """Find patches that stand for all (k-means, Lloyd 1982, doi:10.1109/TIT.1982.1056489).

    Args:
        patches_MP: M patches of P numbers.
        generator: draws the first ones.
        num: how many, C.

    Returns:
        Shape (C, P); a centre that no patch is nearest to stays where it is.
    """
    centres_CP = patches_MP[torch.randperm(len(patches_MP), generator=generator)[:num]].clone()
    for _ in range(ROUNDS):
        own_M = nearest(patches_MP, centres_CP)
        counts_C = torch.bincount(own_M, minlength=len(centres_CP))
        sums_CP = torch.zeros_like(centres_CP).index_add_(0, own_M, patches_MP)
        is_used_C = counts_C > 0
        centres_CP[is_used_C] = sums_CP[is_used_C] / counts_C[is_used_C, None]
    return centres_CP


def nearest(patches: Tensor, centres_CP: Tensor) -> Tensor:
    """Give each patch (..., P) the number of its nearest centre, (...)."""
    # |x - c|^2 without |x|^2, which is the same for all centres
    return (centres_CP.square().sum(dim=1) - 2 * patches @ centres_CP.T).argmin(dim=-1)


def extremes(bits_B: Tensor, labels_B: Tensor) -> list[int]:
    """Find the most and the least probable picture of each of the first characters, in pairs."""
    found = []
    for label in characters_of(labels_B)[:SHOWN]:
        own = (labels_B == label).nonzero().flatten()
        found += [int(own[bits_B[own].argmin()]), int(own[bits_B[own].argmax()])]
    return found


def characters_of(labels_B: Tensor) -> list[int]:
    """List the labels that there are, the smallest first."""
    return sorted(set(labels_B.tolist()))


def _squares(pictures: Pictures) -> Tensor:
    """Read all pictures, shrunk to (N, 3, side, side) in [0, 1]."""
    pixels = torch.from_numpy(pictures.read(np.arange(len(pictures))))
    return F.interpolate(to_unit_range(pixels), (SIDE_PX, SIDE_PX), mode="area")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """In which order a network is told the codes of a picture."""

    order: str
    seed: int
    pool: Tensor  # all codes to draw from

    def told(self, codes_BN: Tensor, *, generator: Generator) -> Tensor:
        """Leave codes as they are, shuffle their places, or draw each of them from all.

        Shuffled, all pictures have the same order, in training as in scoring: a network can know
        the place of a code as well as row by row, so nothing but the order differs.
        """
        if self.order == SHUFFLED:
            return codes_BN[:, _places(codes_BN.shape[1], seed=self.seed)]
        if self.order == IID:
            drawn = torch.randint(self.pool.numel(), codes_BN.shape, generator=generator)
            return self.pool.flatten()[drawn]
        return codes_BN


def _places(num: int, *, seed: int) -> Tensor:
    return torch.randperm(num, generator=make_generator(seed, use="order of places"))


def _learn(
    model: CodeReader,
    codes_MN: Tensor,
    labels_M: Tensor,
    *,
    reading: Reading,
    num_batches: int,
) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, num_batches)
    generator = make_generator(reading.seed, use="order, training")
    for _ in range(num_batches):
        chosen = torch.randint(len(codes_MN), (BATCH,), generator=generator)
        told_BN = reading.told(codes_MN[chosen], generator=generator)
        loss = model.bits(told_BN, labels_M[chosen]).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()


def _named(model: CodeReader, codes_BN: Tensor, labels_B: Tensor) -> float:
    """Name pictures by Bayes' rule, all characters equally likely; the fraction that is right."""
    num_classes = model.characters.num_embeddings
    bits_KB = torch.stack(
        [model.bits(codes_BN, torch.full_like(labels_B, k)).sum(dim=1) for k in range(num_classes)]
    )
    return float((bits_KB.argmin(dim=0) == labels_B).double().mean())


def conclude(table: Table) -> Finding:
    """Compare the bits of a code row by row with those in another order, and drawn alike."""
    of_order = difference(table, "bits", {"order": SHUFFLED}, {"order": RASTER})
    of_dependence = difference(table, "bits", {"order": IID}, {"order": RASTER})
    row = estimate(table.values("bits", order=RASTER))
    named = estimate(table.values("named", order=RASTER))
    return Finding(
        verdict=all_of([decide(of_order), decide(of_dependence)]),
        why=f"read row by row a patch takes {row} bits; shuffled {of_order} more, and drawn "
        f"independently {of_dependence} more, over {row.n} seeds; by the product of its "
        f"conditionals alone a picture is named rightly {named} of the time",
        evidence=[
            of_order.as_evidence(
                setting="shuffled less row by row", measure="bits", unit="bits a patch"
            ),
            of_dependence.as_evidence(
                setting="i.i.d. less row by row", measure="bits", unit="bits a patch"
            ),
            *_of_identity_and_independence(table),
            *_of_each(table),
            named.as_evidence(
                setting="most probable character", measure="accuracy", unit="fraction"
            ),
        ],
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint(sheet, table),
                caption="Bits that the code of a patch takes, given those before it, against its "
                "place in the sequence; the mean over unseen pictures and seeds. Shuffled: one "
                "other order, the same for all pictures. By place: how frequent a code is at its "
                "place, whatever the others are. I.i.d.: codes drawn from all alike. Row by row "
                "and by place the vertical lines end rows. Shuffled, the same number is another "
                "place of the picture, so only means over places compare.",
            ),
            _extremes(table),
        ],
    )


def _of_identity_and_independence(table: Table) -> Iterator[Evidence]:
    """Split what i.i.d. codes cost: that places are alike, and that codes do not know others."""
    for more, less in ((IID, PLACES), (PLACES, RASTER)):
        found = difference(table, "bits", {"order": more}, {"order": less})
        yield found.as_evidence(setting=f"{more} less {less}", measure="bits", unit="bits a patch")


def _of_each(table: Table) -> Iterator[Evidence]:
    for order in (RASTER, SHUFFLED, PLACES, IID):
        found = estimate(table.values("bits", order=order))
        yield found.as_evidence(setting=order, measure="bits", unit="bits a patch")


def _paint(sheet: Sheet, table: Table) -> None:
    axes = sheet.subplots()
    for style, order in zip(line_styles(4), (RASTER, SHUFFLED, PLACES, IID), strict=True):
        bits_N = table.lists("bits_at", order=order).mean(axis=0)
        axes.plot(range(1, len(bits_N) + 1), bits_N, label=order, markevery=4, **style)
    for end in range(SIDE_PX // PATCH_PX, len(bits_N), SIDE_PX // PATCH_PX):
        axes.axvline(end + 0.5, color="0.85", linewidth=0.6)
    axes.set(xlabel="place of the patch in the sequence", ylabel="bits a patch")
    axes.set_xlim(0, len(bits_N) + 1)
    axes.set_ylim(0, math.log2(CODES) + 0.2)
    axes.legend(loc="lower left", ncols=4)


def _extremes(table: Table) -> Figure:
    return draw(
        "extremes.png",
        lambda sheet: _paint_extremes(sheet, table),
        caption="The most probable (above) and the least probable unseen picture of each of some "
        "characters, by the product of the conditional probabilities of its patches; one seed.",
    )


def _paint_extremes(sheet: Sheet, table: Table) -> None:
    run = table.first(order=RASTER).values
    pictures = run["extremes"]
    panels = sheet.subplots(2, len(pictures) // 2, squeeze=False)
    for place, picture in enumerate(pictures):
        paint_thumbnail(panels[place % 2, place // 2], picture)
    for label, axes in zip(run["characters"], panels[0], strict=True):
        axes.set_title(table.classes[label], fontsize=8)
    for row, name in enumerate(("most", "least")):
        panels[row, 0].set_ylabel(f"{name} probable")


STUDY = Study(
    id="chain_rule",
    chapter=Chapter.SEQUENCES,
    title=Words(en="Chain rule", ko="연쇄 법칙"),
    claim=Words(
        en="P(x_1, ..., x_t) is the product of the conditionals P(x_s | x_1, ..., x_s-1): "
        "sequence data are not i.i.d., and their order matters.",
        ko="P(x_1, ..., x_t)는 조건부 확률 P(x_s | x_1, ..., x_s-1)의 곱이다. "
        "시퀀스 데이터는 i.i.d. 가정을 따르지 않으며 순서가 중요하다.",
    ),
    method=f"Pictures become sequences of {(SIDE_PX // PATCH_PX) ** 2} patch codes by k-means, and "
    "one GRU after another learns to tell each code from the character and the codes before it: in "
    "the order of rows, in one other order that is the same for all pictures, and with each code "
    "drawn independently from all; all else is equal. The bits that a code of unseen pictures "
    "takes are measured; beside them, those by the frequencies of codes at each place alone, which "
    "know neither character nor other codes, split what i.i.d. costs into identical and "
    "independent.",
    rule="Supported if a code takes fewer bits row by row than shuffled and than i.i.d., seed by "
    "seed, both with 95 % intervals above 0; refuted if one is below 0; else undecided. "
    "The frequencies at each place are shown, and decide nothing.",
    plan=plan,
    conclude=conclude,
)
