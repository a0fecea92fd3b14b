"""A job that trains in a second: three classes of coloured squares."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.dataset.pack import Pack, read_pack, write_pack
from pipeline.files import sha256_of
from pipeline.params import Augment, Cnn, Train
from pipeline.records import SplitRow
from pipeline.training.loop import Job
from pipeline.training.runtime import Runtime

CLASSES = ("ariel", "elsa", "merida")
RUNTIME = Runtime(device="cpu", threads=1, precision="float32")


def write_pictures(root: Path, split: str, *, num: int) -> list[SplitRow]:
    """Write noisy squares whose strongest colour tells the class, the classes in turn."""
    rng = np.random.default_rng([len(split), num])
    rows = []
    for index in range(num):
        pixels = rng.integers(0, 200, (20, 20, 3), dtype=np.uint8)
        pixels[:, :, index % 3] = 255
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        sha256 = sha256_of(buffer.getvalue())
        (root / sha256).write_bytes(buffer.getvalue())
        rows.append(
            SplitRow(
                sha256=sha256,
                file=sha256,
                character=CLASSES[index % 3],
                group=sha256[:12],
                split=split,
            )
        )
    return rows


def pack_pictures(root: Path, split: str, *, num: int) -> Pack:
    """Pack drawn pictures at 32 px."""
    write_pack(
        write_pictures(root, split, num=num),
        root / "packs" / split,
        root=root,
        classes=CLASSES,
        augment=Augment(image_size_px=32, variants=0),
        seed=7,
    )
    return read_pack(root / "packs" / split)


@pytest.fixture
def make_job(tmp_path: Path) -> Callable[..., Job]:
    """Make a job of 24 training and 12 validation pictures; keywords change its training."""
    packs = {"train_pack": ("train", 24), "val_pack": ("val", 12)}
    made = {key: pack_pictures(tmp_path, split, num=num) for key, (split, num) in packs.items()}

    def make(*, network: Any = None, seed: int = 7, **train: Any) -> Job:
        values = {"epochs": 4, "batch_size": 8} | train
        return Job(
            network=network or Cnn(arch="cnn", kernel_size=3, width=8, image_size_px=32),
            common=Train(**values),
            seed=seed,
            root=tmp_path,
            runtime=RUNTIME,
            **made,
        )

    return make
