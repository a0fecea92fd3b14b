"""The same network several times."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.dataset.pack import Pack
from pipeline.errors import DataError
from pipeline.files import write_rows
from pipeline.records import PackRow
from pipeline.training.loop import Job
from pipeline.training.repeats import _folds, predict_out_of_fold, train_seeds

MakeJob = Callable[..., Job]


def regroup(pack: Pack, *, size: int, variants: int = 1) -> Pack:
    """Put pictures of a class into groups of some, and call every so-manieth one a variant."""
    rows = [
        dataclasses.replace(
            row,
            group=f"{row.character}-{number // (3 * size)}",
            variant=0 if number // 3 % variants == 0 else 1,
        )
        for number, row in enumerate(_in_turn(pack))
    ]
    changed = {row.sha256: row for row in rows}
    pack_rows = tuple(changed[row.sha256] for row in pack.rows)
    write_rows(pack.folder / "rows.csv", PackRow, pack_rows)
    return dataclasses.replace(pack, rows=pack_rows)


def _in_turn(pack: Pack) -> list[PackRow]:
    by_class = [[row for row in pack.rows if row.character == slug] for slug in pack.classes]
    return [row for rows in zip(*by_class, strict=True) for row in rows]


@pytest.fixture
def packs(make_job: MakeJob) -> dict[str, Pack]:
    """Give 24 training pictures in groups of two, half of them variants, and 12 of val."""
    job = make_job()
    assert isinstance(job.train_pack, Pack)
    assert isinstance(job.val_pack, Pack)
    return {
        "train": regroup(job.train_pack, size=2, variants=2),
        "val": regroup(job.val_pack, size=2),
    }


def test_seeds_are_trainings_of_their_own(make_job: MakeJob, tmp_path: Path) -> None:
    """Two seeds give two networks, in the order asked for; the data stays the same."""
    trained = train_seeds(make_job(epochs=1, seeds=(5, 2)), runs=tmp_path / "runs")

    assert [5, 2] == list(trained) == [each.card.seed for each in trained.values()]
    assert trained[5].history != trained[2].history
    assert trained[5].card.data_sha256 == trained[2].card.data_sha256


def test_without_seeds_it_is_the_project_s(make_job: MakeJob, tmp_path: Path) -> None:
    """One training, with the seed of the job."""
    assert [7] == list(train_seeds(make_job(epochs=1), runs=tmp_path / "runs"))


def test_a_seed_alone_is_the_same_as_among_others(make_job: MakeJob, tmp_path: Path) -> None:
    """No training depends on those before it, so its run is found."""
    both = train_seeds(make_job(epochs=1, seeds=(5, 2)), runs=tmp_path / "runs")

    alone = train_seeds(make_job(epochs=1, seed=2), runs=tmp_path / "runs")

    assert both[2].history == alone[2].history
    assert 2 == len(list((tmp_path / "runs").iterdir()))


@pytest.mark.parametrize("folds", [2, 3])
def test_no_group_is_on_both_sides_of_a_fold(packs: dict[str, Pack], folds: int) -> None:
    """What is predicted was not learned from, nor a copy or a variant of it."""
    cut = list(_folds(packs, folds=folds, seed=7))

    assert folds == len(cut)
    for learned, held in cut:
        assert not {row.group for row in learned.rows} & {row.group for row in held.rows}
        assert {0} == {row.variant for row in held.rows}
        assert {"ariel", "elsa", "merida"} == {row.character for row in learned.rows}
        assert {0, 1} == {row.variant for row in learned.rows}


def test_a_group_of_both_splits_stays_together(packs: dict[str, Pack]) -> None:
    """Here the groups of val have names that train has, too: they go into one fold."""
    for _, held in _folds(packs, folds=2, seed=7):
        for slug in ("ariel-0", "elsa-1"):
            num_held = sum(row.group == slug for row in held.rows)
            assert num_held in {0, 3}  # one original of train and two pictures of val


def test_every_original_is_predicted_once(
    make_job: MakeJob, packs: dict[str, Pack], tmp_path: Path
) -> None:
    """Of training and validation pictures, each with its split; variants are left out."""
    predictions = predict_out_of_fold(make_job(epochs=1, folds=2), packs, runs=tmp_path / "runs")

    expected = sorted(
        (split, row.sha256) for split, pack in packs.items() for row in pack.rows if not row.variant
    )
    assert 12 + 12 == len(expected)
    assert expected == list(zip(predictions.splits, predictions.sha256s, strict=True))
    assert np.allclose(1, predictions.probs.sum(axis=1), atol=1e-4)
    assert 2 == len(list((tmp_path / "runs").iterdir()))


def test_answers_belong_to_their_pictures(
    make_job: MakeJob, packs: dict[str, Pack], tmp_path: Path
) -> None:
    """Networks that tell three colours apart are right about pictures they never saw."""
    job = make_job(epochs=20, lr=0.01, ema_decay=0.5, folds=2, patience_epochs=1)

    predictions = predict_out_of_fold(job, packs, runs=tmp_path / "runs")

    assert (predictions.predicted == predictions.labels).mean() > 0.9


def test_without_folds_nothing_is_trained(
    make_job: MakeJob, packs: dict[str, Pack], tmp_path: Path
) -> None:
    """There are no answers, but the classes are known."""
    predictions = predict_out_of_fold(make_job(), packs, runs=tmp_path / "runs")

    assert ((), ("ariel", "elsa", "merida")) == (predictions.sha256s, predictions.classes)
    assert not (tmp_path / "runs").exists()


def test_too_few_groups_are_told(make_job: MakeJob, packs: dict[str, Pack], tmp_path: Path) -> None:
    """Of five folds, a character with four groups would miss one."""
    with pytest.raises(DataError, match=r"train\.folds \(=5\): a character has only 4 groups"):
        predict_out_of_fold(make_job(folds=5), packs, runs=tmp_path / "runs")
