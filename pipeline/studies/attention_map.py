"""Does attention say which tokens matter?"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from matplotlib.figure import Figure as Sheet
from torch import Tensor, nn

from pipeline.dataset.loader import eval_batches
from pipeline.dataset.pack import Pack
from pipeline.dataset.seed import make_generator
from pipeline.errors import ModelError
from pipeline.evaluation.explain.attention import opened, rollout
from pipeline.evaluation.masks import masks_of
from pipeline.params import AnyNetwork, Train
from pipeline.studies.parts.cells import Bench, Cell, Measured
from pipeline.studies.parts.figure import MAP, draw
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Finding, Study, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.thumbnails import as_percent, paint_thumbnail
from pipeline.studies.parts.training import (
    scored_pictures,
    train_once,
    training_pictures,
)
from pipeline.studies.parts.verdict import decide, estimate
from pipeline.training.loop import trained_module

HIDDEN = 0.25  # of a picture's tokens
PICTURES = 128  # scored pictures that are looked at, the first by sha256
SHOWN = 4
MASK_PX = 12  # side of the masks that cells are given


def plan(setup: Setup) -> Sequence[Cell]:
    """Train a Vision Transformer, then hide the tokens it looks at most, and least."""
    scored = setup.data.scored
    return [
        Cell(
            settings={"arch": "vit"},
            seed=seed,
            function=hide_and_look,
            arguments={
                "network": setup.network("vit"),
                "train": setup.train(),
                "masks": _masks(setup, scored),
            },
        )
        for seed in setup.seeds
    ]


def _masks(setup: Setup, scored: Pack) -> dict[str, list[int]]:
    """Say of pictures that the studio drew where the character is, in a square of 12 x 12."""
    if not setup.project.groups.exists():
        return {}
    first = [row.sha256 for row in scored.rows[:PICTURES]]
    masks = masks_of(scored, setup.catalog.kept)
    return {sha256: _small(masks[sha256]) for sha256 in first if sha256 in masks}


def _small(mask_HW: np.ndarray) -> list[int]:
    """Set a mask into the middle of its square, as pictures are, and shrink it by sampling."""
    height, width = mask_HW.shape
    side = max(height, width)
    square = np.zeros((side, side), dtype=int)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = mask_HW
    places = (np.arange(MASK_PX) * side + side // 2) // MASK_PX
    return [int(each) for each in square[np.ix_(places, places)].ravel()]


def hide_and_look(
    bench: Bench, *, seed: int, network: AnyNetwork, train: Train, masks: dict[str, list[int]]
) -> Measured:
    """Train, then grey out a quarter of the tokens by how much attention leads to them.

    Returns:
        `drop_most`, `drop_least`, `drop_random`: how much the probability of the label falls, mean
        over pictures that were right; `num_right`; `entropy_1`, ...: of the heads of each layer, a
        share of ln N; `on_character` and `area`: share of the attention and of the square that is
        the character's, of pictures with masks (-1: there are none); and for the figure `pictures`
        (grey, 0 to 1) and `maps` of the first right ones.
    """
    pictures = training_pictures(bench)
    trained = train_once(bench, seed=seed, network=network, train=train, pictures=pictures)
    module = trained_module(trained, runtime=bench.runtime)
    scored = scored_pictures(bench)
    device = bench.runtime.device
    batches = eval_batches(scored, view=trained.card.view, batch_size=PICTURES, device=device)
    x_BCSS, indices_B = next(iter(batches))
    labels_B = torch.as_tensor(scored.labels_N)[indices_B.cpu()].to(device)
    probs_B = _probability(module, x_BCSS, labels_B)
    is_right_B = module(x_BCSS).argmax(dim=1) == labels_B
    if not is_right_B.any():
        raise ModelError("the trained network names no picture rightly, so none can be asked about")
    maps_BGG = rollout(module, x_BCSS, labels_B).detach()
    noise_BGG = torch.rand(maps_BGG.shape, generator=make_generator(seed, use="hidden tokens"))
    noise_BGG = noise_BGG.to(device)
    drops = {
        name: float(
            (probs_B - _probability(module, hide(x_BCSS, order), labels_B))[is_right_B].mean()
        )
        for name, order in (("most", maps_BGG), ("least", -maps_BGG), ("random", noise_BGG))
    }
    shown = torch.nonzero(is_right_B)[:SHOWN, 0]
    rows = [scored.rows[index].sha256 for index in indices_B.tolist()]
    return Measured(
        values={
            **{f"drop_{name}": drop for name, drop in drops.items()},
            "num_right": int(is_right_B.sum()),
            **_entropies(module, x_BCSS),
            **_on_character(maps_BGG, rows, masks),
            "pictures": as_percent((x_BCSS[shown].mean(dim=1) + 1) / 2),
            "maps": as_percent(
                maps_BGG[shown] / _not_zero(maps_BGG[shown].amax(dim=(1, 2), keepdim=True))
            ),
        },
        timing={"train_s": trained.timing["seconds"]},
    )


@torch.no_grad()
def _probability(module: nn.Module, x_BCSS: Tensor, labels_B: Tensor) -> Tensor:
    probs_B: Tensor = module(x_BCSS).softmax(dim=1).gather(1, labels_B[:, None])[:, 0]
    return probs_B


def hide(x_BCSS: Tensor, order_BGG: Tensor) -> Tensor:
    """Grey out the quarter of the tokens that come first in an order, the greatest first.

    Args:
        x_BCSS: pictures.
        order_BGG: a number for each token; a token is a square of S / G px.
    """
    num_tokens = order_BGG[0].numel()
    hidden_Bn = order_BGG.flatten(1).argsort(dim=1, descending=True)[
        :, : round(HIDDEN * num_tokens)
    ]
    is_seen_BN = x_BCSS.new_ones(len(x_BCSS), num_tokens).scatter(1, hidden_Bn, 0.0)
    token_px = x_BCSS.shape[-1] // order_BGG.shape[-1]
    is_seen_BGG = is_seen_BN.view_as(order_BGG)
    is_seen_B1SS = is_seen_BGG.repeat_interleave(token_px, 1).repeat_interleave(token_px, 2)[
        :, None
    ]
    return x_BCSS * is_seen_B1SS  # 0 is middle grey: pictures have a mean of 0.5


@torch.no_grad()
def _entropies(module: nn.Module, x_BCSS: Tensor) -> dict[str, float]:
    """Say how widely the heads of each layer look: 1 is all tokens alike, 0 one token alone."""
    with opened(module) as weights:
        module(x_BCSS)
    return {
        f"entropy_{number}": float(
            torch.special.entr(layer_BHNM).sum(dim=3).mean() / math.log(layer_BHNM.shape[3])
        )
        for number, layer_BHNM in enumerate(weights, start=1)
    }


def _on_character(
    maps_BGG: Tensor, sha256s: Sequence[str], masks: dict[str, list[int]]
) -> dict[str, float]:
    """Compare where attention leads with where the character is."""
    places = [place for place, sha256 in enumerate(sha256s) if sha256 in masks]
    if not places:
        return {"on_character": -1.0, "area": -1.0}
    masks_MSS = torch.tensor([masks[sha256s[place]] for place in places], dtype=torch.float32)
    masks_MSS = masks_MSS.view(-1, 1, MASK_PX, MASK_PX)
    side = maps_BGG.shape[-1]
    area_MGG = nn.functional.interpolate(masks_MSS, size=(side, side), mode="area")[:, 0]
    maps_MGG = maps_BGG[places].cpu()
    maps_MGG = maps_MGG / _not_zero(maps_MGG.sum(dim=(1, 2), keepdim=True))
    return {
        "on_character": float((maps_MGG * area_MGG).sum(dim=(1, 2)).mean()),
        "area": float(area_MGG.mean()),
    }


def _not_zero(values: Tensor) -> Tensor:
    """Let what is nowhere stay nowhere: a map may be empty."""
    return values.clamp(min=torch.finfo(values.dtype).tiny)


def conclude(table: Table) -> Finding:
    """Compare what is lost with the tokens that are looked at most with what is lost otherwise."""
    lead = estimate(table.values("drop_most") - table.values("drop_least"))
    return Finding(
        verdict=decide(lead),
        why="greying out the quarter of the tokens to which most attention leads costs the label "
        f"{lead} more of its probability than greying out the quarter to which least leads, over "
        f"{lead.n} seeds; " + _about_masks(table),
        evidence=list(_evidence(table)),
        figures=[
            draw(
                "figure.png",
                lambda sheet: _paint(sheet, table),
                caption="Unseen pictures that were named rightly (above), and to which tokens "
                "attention leads from the answer back through all layers (below; dark is much).",
                height_in=3.4,
            )
        ],
    )


def _about_masks(table: Table) -> str:
    if float(table.values("area").min()) < 0:
        return "where the character is, these pictures do not tell"
    lead = estimate(table.values("on_character") - table.values("area"))
    return (
        f"of the attention {estimate(table.values('on_character'))} lies on the character, who "
        f"takes {table.values('area').mean():.3f} of the picture (difference {lead})"
    )


def _evidence(table: Table) -> Iterator[Evidence]:
    values = [name for name in table.first().values if name.startswith(("drop_", "entropy_"))]
    if float(table.values("area").min()) >= 0:
        values += ["on_character", "area"]
    for name in values:
        yield estimate(table.values(name)).as_evidence(
            setting="vit", measure=name.replace("_", " "), unit="fraction"
        )


def _paint(sheet: Sheet, table: Table) -> None:
    run = table.first().values
    pictures, maps = run["pictures"], run["maps"]
    panels = sheet.subplots(2, len(pictures), squeeze=False)
    for column, (picture, heat) in enumerate(zip(pictures, maps, strict=True)):
        paint_thumbnail(panels[0, column], picture)
        paint_thumbnail(panels[1, column], heat, cmap=MAP)


STUDY = Study(
    id="attention_map",
    chapter=Chapter.ATTENTION,
    title=Words(en="What attention looks at", ko="어텐션이 보는 곳"),
    claim=Words(
        en="Attention says which tokens matter to which.",
        ko="어텐션은 어떤 토큰이 어떤 토큰에게 중요한지 알려 준다.",
    ),
    method="Attention of a trained Vision Transformer is followed from the answer back through all "
    "layers (rollout), and of unseen pictures that it names rightly the quarter of the tokens to "
    "which most, least, or any attention leads is made grey. The fall of the label's probability "
    "is measured, and where the studio drew the pictures also the share of it on the character.",
    rule="Supported if hiding the most attended quarter costs more probability than hiding the "
    "least attended quarter, with a 95 % interval over seeds above 0; refuted if below 0; else "
    "undecided.",
    plan=plan,
    conclude=conclude,
)
