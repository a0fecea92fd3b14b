"""Cells that train: one network, for a fixed number of epochs, then scored on unseen pictures."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipeline.dataset.pack import Pack, read_pack
from pipeline.dataset.selection import Pictures, Selection, select
from pipeline.evaluation.metrics import accuracy, confusion_matrix, macro_f1
from pipeline.networks import build_network
from pipeline.networks.parts.cost import count_macs
from pipeline.params import AnyNetwork, Train
from pipeline.studies.parts.cells import Bench, Cell, Measured
from pipeline.studies.parts.data import SCORED, TRAIN
from pipeline.training.loop import Job, Trained, train_network, trained_module
from pipeline.training.predict import predict_probs


def train_cell(
    settings: Mapping[str, Any],
    *,
    seed: int,
    network: AnyNetwork,
    train: Train,
    num_per_class: int | None = None,
) -> Cell:
    """Plan one training; see `train_and_score` for what is measured."""
    arguments: dict[str, Any] = {"network": network, "train": train}
    if num_per_class is not None:
        arguments["num_per_class"] = num_per_class
    return Cell(settings=settings, seed=seed, function=train_and_score, arguments=arguments)


def train_and_score(
    bench: Bench,
    *,
    seed: int,
    network: AnyNetwork,
    train: Train,
    num_per_class: int | None = None,
) -> Measured:
    """Train a network and score its last epoch.

    Args:
        bench: the pictures.
        seed: of weights, order of pictures and augmentation.
        network: what is trained.
        train: how.
        num_per_class: so many training pictures of each character, not all.

    Returns:
        What `score_trained` gives.
    """
    pictures = training_pictures(bench, num_per_class=num_per_class)
    trained = train_once(bench, seed=seed, network=network, train=train, pictures=pictures)
    return score_trained(bench, trained, pictures=pictures)


def score_trained(bench: Bench, trained: Trained, *, pictures: Pictures) -> Measured:
    """Score a trained network.

    Args:
        bench: holds the unseen pictures.
        trained: the network.
        pictures: what it learned from.

    Returns:
        `accuracy`, `macro_f1` and `loss` (mean of -ln p(label), nats) on the scored pictures,
        `train_accuracy` on those it learned from, `gap` (the latter less the former),
        `num_params`, `macs` (of one picture), and `is_right`, a 0 or 1 for each scored picture.
    """
    start_s = process_time()
    module = trained_module(trained, runtime=bench.runtime)
    scored = scored_pictures(bench)
    probs_NK = probabilities(bench, module, scored, trained=trained)
    values = scores(probs_NK, scored)
    learned_K = scores(probabilities(bench, module, pictures, trained=trained), pictures)
    values["train_accuracy"] = learned_K["accuracy"]
    values["gap"] = learned_K["accuracy"] - values["accuracy"]
    values["num_params"] = trained.card.num_params
    values["macs"] = macs_of(trained.card.network, classes=bench.data.classes)
    values["is_right"] = [int(v) for v in probs_NK.argmax(axis=1) == scored.labels_N]
    timing = {
        "train_s": trained.timing["seconds"],
        "score_s": process_time() - start_s,
    }
    return Measured(values=values, timing=timing)


def train_once(
    bench: Bench, *, seed: int, network: AnyNetwork, train: Train, pictures: Pictures
) -> Trained:
    """Train a network to its last epoch, or find it trained."""
    return train_network(
        Job(
            network=network,
            common=train,
            train_pack=pictures,
            val_pack=_watched(bench),
            seed=seed,
            root=bench.root,
            runtime=bench.runtime,
            keeps="last",
        ),
        runs=bench.runs,
    )


def probabilities(
    bench: Bench, module: nn.Module, pictures: Pictures, *, trained: Trained
) -> NDArray[np.float64]:
    """Predict pictures, shape (N, K)."""
    return predict_probs(module, pictures, view=trained.card.view, runtime=bench.runtime)


def scores(probs_NK: NDArray[np.float64], pictures: Pictures) -> dict[str, Any]:
    """Score probabilities against labels."""
    labels_N = pictures.labels_N
    confusion_KK = confusion_matrix(
        labels_N, probs_NK.argmax(axis=1), num_classes=probs_NK.shape[1]
    )
    of_label_N = probs_NK[np.arange(len(labels_N)), labels_N]
    return {
        "accuracy": float(accuracy(confusion_KK)),
        "macro_f1": float(macro_f1(confusion_KK)),
        "loss": float(-np.log(of_label_N.clip(min=np.finfo(float).tiny)).mean()),
    }


def training_pictures(bench: Bench, *, num_per_class: int | None = None) -> Selection:
    """Choose the first training pictures of each character; None: all."""
    pack = _pack(bench.data.folder / TRAIN)
    return select([pack], [first_of_each(pack, num_per_class)])


def scored_pictures(bench: Bench) -> Pack:
    """Give the pictures that no study learns from."""
    return _pack(bench.data.folder / SCORED)


def first_of_each(pack: Pack, num_per_class: int | None) -> list[int]:
    """Find the first pictures of each character, in the order of the pack."""
    places = [np.flatnonzero(pack.labels_N == k)[:num_per_class] for k in range(len(pack.classes))]
    return sorted(int(place) for place in np.concatenate(places))


def macs_of(network: AnyNetwork, *, classes: tuple[str, ...]) -> int:
    """Count the multiply-adds of one picture."""
    side_px = network.image_size_px
    channels = 4 if network.resize == "native" else 3
    return count_macs(
        build_network(network, classes=classes), torch.zeros(1, channels, side_px, side_px)
    )


def _watched(bench: Bench) -> Selection:
    """Give the loop a picture of each character to watch: scoring all each epoch costs a third."""
    pack = scored_pictures(bench)
    return select([pack], [first_of_each(pack, 1)])


@cache
def _pack(folder: Path) -> Pack:
    """Open a pack once in each process."""
    return read_pack(folder)
