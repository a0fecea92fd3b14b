"""What are each member's pictures worth?

The Shapley value shares the accuracy of nearest neighbours among the training pictures: what a
picture adds, averaged over all orders in which the pictures may have come. For nearest neighbours
it has an exact formula (Jia et al. 2019, arXiv:1908.08619, theorem 1).
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from matplotlib.figure import Figure as Sheet
from numpy.typing import NDArray

from pipeline.dataset.loader import eval_batches
from pipeline.dataset.selection import Pictures
from pipeline.networks.cnn import ConvNet
from pipeline.params import AnyNetwork, Train, View
from pipeline.studies.parts.cells import Bench, Cell, Measured
from pipeline.studies.parts.figure import HATCHES, MAIN, draw
from pipeline.studies.parts.setup import Setup
from pipeline.studies.parts.study import Chapter, Evidence, Finding, Study, UndecidableError, Words
from pipeline.studies.parts.table import Table
from pipeline.studies.parts.training import (
    scored_pictures,
    train_once,
    training_pictures,
)
from pipeline.studies.parts.verdict import Estimate, all_of, decide, estimate
from pipeline.training.loop import trained_module

NEIGHBOURS = 5
BATCH = 128
DECIMALS = 8

FloatArray = NDArray[np.float64]


def plan(setup: Setup) -> Sequence[Cell]:
    """Value the pictures of each member in the eyes of a CNN, once for each seed."""
    images = setup.catalog.kept
    rows = setup.data.train.rows
    of_picture = [images[row.sha256].record.member if row.sha256 in images else "" for row in rows]
    members = sorted(set(of_picture))
    if len(members) < 2:  # noqa: PLR2004 - one has nobody to be compared with
        raise UndecidableError(f"all training pictures are of one member ({members[0]})")
    return [
        Cell(
            settings={},
            seed=seed,
            function=value_members,
            arguments={
                "network": setup.network("cnn"),
                "train": setup.train(),
                "of_picture": of_picture,
            },
        )
        for seed in setup.seeds
    ]


def value_members(
    bench: Bench, *, seed: int, network: AnyNetwork, train: Train, of_picture: Sequence[str]
) -> Measured:
    """Train a CNN, look up nearest neighbours in its features, and share out their accuracy.

    Returns:
        `members`, and in their order: `values`, the Shapley value of all their pictures together
        (the values of all members add up to the expected accuracy); `per_picture`, the mean of
        one; `lost`, the accuracy that is lost without the member; and `accuracy` of all.
    """
    pictures = training_pictures(bench)
    trained = train_once(bench, seed=seed, network=network, train=train, pictures=pictures)
    module, scored = trained_module(trained, runtime=bench.runtime), scored_pictures(bench)
    view = trained.card.view
    distances_TN = distances(
        features(module, scored, view=view), features(module, pictures, view=view)
    )
    labels = scored.labels_N, pictures.labels_N
    values_N = knn_shapley(distances_TN, *labels, neighbours=NEIGHBOURS)
    accuracy = knn_accuracy(distances_TN, *labels, neighbours=NEIGHBOURS)
    members, owner_N = sorted(set(of_picture)), np.array(of_picture)
    lost = []
    for member in members:
        rest = owner_N != member
        without = knn_accuracy(
            distances_TN[:, rest], labels[0], labels[1][rest], neighbours=NEIGHBOURS
        )
        lost.append(accuracy - without)
    return Measured(
        values={
            "accuracy": accuracy,
            "members": members,
            "values": _round(values_N[owner_N == member].sum() for member in members),
            "per_picture": _round(values_N[owner_N == member].mean() for member in members),
            "lost": _round(lost),
        },
        timing={"train_s": trained.timing["seconds"]},
    )


def features(module: torch.nn.Module, pictures: Pictures, *, view: View) -> FloatArray:
    """Give what a CNN's read-out reads of each picture, scaled to length 1, shape (N, D)."""
    if not isinstance(module, ConvNet):
        raise TypeError(f"{type(module).__name__} is no CNN")
    device = str(next(module.parameters()).device)
    parts = []
    with torch.inference_mode():
        for x_BCSS, _ in eval_batches(pictures, view=view, batch_size=BATCH, device=device):
            parts.append(module.maps(x_BCSS).mean(dim=(2, 3)).double().cpu())
    features_ND: FloatArray = torch.nn.functional.normalize(torch.cat(parts)).numpy()
    return features_ND


def distances(queries_TD: FloatArray, features_ND: FloatArray) -> FloatArray:
    """Measure squared distances of unit vectors, (T, N)."""
    distances_TN: FloatArray = 2 - 2 * queries_TD @ features_ND.T
    return distances_TN


def knn_accuracy(
    distances_TN: FloatArray,
    asked_T: NDArray[np.int64],
    labels_N: NDArray[np.int64],
    *,
    neighbours: int,
) -> float:
    """Score nearest neighbours: the mean share of the k nearest that have the right label.

    It is the accuracy of one neighbour drawn from the k, which is what `knn_shapley` shares out.
    """
    near_Tk = np.argsort(distances_TN, axis=1, kind="stable")[:, :neighbours]
    return float((labels_N[near_Tk] == asked_T[:, None]).sum(axis=1).mean() / neighbours)


