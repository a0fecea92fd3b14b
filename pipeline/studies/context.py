"""Does a token's output change when its neighbours change, and which layers make it so?"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import torch
from matplotlib.figure import Figure as Sheet
from torch import Tensor, nn

from pipeline.dataset.loader import eval_batches
from pipeline.networks.cnn import ConvNet
from pipeline.networks.parts.attention import EncoderLayer
from pipeline.networks.parts.recurrent import RecurrentClassifier
from pipeline.networks.parts.tokens import as_tokens
from pipeline.networks.vit import VisionTransformer
from pipeline.params import AnyNetwork, Train
from pipeline.studies.parts.cells import Bench, Cell, Measured
from pipeline.studies.parts.figure import MAIN, draw, line_styles, plot_estimates
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Finding, Study, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.training import (
    scored_pictures,
    train_once,
    training_pictures,
)
from pipeline.studies.parts.verdict import Estimate, decide_exact, estimate
from pipeline.training.loop import trained_module

NETWORKS = ("cnn", "vit", "gru")
PICTURES = 64
NOTHING = 1e-6  # relative change that rounding may make
PATCH = 8  # an eighth of the picture's side is replaced

Stage = tuple[str, Tensor]  # name, and the token's vectors (B, D)


def plan(setup: Setup) -> Sequence[Cell]:
    """Train a CNN, a Vision Transformer and a GRU, then change a patch far from the token."""
    keys: dict[str, dict[str, Any]] = {
        "vit": {"stem": "linear"},
        "gru": {"stem": "linear", "bidirectional": False},
    }
    return [
        Cell(
            settings={"arch": arch},
            seed=seed,
            function=measure_change,
            arguments={
                "network": setup.network(arch, **keys.get(arch, {})),
                "train": setup.train(),
            },
        )
        for arch in NETWORKS
        for seed in setup.seeds
    ]


def measure_change(bench: Bench, *, seed: int, network: AnyNetwork, train: Train) -> Measured:
    """Replace the last patch of pictures, and the first: how far do tokens at the other end move?

    Returns:
        `stages`: names, from the picture on; `first` and `last`: for each of them the mean relative
        change |x' - x| / |x| of the first token when the last patch is replaced, and of the last
        token when the first patch is; and `alone`, of a token in the feed-forward layers of a
        Vision Transformer when all others are replaced (0 for others).
    """
    pictures = training_pictures(bench)
    trained = train_once(bench, seed=seed, network=network, train=train, pictures=pictures)
    module = trained_module(trained, runtime=bench.runtime).double()
    batches = eval_batches(
        scored_pictures(bench),
        view=trained.card.view,
        batch_size=PICTURES,
        device=bench.runtime.device,
    )
    x_BCSS = next(iter(batches))[0].double()
    stages = {
        "first": _changes(module, x_BCSS, _replaced(x_BCSS, is_last=True), place=0),
        "last": _changes(module, x_BCSS, _replaced(x_BCSS, is_last=False), place=-1),
    }
    changes = {end: [change for _, change in each] for end, each in stages.items()}
    names = [name for name, _ in stages["first"]]
    return Measured(
        values={"stages": names, **changes, "alone": _alone(module, x_BCSS)},
        timing={"train_s": trained.timing["seconds"]},
    )


def _replaced(x_BCSS: Tensor, *, is_last: bool) -> Tensor:
    """Put another picture's patch in the lower right corner, or in the upper left."""
    size = x_BCSS.shape[-1] // PATCH
    corner = slice(-size, None) if is_last else slice(0, size)
    changed_BCSS = x_BCSS.clone()
    changed_BCSS[:, :, corner, corner] = x_BCSS.roll(1, dims=0)[:, :, corner, corner]
    return changed_BCSS


@torch.inference_mode()
def _changes(
    module: nn.Module, x_BCSS: Tensor, changed_BCSS: Tensor, *, place: int
) -> list[tuple[str, float]]:
    """Compare a token's vectors stage by stage."""
    before, after = trace(module, x_BCSS, place=place), trace(module, changed_BCSS, place=place)
    return [
        (name, round(relative_change(x_BD, y_BD), 12))
        for (name, x_BD), (_, y_BD) in zip(before, after, strict=True)
    ]


def relative_change(x_BD: Tensor, y_BD: Tensor) -> float:
    """Give the mean of |y - x| / |x| over pictures."""
    return float(((y_BD - x_BD).norm(dim=1) / x_BD.norm(dim=1).clamp(min=NOTHING)).mean())


def trace(module: nn.Module, x_BCSS: Tensor, *, place: int) -> list[Stage]:
    """Follow one token of each picture through a network.

    Args:
        module: a CNN, a Vision Transformer without class token, or a recurrent network.
        x_BCSS: normalised pictures.
        place: of the token, from the upper left; -1 is the last.
    """
    return [(name, x_BND[:, place]) for name, x_BND in _stages(module, x_BCSS)]


