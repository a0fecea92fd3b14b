"""Classifiers and packed pictures made by hand, small enough to check on paper."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from pipeline.dataset.pack import Pack, read_pack
from pipeline.evaluation.predictions import Predictions, make_predictions
from pipeline.files import write_json, write_rows
from pipeline.records import PackRow, SplitRow

CLASSES = ("ariel", "elsa", "merida")
_FIRST = {"train": 0, "val": 10_000, "test": 20_000}  # pictures of a split have their own sha256


@pytest.fixture
def pack_rows() -> Callable[..., list[PackRow]]:
    """Describe packed pictures; sorted by sha256 is sorted as given."""

    def rows(
        characters: Sequence[str],
        *,
        split: str = "test",
        sizes: Sequence[tuple[int, int]] | None = None,
    ) -> list[PackRow]:
        sizes = sizes or [(16, 16)] * len(characters)
        return [
            PackRow(
                sha256=f"{number:064x}",
                character=character,
                group=f"g{number}",
                variant=0,
                width_px=width_px,
                height_px=height_px,
            )
            for number, (character, (width_px, height_px)) in enumerate(
                zip(characters, sizes, strict=True), start=_FIRST[split]
            )
        ]

    return rows


@pytest.fixture
def answers(pack_rows: Callable[..., list[PackRow]]) -> Callable[..., Predictions]:
    """Answer picture i with class predicted[i], 0.8 sure, where labels[i] is the truth."""

    def answer(
        labels: Sequence[int], predicted: Sequence[int], *, split: str = "test"
    ) -> Predictions:
        rows = pack_rows([CLASSES[label] for label in labels], split=split)
        probs_NK = np.full((len(rows), len(CLASSES)), 0.1)
        probs_NK[np.arange(len(rows)), list(predicted)] = 0.8
        return make_predictions({split: (rows, probs_NK)}, classes=CLASSES)

    return answer


@pytest.fixture
def split_rows_of() -> Callable[..., list[SplitRow]]:
    """Write the rows of split.csv that fit; each picture is its own group unless told."""

    def rows_of(
        predictions: Predictions, *, group_of: Mapping[str, str] | None = None
    ) -> list[SplitRow]:
        return [
            SplitRow(
                sha256=sha256,
                file=f"data/raw/x/images/{sha256}.png",
                character=predictions.classes[label],
                group=(group_of or {}).get(sha256, sha256[-16:]),
                split=split,
            )
            for sha256, split, label in zip(
                predictions.sha256s, predictions.splits, predictions.labels, strict=True
            )
        ]

    return rows_of


@pytest.fixture
def make_pack(tmp_path: Path, pack_rows: Callable[..., list[PackRow]]) -> Callable[..., Pack]:
    """Pack given squares (N, S, S, 3) of given characters, as stage `augment` writes them."""

    def make(
        images_NSSC: np.ndarray,
        characters: Sequence[str],
        *,
        split: str = "train",
        sizes: Sequence[tuple[int, int]] | None = None,
    ) -> Pack:
        side_px = images_NSSC.shape[1]
        sizes = sizes or [(side_px, side_px)] * len(characters)
        rows = pack_rows(characters, split=split, sizes=sizes)
        folder = tmp_path / "packs" / split
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "images.npy", images_NSSC)
        write_rows(folder / "rows.csv", PackRow, rows)
        write_json(folder / "classes.json", list(CLASSES))
        return read_pack(folder)

    return make
