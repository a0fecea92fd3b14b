"""A project with two networks that learned nothing, and a few pictures drawn by code."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from pipeline.dataset.pack import packed_sha256, write_pack
from pipeline.evaluation.temperature import Calibration, write_calibration
from pipeline.files import sha256_of, write_bytes, write_rows
from pipeline.inference.squares import Squares
from pipeline.networks import save_model as save
from pipeline.networks import start_network
from pipeline.params import AnyNetwork, Params, Train, load_params
from pipeline.params.card import Card, read_card
from pipeline.paths import Project
from pipeline.records import SPLITS, ImageRecord, SplitRow
from tests.rows import image_record

CLASSES = ("ariel", "elsa", "merida")
SIDE_PX = 40  # of the packed squares; the networks see 32 px
NETWORKS: dict[str, Any] = {
    "cnn": {"arch": "cnn", "kernel_size": 3, "width": 8, "image_size_px": 32},
    "vit": {
        "arch": "vit",
        "width": 32,
        "depth": 2,
        "heads": 2,
        "image_size_px": 32,
        "resize": "native",
    },
}
LOUDER = 2.0  # than weights are drawn: pictures make a difference, and so would an error
SCORES = {"cnn": 0.9, "vit": 0.7}  # macro-F1 on val


def draw_bytes(number: int, *, size: tuple[int, int] = (60, 48)) -> bytes:
    """Draw smooth noise as PNG; each number gives another picture."""
    pixels = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()


def draw_squares(number: int, *, side_px: int) -> Squares:
    """Draw packed squares, coloured noise in all shapes; the first is one px high."""
    rng = np.random.default_rng(number)
    content_B2 = rng.integers(side_px // 3, side_px + 1, (number, 2))
    content_B2[np.arange(number), rng.integers(0, 2, number)] = side_px
    content_B2[0] = side_px, 1
    colours_B11C = rng.integers(0, 128, (number, 1, 1, 3), dtype=np.uint8)
    noise_BPPC = rng.integers(0, 128, (number, side_px, side_px, 3), dtype=np.uint8)
    return Squares(images_BPPC=colours_B11C + noise_BPPC, content_B2=content_B2)


def save_model(folder: Path, spec: AnyNetwork, **facts: Any) -> None:
    """Save a network that learned nothing but says more than at its start; its card has `facts`."""
    torch.manual_seed(7)
    start = start_network(spec, classes=CLASSES, root=folder)
    with torch.no_grad():
        for name, weights in start.module.named_parameters():
            is_in_loop = "weight_hh" in name  # of a recurrent network: it would grow step by step
            weights.mul_(LOUDER if weights.ndim > 1 and not is_in_loop else 1)
    values = {
        "classes": CLASSES,
        "packed_px": SIDE_PX,
        "network": spec,
        "train": Train(),
        "num_params": 1,
        "data_sha256": "00",
        "seed": 7,
        "init": "scratch",
        "best_epoch": 1,
        "val_macro_f1": 0.5,
    }
    card = Card(**(values | start.view.model_dump() | facts))
    save(folder, start.module.state_dict(), card)
    calibrate(folder, temperature=1.0)


def calibrate(folder: Path, *, temperature: float) -> None:
    """Write calibration.json for the weights that lie in a folder."""
    named = read_card(folder).weights_sha256
    calibration = Calibration(
        temperature=temperature, reject_below=None, num_val=9, weights_sha256=named
    )
    write_calibration(folder, calibration)


def add_pictures(project: Project) -> None:
    """Put six pictures of each character into data/raw, two in each split, and pack them."""
    rows = []
    for index, character in enumerate(CLASSES):
        records = [_add_picture(project, character, 10 * index + each) for each in range(6)]
        write_rows(project.raw_manifest(character), ImageRecord, records)
        rows += [_split_row(record, SPLITS[place % 3]) for place, record in enumerate(records)]
    write_rows(project.split, SplitRow, sorted(rows, key=lambda row: row.sha256))
    params = load_params(project)
    for split in SPLITS:
        write_pack(
            [row for row in rows if row.split == split],
            project.pack(split),
            root=project.root,
            classes=CLASSES,
            augment=params.augment.model_copy(update={"variants": 0}),
            seed=7,
        )


@pytest.fixture(scope="session")
def trained(
    write_project: Callable[..., Project], tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """Give such a project to all tests that only read it (and share its .cache/)."""
    augment = {"image_size_px": SIDE_PX, "variants": 0}
    root = tmp_path_factory.mktemp("trained")
    project = write_project(root, networks=NETWORKS, augment=augment)
    params = load_params(project)
    add_pictures(project)
    for slug in NETWORKS:
        save_fresh(project, params, slug)
    return project


def save_fresh(project: Project, params: Params, slug: str, **facts: Any) -> None:
    """Save a network as if it had learned from what lies in the project."""
    spec = params.network(slug)
    fresh = {
        "train": params.train_of(spec),
        "data_sha256": packed_sha256(project),
        "val_macro_f1": SCORES[slug],
    }
    save_model(project.model(slug), spec, **(fresh | facts))


@pytest.fixture(scope="session")
def trained_params(trained: Project) -> Params:
    """Read its params.yaml."""
    return load_params(trained)


@pytest.fixture
def own(trained: Project, tmp_path: Path) -> Project:
    """Give a copy to a test that changes it, without what was exported."""
    root = tmp_path / "own"
    shutil.copytree(trained.root, root, ignore=shutil.ignore_patterns(".cache"))
    return Project(root)


def _add_picture(project: Project, character: str, number: int) -> ImageRecord:
    data = draw_bytes(number)
    sha256 = sha256_of(data)
    path = project.raw_images(character) / f"{sha256}.png"
    write_bytes(path, data)
    return image_record(
        sha256,
        character,
        image_url=f"https://pics.example/{number}.png",
        title=f"No. {number}, 인어공주",
        author="Kim",
        licence="CC BY 4.0",
        licence_url="https://creativecommons.org/licenses/by/4.0/",
        width_px=60,
        height_px=48,
        bytes=len(data),
    )


def _split_row(record: ImageRecord, split: str) -> SplitRow:
    return SplitRow(
        sha256=record.sha256,
        file=record.file,
        character=record.character,
        group=record.sha256[:16],
        split=split,
    )