def _stages(module: nn.Module, x_BCSS: Tensor) -> Iterator[tuple[str, Tensor]]:
    if isinstance(module, ConvNet):
        x_BCHW: Tensor = module.stem(x_BCSS)
        yield "stem", as_tokens(x_BCHW)
        for number, stage in enumerate(module.stages, start=1):
            x_BCHW = stage(x_BCHW)
            yield f"stage {number}", as_tokens(x_BCHW)
    elif isinstance(module, RecurrentClassifier):
        x_BND: Tensor = module.stem(x_BCSS)
        yield "stem", x_BND
        for number, layer in enumerate(module.layers, start=1):
            x_BND = layer(x_BND)
            yield f"layer {number}", x_BND
    elif isinstance(module, VisionTransformer):
        x_BND = module.position(module.cut(x_BCSS))
        yield "stem", x_BND
        for number, layer in enumerate(_layers(module), start=1):
            x_BND = x_BND + layer.attention(layer.norm_attention(x_BND))
            yield f"attention {number}", x_BND
            x_BND = x_BND + layer.feed_forward(layer.norm_feed_forward(x_BND))
            yield f"feed-forward {number}", x_BND
    else:
        raise TypeError(f"cannot look into {type(module).__name__}")


@torch.inference_mode()
def _alone(module: nn.Module, x_BCSS: Tensor) -> float:
    """Change all tokens but the first before each feed-forward layer: does the first move?"""
    if not isinstance(module, VisionTransformer):
        return 0.0
    tokens = dict(_stages(module, x_BCSS))
    worst = 0.0
    for number, layer in enumerate(_layers(module), start=1):
        x_BND = tokens[f"attention {number}"]
        others_BND = torch.cat([x_BND[:, :1], x_BND[:, 1:].roll(1, dims=0)], dim=1)
        pair = [layer.feed_forward(layer.norm_feed_forward(each)) for each in (x_BND, others_BND)]
        worst = max(worst, relative_change(pair[0][:, 0], pair[1][:, 0]))
    return round(worst, 12)


def _layers(module: VisionTransformer) -> Iterator[EncoderLayer]:
    return (cast("EncoderLayer", layer) for layer in module.layers)


def conclude(table: Table) -> Finding:
    """Attention must move the token, the feed-forward layers alone must not."""
    vit = table.where(arch="vit")
    stages: list[str] = vit.first().values["stages"]
    moved = estimate(vit.lists("first")[:, stages.index("attention 1")])
    stem = float(vit.lists("first")[:, stages.index("stem")].max())
    alone = float(vit.values("alone").max())
    past, future = (_at_end(table, "gru", end) for end in ("last", "first"))
    holds = bool((vit.lists("first")[:, 1] > NOTHING).all()) and max(stem, alone) <= NOTHING
    return Finding(
        verdict=decide_exact(holds=holds),
        why=f"a patch at the other end of the picture moves a token by {moved} of its length in "
        f"the first attention layer, by {stem:.0e} before it and by {alone:.0e} in the "
        f"feed-forward layers alone; a GRU's last token by {past}, its first, which comes before, "
        f"by {future}",
        evidence=list(_evidence(table)),
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint(sheet, table),
                caption="How far a token in the upper left corner moves, layer by layer, when only "
                "the patch in the lower right corner is replaced (dashes of the GRU: the other "
                "way round). 0.5 means by half its length. Bars: 95 % over seeds.",
            )
        ],
    )


def _at_end(table: Table, arch: str, end: str) -> Estimate:
    """Estimate the change after the last layer."""
    return estimate(table.lists(end, arch=arch)[:, -1])


def _evidence(table: Table) -> Iterator[Evidence]:
    for arch in NETWORKS:
        names: list[str] = table.first(arch=arch).values["stages"]
        ends = [("first", "first token, last patch"), ("last", "last token, first patch")]
        for end, of in ends if arch == "gru" else ends[:1]:  # the others look both ways
            for number, name in enumerate(names):
                yield estimate(table.lists(end, arch=arch)[:, number]).as_evidence(
                    setting=f"{arch}, {name}, {of}", measure="relative change", unit="of its length"
                )
    yield estimate(table.values("alone", arch="vit")).as_evidence(
        setting="vit, feed-forward alone", measure="relative change", unit="of its length"
    )


def _paint(sheet: Sheet, table: Table) -> None:
    panels = sheet.subplots(1, len(NETWORKS), sharey=True)
    first, last = line_styles(2)
    for axes, arch in zip(panels, NETWORKS, strict=True):
        names: list[str] = table.first(arch=arch).values["stages"]
        places = range(len(names))
        for end, style, label in (("first", first, "first token"), ("last", last, "last token")):
            if end == "first" or arch == "gru":
                changes_SN = table.lists(end, arch=arch)
                each = [estimate(changes_SN[:, number]) for number in places]
                plot_estimates(axes, list(places), each, label=label, style=style)
        axes.set_xticks(list(places), names, rotation=60, ha="right")
        axes.set_title(arch, fontsize=9)
    panels[0].set_ylabel("change of a token (of its length)")
    panels[-1].legend()


STUDY = Study(
    id="context",
    chapter=Chapter.ATTENTION,
    title=Words(en="Context", ko="문맥"),
    claim=Words(
        en="In self-attention the same input gives another output when the other inputs change; "
        "the feed-forward layer acts on each token alone.",
        ko="셀프 어텐션에서는 같은 입력도 다른 입력이 바뀌면 출력이 달라지고, "
        "피드포워드 층은 토큰마다 따로 작용한다.",
    ),
    method="In unseen pictures only the patch in the lower right corner is replaced, and the "
    "change of the token in the upper left corner is measured after every layer of a trained CNN, "
    "Vision Transformer and GRU (one way; for it also the other way round). Calculated in float64, "
    "so that nothing is nothing.",
    rule=f"Supported if the first attention layer moves the token in every seed by more than "
    f"{NOTHING:g} of its length, while the layers before it and the feed-forward layers, given the "
    "same token among others, move it by no more; else refuted. No chance is involved.",
    plan=plan,
    conclude=conclude,
)
