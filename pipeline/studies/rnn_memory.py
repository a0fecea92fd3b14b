"""Does a recurrent network use what came before, and can an MLP not?

The MLP is the recurrent network without its memory, W_h = 0, which leaves the notes' two lines:

    H = sigma(X W1 + b1)
    O = H W2 + b2

Both see one patch at a time, no stem reaches beyond it, and both learn from the mean of all their
answers; then they are asked after every patch.
"""

from collections.abc import Iterator, Sequence
from time import process_time
from typing import cast

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet
from torch import Tensor, nn

from pipeline.dataset.loader import eval_batches
from pipeline.dataset.seed import derive_seed
from pipeline.dataset.selection import select
from pipeline.networks import Start, start_network
from pipeline.networks.parts.recurrent import RecurrentClassifier
from pipeline.params import AnyNetwork, Train
from pipeline.studies.parts.cells import Bench, Cell, Measured, grid
from pipeline.studies.parts.figure import MAIN, draw, line_styles, plot_estimates
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Figure, Finding, Study, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.thumbnails import as_percent, grey_thumbnails, paint_thumbnail
from pipeline.studies.parts.training import first_of_each, scored_pictures, training_pictures
from pipeline.studies.parts.verdict import all_of, decide, decide_exact, difference, estimate
from pipeline.training.checkpoint import Checkpoint
from pipeline.training.learner import Learner
from pipeline.training.objective import make_objective

RNN, MLP = "RNN", "MLP"
LONGER = 2  # times the epochs of a budget: patches seen through a linear map are learned slowly
SHOWN, SHOWN_PX = 3, 36  # pictures of the film strip
FRAMES = 6  # of a film strip


def plan(setup: Setup) -> Sequence[Cell]:
    """Train the same network with its memory and without."""
    network = setup.network("rnn", stem="linear", bidirectional=False, read_out="mean")
    return [
        Cell(
            settings=settings,
            seed=seed,
            function=measure_memory,
            arguments={
                "network": network,
                "train": setup.train(epochs=LONGER * setup.budget.train["epochs"]),
                "remembers": settings["network"] == RNN,
            },
        )
        for settings, seed in grid(setup.seeds, network=[RNN, MLP])
    ]


def measure_memory(
    bench: Bench, *, seed: int, network: AnyNetwork, train: Train, remembers: bool
) -> Measured:
    """Train, then ask for the character after every patch.

    Returns:
        `accuracy` of the mean of all answers; `after`, the accuracy of the answer after each patch;
        `late`, its mean over the second half of the patches; `echo`, by how much replacing the
        first patch moves the probabilities after each patch (half the sum of |differences|, in
        [0, 1]); for the film strip `pictures` (grey, percent) and `belief`, the probability of
        the right character after each patch (percent).
    """
    start_s = process_time()
    torch.manual_seed(derive_seed(seed, use="init"))
    start = start_network(network, classes=bench.data.classes, root=bench.root)
    if not remembers:
        forget(cast("RecurrentClassifier", start.module))
    module = _train(bench, start, seed=seed, train=train)
    train_s = process_time() - start_s
    scored = scored_pictures(bench)
    x_BCSS = next(iter(eval_batches(scored, view=start.view, batch_size=len(scored))))[0]
    labels_B = torch.from_numpy(scored.labels_N)
    with torch.inference_mode():
        x_BND, whole_BK = module.stem(x_BCSS), module(x_BCSS)
        probs_BNK = answers(module, x_BND)
        echo_N = echo(module, x_BND)
    is_right_BN = probs_BNK.argmax(dim=2) == labels_B[:, None]
    after_N = is_right_BN.double().mean(dim=0)
    shown = first_of_each(scored, 1)[:SHOWN]
    return Measured(
        values={
            "accuracy": float((whole_BK.argmax(dim=1) == labels_B).double().mean()),
            "late": float(after_N[len(after_N) // 2 :].mean()),
            "later_echo": float(echo_N[1:].max()),
            "after": _rounded(after_N),
            "echo": _rounded(echo_N),
            "pictures": grey_thumbnails(x_BCSS[shown], side_px=SHOWN_PX),
            "belief": as_percent(probs_BNK[shown, :, labels_B[shown]]),
        },
        timing={"train_s": train_s},
    )


def forget(module: RecurrentClassifier) -> None:
    """Take the memory away for good: H_t no longer depends on H_t-1."""
    for layer in module.layers:
        for way in cast("nn.ModuleList", layer.ways):
            W_h = way.get_parameter("weight_hh_l0")
            nn.init.zeros_(W_h).requires_grad = False


def answers(module: RecurrentClassifier, x_BND: Tensor) -> Tensor:
    """Ask after every patch: probabilities (B, N, K), of each state alone."""
    probs_BNK: Tensor = module.head(module.layers(x_BND)).softmax(dim=2)
    return probs_BNK


def echo(module: RecurrentClassifier, x_BND: Tensor) -> Tensor:
    """Replace the first patch by another picture's: how far does it move each answer, (N,)?"""
    changed_BND = x_BND.clone()
    changed_BND[:, 0] = x_BND[:, 0].roll(1, dims=0)
    moved_BNK = answers(module, changed_BND) - answers(module, x_BND)
    return moved_BNK.abs().sum(dim=2).mean(dim=0) / 2


def _train(bench: Bench, start: Start, *, seed: int, train: Train) -> RecurrentClassifier:
    pictures, scored = training_pictures(bench), scored_pictures(bench)
    watched = select([scored], [first_of_each(scored, 1)])  # must be judged; decides nothing
    objective = make_objective(
        train,
        pictures.labels_N,
        logits=start.logits,
        num_classes=len(pictures.classes),
        device=bench.runtime.device,
        teacher=None,
    )
    learner = Learner(start, train, objective=objective, seed=seed, runtime=bench.runtime)
    for epoch in range(train.epochs):
        learner.run_epoch(Checkpoint(epoch=epoch), pictures, watched, on_step=_ignore)
    return cast("RecurrentClassifier", learner.judged.cpu().float().eval())


def _ignore(_done: int, _loss_sum: float, _loss: float) -> None:
    """Nobody watches."""


def _rounded(values_N: Tensor) -> list[float]:
    return [round(value, 6) for value in values_N.tolist()]


def conclude(table: Table) -> Finding:
    """Compare the answers in the second half of the reading; the MLP must have no echo at all."""
    late = difference(table, "late", {"network": RNN}, {"network": MLP})
    whole = difference(table, "accuracy", {"network": RNN}, {"network": MLP})
    heard = float(table.values("later_echo", network=MLP).max())
    return Finding(
        verdict=all_of([decide(late), decide_exact(holds=heard == 0)]),
        why=f"asked in the second half of the patches, the RNN's accuracy less that of the "
        f"MLP, which knows one patch at a time, is {late} over {late.n} seeds; with the mean of "
        f"all answers the difference is {whole}",
        evidence=[
            late.as_evidence(
                setting="RNN less MLP", measure="accuracy, late patches", unit="fraction"
            ),
            whole.as_evidence(
                setting="RNN less MLP", measure="accuracy, mean of all answers", unit="fraction"
            ),
            *_of_each(table),
        ],
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint(sheet, table),
                caption="Left: accuracy of the answer after each patch, read row by row; the RNN "
                "knows all patches so far, the MLP this one. Right: how far the probabilities "
                "after each patch move when only the first one is replaced. Bars: 95 % over seeds.",
            ),
            _film(table),
        ],
    )


