"""A project of small packed pictures, and where cells run on it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.dataset.pack import CLASSES, IMAGES, ROWS
from pipeline.files import sha256_of, write_json, write_rows
from pipeline.params import load_params
from pipeline.paths import Project
from pipeline.records import PackRow
from pipeline.studies.parts.bench import make_bench
from pipeline.studies.parts.cells import Bench
from pipeline.studies.parts.setup import Budget, Setup, make_setup

SIDE_PX = 32
CHARACTERS = ("ariel", "elsa", "merida")
TINY = Budget(
    name="quick",
    train={"epochs": 1, "batch_size": 8, "ema_decay": 0.0},
    image_size_px=24,
    max_per_class=6,
    seeds=(1, 2),
    networks={
        "cnn": {"width": 4},
        "rnn": {"width": 8, "hidden": 8, "token_px": 8},
        "lstm": {"width": 8, "hidden": 8, "token_px": 8},
        "gru": {"width": 8, "hidden": 8, "token_px": 8},
        "vit": {"width": 16, "depth": 1, "heads": 2, "token_px": 8},
        "decoder": {"width": 16, "heads": 2, "token_px": 8},
        "caption": {"width": 16, "heads": 2, "token_px": 8},
    },
)


def write_pictures(folder: Path, split: str, *, num: int, variants: int) -> None:
    """Pack noise in which the strongest colour tells the character, the characters in turn."""
    rng = np.random.default_rng([len(split), num])
    rows, squares = [], []
    for index in range(num):
        sha256 = sha256_of(f"{split}{index}".encode())
        for variant in range(1 + variants):
            square = rng.integers(0, 200, (SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
            square[..., index % 3] = 255
            squares.append(square)
            rows.append(
                PackRow(
                    sha256=sha256,
                    character=CHARACTERS[index % 3],
                    group=sha256[:16],
                    variant=variant,
                    width_px=SIDE_PX,
                    height_px=SIDE_PX // 2,
                )
            )
    folder.mkdir(parents=True)
    np.save(folder / IMAGES, np.stack(squares))
    write_rows(folder / ROWS, PackRow, rows)
    write_json(folder / CLASSES, list(CHARACTERS))


@pytest.fixture(scope="session")
def study_project(
    tmp_path_factory: pytest.TempPathFactory, write_project: Callable[..., Project]
) -> Project:
    """Give a project with packs of 24 training pictures (and a variant of each), 9 val, 6 test."""
    project = write_project(tmp_path_factory.mktemp("studies"), studies={})
    for split, num, variants in (("train", 24, 1), ("val", 9, 0), ("test", 6, 0)):
        write_pictures(project.pack(split), split, num=num, variants=variants)
    return project


@pytest.fixture(scope="session")
def setup(study_project: Project) -> Setup:
    """Give a budget of one epoch at 24 px with two seeds."""
    return make_setup(study_project, load_params(study_project), budget=TINY)


@pytest.fixture(scope="session")
def bench(setup: Setup) -> Bench:
    """Give where cells run."""
    return make_bench(setup)
