"""Pictures of different shape as sequences of different length, or forced into one."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import torch
from matplotlib.figure import Figure as Sheet
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from pipeline.dataset.loader import eval_batches
from pipeline.dataset.seed import make_generator
from pipeline.dataset.transforms import native_sizes
from pipeline.networks.parts.tokens import tokens_in_row
from pipeline.networks.vit import RGB_CHANNELS
from pipeline.params import AnyNetwork, Train, View, Vit
from pipeline.studies.parts.cells import Bench, Cell, Measured, grid
from pipeline.studies.parts.figure import MAIN, draw, plot_scores
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Finding, Study, UndecidableError, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.training import (
    score_trained,
    scored_pictures,
    train_once,
    training_pictures,
)
from pipeline.studies.parts.verdict import Estimate, all_of, decide, difference, estimate
from pipeline.training.loop import trained_module

NATIVE: Final = "native"
OTHERS = ("squash", "letterbox")
KINDS = ("square", "long")
LONG = 1.2  # longer side / shorter side, from which on a picture is not square
ENOUGH = 20  # scored pictures that are not square
MARGIN = 0.02  # of accuracy that coping may cost
MOST_TICKS = 8
NOISE = 10.0  # standard deviation of noise outside a picture; pictures lie in [-1, 1]
DIGITS = 9  # kept of a change: what double precision rounds away differs between processors
BATCH = 64


def plan(setup: Setup) -> Sequence[Cell]:
    """Train on pictures in their own proportions, squashed, and with bars."""
    num = int(_is_long(setup.data.scored.content_N2).sum())
    if num < ENOUGH:
        raise UndecidableError(
            f"{num} of {setup.data.num_scored} scored pictures are not square; it takes {ENOUGH}"
        )
    return [
        Cell(
            settings=settings,
            seed=seed,
            function=train_and_split,
            arguments={"network": setup.network("vit", **settings), "train": setup.train()},
        )
        for settings, seed in grid(setup.seeds, resize=[NATIVE, *OTHERS])
    ]


def train_and_split(bench: Bench, *, seed: int, network: AnyNetwork, train: Train) -> Measured:
    """Train and score; also score square pictures and others apart.

    Returns:
        As of `score_trained`, and `long_accuracy`, `square_accuracy` (if a scored picture is
        square), `lengths`: how many scored pictures have 0, 1, 2, ... tokens; and native
        `noise_change`, see `change_by_noise`.
    """
    pictures, scored = training_pictures(bench), scored_pictures(bench)
    trained = train_once(bench, seed=seed, network=network, train=train, pictures=pictures)
    measured = score_trained(bench, trained, pictures=pictures)
    values: dict[str, Any] = {
        **measured.values,
        **accuracies(measured.values["is_right"], content_N2=scored.content_N2),
        "lengths": np.bincount(count_tokens(network, scored.content_N2)).tolist(),
    }
    if network.resize == NATIVE:
        module = trained_module(trained, runtime=bench.runtime).cpu().double()
        generator = make_generator(seed, use="noise")
        batches = eval_batches(scored, view=trained.card.view, batch_size=BATCH)
        values["noise_change"] = max(
            change_by_noise(module, x_BCSS.double(), generator=generator) for x_BCSS, _ in batches
        )
    return Measured(values=values, timing=measured.timing)


def accuracies(is_right_N: Sequence[int], *, content_N2: NDArray[np.int64]) -> dict[str, float]:
    """Score square pictures and others apart; a kind of which there is none is left out."""
    is_long_N = _is_long(content_N2)
    kinds = {"square_accuracy": ~is_long_N, "long_accuracy": is_long_N}
    return {
        name: float(np.array(is_right_N)[is_kind_N].mean())
        for name, is_kind_N in kinds.items()
        if is_kind_N.any()
    }


@torch.inference_mode()
def change_by_noise(module: nn.Module, x_BCSS: Tensor, *, generator: Generator) -> float:
    """Fill with noise what lies outside the pictures, and see what comes of it.

    Args:
        module: in evaluation mode and float64.
        x_BCSS: (B, 4, S, S) float64, the last channel 1 where there is picture.
        generator: draws the noise.

    Returns:
        The largest |difference| of a logit, in whole units of 1e-9.
    """
    x_B3SS, mask_B1SS = x_BCSS[:, :RGB_CHANNELS], x_BCSS[:, RGB_CHANNELS:]
    noise_B3SS = NOISE * torch.randn(x_B3SS.shape, generator=generator, dtype=x_B3SS.dtype)
    noisy_BCSS = torch.cat([torch.where(mask_B1SS > 0, x_B3SS, noise_B3SS), mask_B1SS], dim=1)
    return round(float((module(noisy_BCSS) - module(x_BCSS)).abs().max()), DIGITS)


def count_tokens(network: AnyNetwork, content_N2: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the tokens that a Vision Transformer makes of pictures of these widths and heights."""
    if not isinstance(network, Vit):
        raise TypeError(f"{network.arch} is no Vision Transformer")
    if network.resize != NATIVE:
        side = tokens_in_row(network.image_size_px, token_px=network.token_px)
        return np.full(len(content_N2), side**2)
    view = View(image_size_px=network.image_size_px, resize=NATIVE, multiple_px=network.token_px)
    sizes_N2 = native_sizes(torch.from_numpy(content_N2), view=view).numpy()
    tokens_N: NDArray[np.int64] = (sizes_N2 // network.token_px).prod(axis=1)
    return tokens_N


def _is_long(content_N2: NDArray[np.int64]) -> NDArray[np.bool_]:
    is_long_N: NDArray[np.bool_] = content_N2.max(axis=1) >= LONG * content_N2.min(axis=1)
    return is_long_N


def conclude(table: Table) -> Finding:
    """Compare sequences of different length with both ways of making them equal."""
    gains = {each: _gain(table, "accuracy", each) for each in OTHERS}
    lengths = _lengths(table, NATIVE)
    used = np.flatnonzero(lengths)
    return Finding(
        verdict=all_of([decide(gain, above=-MARGIN) for gain in gains.values()]),
        why=f"the accuracy with sequences of {used.min()} to {used.max()} tokens less that with "
        f"pictures squashed is {gains['squash']}, with bars {gains['letterbox']} "
        f"({int(_lengths(table, 'squash').argmax())} tokens each), over {gains['squash'].n} seeds",
        evidence=[
            *(
                _gain(table, measure, each).as_evidence(
                    setting=f"native less {each}", measure=measure, unit="fraction of pictures"
                )
                for measure in ("accuracy", "long_accuracy")
                for each in OTHERS
            ),
            _of_noise(table),
            *_of_each(table),
        ],
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint(sheet, table),
                caption="Left: how many tokens the unseen pictures have when they keep their "
                "proportions; a square one has most. Right: accuracy on square pictures, if "
                f"there are any, and on those whose sides differ by a factor of {LONG} or more "
                "(long). Bars: 95 % over seeds.",
            )
        ],
    )