def _of_each(table: Table) -> Iterator[Evidence]:
    for network in (RNN, MLP):
        for measure, name in (
            ("late", "accuracy, late patches"),
            ("accuracy", "accuracy, mean of all answers"),
            ("later_echo", "largest echo of the first patch"),
        ):
            found = estimate(table.values(measure, network=network))
            yield found.as_evidence(setting=network, measure=name, unit="fraction")


def _paint(sheet: Sheet, table: Table) -> None:
    after, echoes = sheet.subplots(1, 2)
    for axes, measure in ((after, "after"), (echoes, "echo")):
        for style, network in zip(line_styles(2), (RNN, MLP), strict=True):
            found_SN = table.lists(measure, network=network)
            places = list(range(0, found_SN.shape[1], 2))
            scores = [estimate(found_SN[:, place]) for place in places]
            plot_estimates(axes, [p + 1 for p in places], scores, label=network, style=style)
        axes.set_xlabel("patch that was read last")
    after.set(ylabel="accuracy (0 to 1)", ylim=(0, 1))
    echoes.set_ylabel("change of probability (0 to 1)")
    after.legend()


def _film(table: Table) -> Figure:
    return draw(
        "film.png",
        lambda sheet: _paint_film(sheet, table),
        caption="What is believed while a picture is read: above, the part that was read; below, "
        "the probability of the right character after each patch, for the first unseen pictures "
        "of three characters, one seed. The vertical lines end rows of patches.",
        height_in=5.4,
    )


def _paint_film(sheet: Sheet, table: Table) -> None:
    runs = {network: table.first(network=network).values for network in (RNN, MLP)}
    pictures = np.array(runs[RNN]["pictures"])
    grid_spec = sheet.add_gridspec(2 * len(pictures), FRAMES)
    for row, picture in enumerate(pictures):
        for frame in range(FRAMES):
            axes = sheet.add_subplot(grid_spec[2 * row, frame])
            shown = picture.copy()
            shown[len(shown) * (frame + 1) // FRAMES :] = 50  # middle grey: not read yet
            paint_thumbnail(axes, shown)
        belief = {network: run["belief"][row] for network, run in runs.items()}
        axes = sheet.add_subplot(grid_spec[2 * row + 1, :])
        _paint_belief(axes, belief)
    axes.set_xlabel("patch that was read last")
    sheet.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)


def _paint_belief(axes: Axes, belief: dict[str, list[int]]) -> None:
    for style, (network, percent_N) in zip(line_styles(2), belief.items(), strict=True):
        steps = range(1, len(percent_N) + 1)
        axes.plot(steps, np.array(percent_N) / 100, label=network, markevery=3, **style)
    num = len(belief[RNN])
    side = round(num**0.5)
    for end in range(side, num, side):
        axes.axvline(end + 0.5, color="0.8", linewidth=0.6)
    axes.set(xlim=(0.5, num + 0.5), ylim=(0, 1), ylabel="probability")


STUDY = Study(
    id="rnn_memory",
    chapter=Chapter.SEQUENCES,
    title=Words(en="Memory", ko="RNN의 기억"),
    claim=Words(
        en="An RNN uses the past inputs of a sequence, which an MLP cannot.",
        ko="RNN은 은닉 상태로 과거의 입력을 활용하지만, MLP는 그렇게 할 수 없다.",
    ),
    method="A recurrent network reads pictures patch by patch; the MLP is the same network with "
    "its recurrent weights held at zero, trained on the same batches for as many steps. After "
    "every patch both are asked who it is, and how far replacing the first patch moves each answer "
    "is measured.",
    rule="Supported if the RNN's accuracy less the MLP's, the mean over the second half of the "
    "patches, seed by seed, has a 95 % interval above 0, and no later answer of the MLP changes at "
    "all when the first patch does; refuted if the interval is below 0 or one changes; else "
    "undecided.",
    plan=plan,
    conclude=conclude,
)