def knn_shapley(
    distances_TN: FloatArray,
    asked_T: NDArray[np.int64],
    labels_N: NDArray[np.int64],
    *,
    neighbours: int,
) -> FloatArray:
    """Share the accuracy of nearest neighbours among the training pictures, exactly.

    Args:
        distances_TN: from each of T pictures that are asked about to each of N training pictures.
        asked_T: labels of the former.
        labels_N: labels of the latter.
        neighbours: k.

    Returns:
        The value of each training picture, shape (N,); their sum is `knn_accuracy` of all (the
        empty set scores 0).
    """
    order_TN = np.argsort(distances_TN, axis=1, kind="stable")
    is_right_TN = (labels_N[order_TN] == asked_T[:, None]).astype(np.float64)
    num = len(labels_N)
    place_N = np.arange(1, num)  # from the nearest, 1
    step_TN = (
        (is_right_TN[:, :-1] - is_right_TN[:, 1:])
        / neighbours
        * np.minimum(neighbours, place_N)
        / place_N
    )
    farthest_T = is_right_TN[:, -1] * min(neighbours, num) / (neighbours * num)
    sums_TN = np.cumsum(step_TN[:, ::-1], axis=1)[:, ::-1]
    sorted_TN = farthest_T[:, None] + np.pad(sums_TN, ((0, 0), (0, 1)))
    values_TN = np.empty_like(sorted_TN)
    np.put_along_axis(values_TN, order_TN, sorted_TN, axis=1)
    mean_N: FloatArray = values_TN.mean(axis=0)
    return mean_N


def conclude(table: Table) -> Finding:
    """Ask of every member whether the pictures are worth something."""
    members: list[str] = table.first().values["members"]
    worth = _by_member(table, "values", members)
    ordered = sorted(members, key=lambda member: -worth[member].value)
    return Finding(
        verdict=all_of([decide(each) for each in worth.values()]),
        why="of the accuracy of nearest neighbours "
        + ", ".join(f"{member} brings {worth[member]}" for member in ordered)
        + f", over {worth[members[0]].n} seeds",
        evidence=list(_evidence(table, members)),
        figures=[
            draw(
                MAIN,
                lambda sheet: _paint(sheet, table, ordered),
                caption="Each member's share of the accuracy of nearest neighbours (Shapley value) "
                "beside what is lost without their pictures. Bars: 95 % over seeds.",
            )
        ],
    )


def _by_member(table: Table, measure: str, members: Sequence[str]) -> dict[str, Estimate]:
    values_SM = table.lists(measure)
    return {member: estimate(values_SM[:, place]) for place, member in enumerate(members)}


def _evidence(table: Table, members: Sequence[str]) -> Iterator[Evidence]:
    names = {"values": "Shapley value", "per_picture": "of one picture", "lost": "lost without"}
    for measure, name in names.items():
        for member, each in _by_member(table, measure, members).items():
            yield each.as_evidence(setting=member, measure=name, unit="accuracy")


def _paint(sheet: Sheet, table: Table, members: Sequence[str]) -> None:
    axes = sheet.subplots()
    y = np.arange(len(members))
    labels = {"values": "Shapley value", "lost": "lost without them"}
    for number, (measure, label) in enumerate(labels.items()):
        worth = _by_member(table, measure, members)
        found = [worth[member] for member in members]
        axes.barh(
            y + 0.4 * number,
            [each.value for each in found],
            height=0.35,
            xerr=[each.value - (each.value if each.low is None else each.low) for each in found],
            capsize=2,
            color="white" if number else "0.75",
            edgecolor="black",
            hatch=HATCHES[number],
            label=label,
        )
    axes.set_yticks(y + 0.2, members)
    axes.invert_yaxis()
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(xlabel="share of the accuracy (0 to 1)", ylabel="member")
    axes.legend()


def _round(values: "Iterator[np.float64] | Sequence[float]") -> list[float]:
    return [round(float(value), DECIMALS) for value in values]


STUDY = Study(
    id="member_value",
    chapter=Chapter.DATA,
    title=Words(en="What each member brings", ko="팀원별 기여"),
    claim=Words(
        en="Each member collects their own characters, and everybody's pictures count.",
        ko="팀원마다 맡은 캐릭터를 모으고, 모두의 이미지가 도움이 된다.",
    ),
    method=f"A CNN is trained on all pictures, and the accuracy of the {NEIGHBOURS} nearest "
    "neighbours in its features on unseen pictures is shared out among the training pictures by "
    "their exact Shapley value (arXiv:1908.08619), and added up by member. Beside it stands how "
    "much accuracy is lost when a member's pictures are left out of the neighbours.",
    rule="Supported if the Shapley value of every member's pictures has a 95 % interval over seeds "
    "above 0, refuted if one lies below 0; else undecided.",
    plan=plan,
    conclude=conclude,
)