def _gain(table: Table, measure: str, other: str) -> Estimate:
    return difference(table, measure, {"resize": NATIVE}, {"resize": other})


def _lengths(table: Table, resize: str) -> NDArray[np.int64]:
    return np.array(table.first(resize=resize).values["lengths"])


def _kinds(table: Table) -> list[str]:
    """List the kinds of scored pictures that there are, which no run changes."""
    values = table.first(resize=NATIVE).values
    return [kind for kind in KINDS if f"{kind}_accuracy" in values]


def _of_noise(table: Table) -> Evidence:
    changes_S = table.values("noise_change", resize=NATIVE)
    return Evidence(
        setting="noise outside the picture",
        measure="largest change of a logit",
        value=float(changes_S.max()),
        low=None,
        high=None,
        unit="logits",
        n=len(changes_S),
    )


def _of_each(table: Table) -> Iterator[Evidence]:
    for resize in (NATIVE, *OTHERS):
        for measure in ("accuracy", *(f"{kind}_accuracy" for kind in _kinds(table))):
            found = estimate(table.values(measure, resize=resize))
            yield found.as_evidence(setting=resize, measure=measure, unit="fraction of pictures")
        lengths = _lengths(table, resize)
        yield Evidence(
            setting=resize,
            measure="mean length",
            value=round(float(np.average(np.arange(len(lengths)), weights=lengths)), 4),
            low=None,
            high=None,
            unit="tokens",
            n=int(lengths.sum()),
        )


def _paint(sheet: Sheet, table: Table) -> None:
    counts, scores = sheet.subplots(1, 2, width_ratios=(1, 1.3))
    lengths = _lengths(table, NATIVE)
    used = np.flatnonzero(lengths)
    counts.bar(range(len(used)), lengths[used], color="0.5")
    step = 1 + len(used) // MOST_TICKS
    counts.set_xticks(range(0, len(used), step), used[::step].tolist())
    counts.set(xlabel="tokens of a picture", ylabel="unseen pictures")
    names = (NATIVE, *OTHERS)
    found = {
        kind: [estimate(table.values(f"{kind}_accuracy", resize=name)) for name in names]
        for kind in _kinds(table)
    }
    plot_scores(scores, names, found, xlabel="how a picture is shown")


STUDY = Study(
    id="variable_length",
    chapter=Chapter.SEQUENCES,
    title=Words(en="Sequences of different length", ko="가변 길이 시퀀스"),
    claim=Words(
        en="Sequences differ in length, and a model can cope with it.",
        ko="시퀀스 데이터는 길이가 서로 다르며, 모델은 가변 길이를 다룰 수 있어야 한다.",
    ),
    method="A Vision Transformer is trained on pictures in their own proportions, each cut into as "
    "many patches as it has (native), and on the same pictures forced into one length by squashing "
    "or by bars; network, batches and steps are equal. Accuracy is measured on unseen pictures, "
    "on square ones, if there are any, and others apart; and in double precision by how much noise "
    "outside a native picture changes a logit.",
    rule=f"Supported if native accuracy is at most {MARGIN} below that of squashing and that of "
    "bars, seed by seed, with both 95 % intervals; refuted if one interval is wholly below that; "
    "else undecided, as with too few pictures that are not square. What noise changes is "
    "shown, and decides nothing.",
    plan=plan,
    conclude=conclude,
)
