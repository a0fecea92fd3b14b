"""Why are the products divided by sqrt(d_k)?

Products of d_k independent numbers of size 1 add up to a size of sqrt(d_k): the softmax of such
numbers gives nearly all its weight to one key, and where it is so sure its gradient is nearly 0
(Vaswani et al. 2017, arXiv:1706.03762, section 3.2.1).
"""

from collections.abc import Iterator, Sequence

import torch
from matplotlib.figure import Figure as Sheet

from pipeline.dataset.seed import make_generator
from pipeline.networks.parts.attention import attention_weights
from pipeline.networks.vit import VisionTransformer
from pipeline.params import AnyNetwork, Train
from pipeline.studies.parts.cells import Bench, Cell, Measured, grid
from pipeline.studies.parts.figure import MAIN, draw, line_styles, plot_estimates
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Finding, Study, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.training import (
    probabilities,
    scored_pictures,
    scores,
    train_once,
    training_pictures,
)
from pipeline.studies.parts.verdict import Estimate, decide, difference, estimate
from pipeline.training.loop import trained_module

TRAINED_DIMS = (8, 128)  # d_k of the networks that are trained
DRAWN_DIMS = (8, 16, 32, 64, 128)  # d_k of drawn queries and keys
TOKENS, QUERIES = 36, 256
WIDEST = max(TRAINED_DIMS)


def plan(setup: Setup) -> Sequence[Cell]:
    """Train with and without the division; look at the softmax of drawn queries alone, too."""
    trained = [
        Cell(
            settings=settings | {"part": "trained"},
            seed=seed,
            function=train_and_level,
            arguments={
                "network": setup.network("vit", heads=1, **settings),
                "train": setup.train(),
            },
        )
        for settings, seed in grid(setup.seeds, query_dim=TRAINED_DIMS, scale=[True, False])
    ]
    drawn = [
        Cell(
            settings=settings | {"part": "drawn"},
            seed=seed,
            function=measure_softmax,
            arguments=settings,
        )
        for settings, seed in grid(setup.seeds, query_dim=DRAWN_DIMS, scale=[True, False])
    ]
    return [*trained, *drawn]


def train_and_level(bench: Bench, *, seed: int, network: AnyNetwork, train: Train) -> Measured:
    """Train a Vision Transformer, then also score it with every query zero: all keys weigh alike.

    Returns:
        `accuracy`, `loss` and so on, and `level_accuracy` of uniform attention.
    """
    trained = train_once(
        bench, seed=seed, network=network, train=train, pictures=training_pictures(bench)
    )
    module, scored = trained_module(trained, runtime=bench.runtime), scored_pictures(bench)
    values = scores(probabilities(bench, module, scored, trained=trained), scored)
    level_attention(module)
    level = scores(probabilities(bench, module, scored, trained=trained), scored)
    return Measured(
        values=values | {"level_accuracy": level["accuracy"]},
        timing={"train_s": trained.timing["seconds"]},
    )


def level_attention(module: torch.nn.Module) -> None:
    """Let every token listen to all tokens alike, by queries that ask nothing."""
    if not isinstance(module, VisionTransformer):
        raise TypeError(f"{type(module).__name__} is no Vision Transformer")
    for layer in module.layers:
        torch.nn.init.zeros_(layer.attention.query.weight)  # type: ignore[union-attr,arg-type]
        torch.nn.init.zeros_(layer.attention.query.bias)  # type: ignore[union-attr,arg-type]


def measure_softmax(bench: Bench, *, seed: int, query_dim: int, scale: bool) -> Measured:  # noqa: ARG001 - no picture is needed
    """Look at the attention of drawn queries to drawn keys, each number of size 1.

    Returns:
        `largest_weight`: mean over queries, in [1 / keys, 1]; `gradient`: mean Frobenius norm of
        the Jacobian of the softmax, d weights / d products, at most 1 / sqrt(2).
    """
    generator = make_generator(seed, use=f"softmax {query_dim}")
    query = torch.randn(QUERIES, query_dim, generator=generator, dtype=torch.float64)
    key = torch.randn(TOKENS, query_dim, generator=generator, dtype=torch.float64)
    weights_NM = attention_weights(query, key, scale=scale)
    jacobian_NMM = torch.diag_embed(weights_NM) - weights_NM[:, :, None] * weights_NM[:, None]
    return Measured(
        values={
            "largest_weight": float(weights_NM.amax(dim=1).mean()),
            "gradient": float(jacobian_NMM.norm(dim=(1, 2)).mean()),
        },
        timing={},
    )


