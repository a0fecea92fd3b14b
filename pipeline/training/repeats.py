"""The same network several times: with other seeds, and without one fold of the pictures each."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from pipeline.dataset.pack import Pack
from pipeline.dataset.selection import Selection, select
from pipeline.errors import DataError
from pipeline.evaluation.predictions import Predictions, make_predictions
from pipeline.records import PackRow
from pipeline.training.loop import Hooks, Job, Trained, train_network, trained_module
from pipeline.training.predict import predict_probs


def train_seeds(job: Job, *, runs: Path, hooks: Hooks | None = None) -> dict[int, Trained]:
    """Train once with each of `train.seeds`, else with the job's; the data stays the same.

    Errors are those of `train_network`.
    """
    seeds = job.train.seeds or (job.seed,)
    return {seed: train_network(replace(job, seed=seed), runs=runs, hooks=hooks) for seed in seeds}


def predict_out_of_fold(
    job: Job, packs: dict[str, Pack], *, runs: Path, hooks: Hooks | None = None
) -> Predictions:
    """Predict each training and validation picture by a network that saw none of its group.

    Of each of `train.folds` folds the network is trained on all others for the same number of
    epochs and kept as it is at the end: choosing an epoch by the pictures that it predicts would
    flatter it.

    Args:
        job: the network; its packs play no part.
        packs: "train" and "val".
        runs: as for `train_network`.
        hooks: who watches.

    Returns:
        Predictions of both splits; of no picture without folds.

    Raises:
        DataError: too few groups of a class for so many folds.
    """
    if not job.train.folds:
        nothing = np.empty((0, len(job.train_pack.classes)))
        return make_predictions({"train": ([], nothing)}, classes=job.train_pack.classes)
    parts: dict[str, tuple[list[PackRow], list[NDArray[np.float64]]]] = {
        split: ([], []) for split in packs
    }
    for learned, held in _folds(packs, folds=job.train.folds, seed=job.seed):
        fold_job = replace(job, train_pack=learned, val_pack=held, keeps="last")
        trained = train_network(fold_job, runs=runs, hooks=hooks)
        probs_NK = _predict(fold_job, trained)
        for number, split in enumerate(packs):
            is_of_split = held.origins_N2[:, 0] == number
            parts[split][0].extend(
                row for row, mine in zip(held.rows, is_of_split, strict=True) if mine
            )
            parts[split][1].append(probs_NK[is_of_split])
    return make_predictions(
        {split: (rows, np.concatenate(probs)) for split, (rows, probs) in parts.items()},
        classes=job.train_pack.classes,
    )


def _folds(
    packs: dict[str, Pack], *, folds: int, seed: int
) -> Iterator[tuple[Selection, Selection]]:
    """Cut the groups of all packs into folds, the classes evenly; give the rest and the fold.

    Augmented variants are learned from, never predicted.
    """
    originals = [
        (number, place)
        for number, pack in enumerate(packs.values())
        for place, row in enumerate(pack.rows)
        if row.variant == 0
    ]
    all_packs = list(packs.values())
    rows = [all_packs[number].rows[place] for number, place in originals]
    groups = [row.group for row in rows]
    labels = [row.character for row in rows]
    fewest = min(len({r.group for r in rows if r.character == label}) for label in set(labels))
    if fewest < folds:
        raise DataError(
            f"train.folds (={folds}): a character has only {fewest} groups of pictures to train on"
        )
    cutter = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    for _, fold in cutter.split(rows, labels, groups):
        held_groups = {groups[index] for index in fold}
        yield (
            select(all_packs, [_places(p, without=held_groups) for p in all_packs]),
            select(all_packs, [_places(p, only=held_groups) for p in all_packs]),
        )


def _places(
    pack: Pack, *, without: set[str] | None = None, only: set[str] | None = None
) -> list[int]:
    """Find pictures with their variants outside some groups, or those without inside."""
    if only is not None:
        return [n for n, row in enumerate(pack.rows) if row.group in only and row.variant == 0]
    return [n for n, row in enumerate(pack.rows) if row.group not in (without or ())]


def _predict(job: Job, trained: Trained) -> NDArray[np.float64]:
    with job.runtime.applied():
        module = trained_module(trained, runtime=job.runtime)
        return predict_probs(module, job.val_pack, view=trained.card.view, runtime=job.runtime)