def conclude(table: Table) -> Finding:
    """Compare networks of the widest queries with and without the division."""
    gain = difference(
        table,
        "accuracy",
        {"query_dim": WIDEST, "scale": True, "part": "trained"},
        {"query_dim": WIDEST, "scale": False, "part": "trained"},
    )
    sure = _drawn(table, "largest_weight", scale=False)
    soft = _drawn(table, "largest_weight", scale=True)
    return Finding(
        verdict=decide(gain),
        why=f"at d_k = {WIDEST} the division adds {gain} to the accuracy over {gain.n} seeds; "
        f"without it the largest of {TOKENS} weights of drawn queries is {sure.value:.2f}, with "
        f"it {soft.value:.2f}",
        evidence=[
            gain.as_evidence(
                setting=f"d_k {WIDEST}, divided less not", measure="accuracy", unit="fraction"
            ),
            *_accuracies(table),
            *_saturation(table),
        ],
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint(sheet, table),
                caption="Left: the largest of 36 attention weights of drawn queries, against their "
                "dimension. Right: accuracy of trained networks; uniform: the same networks when "
                "every token listens to all alike. Bars: 95 % over seeds.",
            )
        ],
    )


def _drawn(table: Table, measure: str, *, scale: bool, query_dim: int = WIDEST) -> Estimate:
    return estimate(table.values(measure, part="drawn", query_dim=query_dim, scale=scale))


def _accuracies(table: Table) -> Iterator[Evidence]:
    for settings, _ in grid([0], query_dim=TRAINED_DIMS, scale=[True, False]):
        for measure in ("accuracy", "level_accuracy"):
            scores = table.values(measure, part="trained", **settings)
            setting = f"d_k {settings['query_dim']}, {_in_words(scale=settings['scale'])}"
            yield estimate(scores).as_evidence(setting=setting, measure=measure, unit="fraction")


def _saturation(table: Table) -> Iterator[Evidence]:
    for settings, _ in grid([0], query_dim=DRAWN_DIMS, scale=[True, False]):
        for measure in ("largest_weight", "gradient"):
            setting = f"drawn, d_k {settings['query_dim']}, {_in_words(scale=settings['scale'])}"
            yield _drawn(table, measure, **settings).as_evidence(
                setting=setting, measure=measure, unit="fraction"
            )


def _in_words(*, scale: bool) -> str:
    return "divided" if scale else "not divided"


def _paint(sheet: Sheet, table: Table) -> None:
    drawn, trained = sheet.subplots(1, 2)
    styles = line_styles(3)
    for style, scale in zip(styles, (True, False), strict=False):
        label = _in_words(scale=scale)
        weights = [
            _drawn(table, "largest_weight", scale=scale, query_dim=query_dim)
            for query_dim in DRAWN_DIMS
        ]
        plot_estimates(drawn, DRAWN_DIMS, weights, label=label, style=style)
        plot_estimates(
            trained,
            TRAINED_DIMS,
            _of_dims(table, "accuracy", scale=scale),
            label=label,
            style=style,
        )
    level = _of_dims(table, "level_accuracy", scale=True)
    plot_estimates(trained, TRAINED_DIMS, level, label="divided, then uniform", style=styles[2])
    drawn.set(ylabel="largest attention weight (0 to 1)", ylim=(0, 1))
    trained.set(ylabel="accuracy (0 to 1)", ylim=(0, 1))
    for axes, dims in ((drawn, DRAWN_DIMS), (trained, TRAINED_DIMS)):
        axes.set_xscale("log", base=2)
        axes.set_xticks(dims, [str(each) for each in dims])
        axes.set_xlabel("numbers of a query, d_k")
        axes.legend()


def _of_dims(table: Table, measure: str, *, scale: bool) -> list[Estimate]:
    return [
        estimate(table.values(measure, part="trained", query_dim=query_dim, scale=scale))
        for query_dim in TRAINED_DIMS
    ]


STUDY = Study(
    id="scale",
    chapter=Chapter.ATTENTION,
    title=Words(en="Scaled attention", ko="스케일드 닷 프로덕트 어텐션"),
    claim=Words(
        en="Attention is softmax(QK^T / sqrt(d_k))V: the division by sqrt(d_k) is needed.",
        ko="어텐션은 softmax(QK^T / sqrt(d_k))V이며, sqrt(d_k)로 나누는 것이 필요하다.",
    ),
    method=f"A Vision Transformer of one head is trained with d_k = {TRAINED_DIMS[0]} and "
    f"{WIDEST}, with and without the division, all else equal, and scored on unseen pictures, also "
    "with its attention made uniform. Beside it, the softmax of drawn queries and keys is measured "
    "for d_k from 8 to 128.",
    rule=f"Supported if at d_k = {WIDEST} accuracy with the division less that without, seed by "
    "seed, has a 95 % interval above 0; refuted if below 0; else undecided. The saturation of "
    "drawn queries is shown, and decides nothing.",
    plan=plan,
    conclude=conclude,
)
