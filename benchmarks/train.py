"""Training speed beside two peers, in one run: images/s at 96 px, batches of 64.

    python benchmarks/train.py [--pictures DIR] [--seconds 30]

    mobilenetv4_conv_small_050   ours from the pack, against timm's own loader from JPEG files
    vit_tiny_patch16_224         ours from the pack, against a bare step on tensors in memory

Ours is the whole loop: reading, augmenting, clipping, the average of the weights, a score on val at
the end of each epoch left out. DIR holds <character>/*.jpg; without it pictures of the same size
are drawn. Peers and ours take turns, and the best round of each counts: other work on the machine
only ever slows a round down. On a GPU also prints its peak memory.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import timm
import timm.data
import timm.optim
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image, ImageFilter

from pipeline.dataset.loader import train_batches
from pipeline.dataset.pack import Pack, read_pack, write_pack
from pipeline.files import sha256_of
from pipeline.networks import start_network
from pipeline.params import Augment, Timm, Train
from pipeline.records import SplitRow
from pipeline.training.learner import Learner
from pipeline.training.objective import make_objective
from pipeline.training.runtime import Runtime

SIZE_PX, BATCH, ROUNDS = 96, 64, 3
CNN, VIT = "mobilenetv4_conv_small_050", "vit_tiny_patch16_224"
Steps = Iterator[int]  # pictures of one step after another, for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Ours against a peer on one model."""

    model: str
    peer: str  # in words
    mine: Steps
    theirs: Steps
    promised: float  # images/s of ours, over the peer's


def main() -> None:
    """Measure both pairs and print promise and result."""
    arguments = _arguments()
    runtime = Runtime.detect("float32")
    print(f"{runtime.device}, {runtime.threads} threads, batch {BATCH}, {SIZE_PX} px")
    with tempfile.TemporaryDirectory() as name, runtime.applied():
        source = arguments.pictures or draw_pictures(Path(name) / "drawn")
        pack = pack_of(source, Path(name) / "pack")
        contests = (
            Contest(
                model=CNN,
                peer="timm's loader from files",
                mine=ours(pack, CNN, runtime),
                theirs=timm_from_files(source),
                promised=2.0,
            ),
            Contest(
                model=VIT,
                peer="bare step in memory",
                mine=ours(pack, VIT, runtime),
                theirs=bare_step(pack),
                promised=0.95,
            ),
        )
        is_kept = [measure(each, seconds=arguments.seconds) for each in contests]
    if runtime.device == "cuda":
        print(f"peak GPU memory {torch.cuda.max_memory_allocated() / 1e6:.0f} MB")
    sys.exit(0 if all(is_kept) else 1)


def measure(contest: Contest, *, seconds: float) -> bool:
    """Run a contest and print it; tells whether the promise is kept."""
    mine, theirs = take_turns(contest.mine, contest.theirs, seconds=seconds)
    is_kept = mine / theirs >= contest.promised
    print(
        f"{'ok  ' if is_kept else 'MISS'}  {contest.model}: ours {mine:.0f} images/s, "
        f"{contest.peer} {theirs:.0f}: {mine / theirs:.2f}x (promised: {contest.promised}x)"
    )
    return is_kept


def take_turns(mine: Steps, theirs: Steps, *, seconds: float) -> tuple[float, float]:
    """Let two take turns; returns images/s of the best round of each."""
    for steps in (mine, theirs):
        next(steps)  # the first step allocates
    rounds = [(_rate(mine, seconds), _rate(theirs, seconds)) for _ in range(ROUNDS)]
    return max(each[0] for each in rounds), max(each[1] for each in rounds)


def _rate(steps: Steps, seconds: float) -> float:
    start, num = time.perf_counter(), 0
    while time.perf_counter() - start < seconds / ROUNDS:
        num += next(steps)
    return num / (time.perf_counter() - start)


def ours(pack: Pack, model: str, runtime: Runtime) -> Steps:
    """Train as the stage does."""
    torch.manual_seed(1)
    spec = Timm(arch="timm", model=model, weights="none", image_size_px=SIZE_PX)
    train = Train(batch_size=BATCH)
    start = start_network(spec, classes=pack.classes, root=Path())
    objective = make_objective(
        train,
        pack.labels_N,
        logits=start.logits,
        num_classes=len(pack.classes),
        device=runtime.device,
        teacher=None,
    )
    learner = Learner(start, train, objective=objective, seed=1, runtime=runtime)
    learner.module.train()
    step = 0
    for epoch in range(1, 10_000):
        for batch in train_batches(
            pack, view=start.view, train=train, seed=1, epoch=epoch, device=runtime.device
        ):
            step += 1
            learner.step(batch, step=step)
            yield batch.num_pictures


def timm_from_files(source: Path) -> Steps:
    """Train as timm's train.py does: its loader, its augmentation, from JPEG files."""
    dataset = timm.data.create_dataset("", str(source))
    loader = timm.data.create_loader(
        dataset,
        input_size=(3, SIZE_PX, SIZE_PX),
        batch_size=BATCH,
        is_training=True,
        use_prefetcher=False,
        num_workers=torch.get_num_threads(),
        persistent_workers=True,
        device=torch.device("cpu"),
    )
    step = _plain_step(CNN, num_classes=len({path.parent for path in source.glob("*/*")}))
    for _ in range(10_000):
        for x_BCSS, labels_B in loader:
            step(x_BCSS, labels_B)
            yield len(x_BCSS)


def bare_step(pack: Pack) -> Steps:
    """Train on tensors that lie in memory, ready to use: no data work at all."""
    x_BCSS = torch.randn(BATCH, 3, SIZE_PX, SIZE_PX)
    labels_B = torch.arange(BATCH) % len(pack.classes)
    step = _plain_step(VIT, num_classes=len(pack.classes), img_size=SIZE_PX)
    while True:
        step(x_BCSS, labels_B)
        yield BATCH


def _plain_step(
    model: str, *, num_classes: int, **more: object
) -> Callable[[torch.Tensor, torch.Tensor], None]:
    torch.manual_seed(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    module = timm.create_model(model, num_classes=num_classes, **more).to(device).train()
    optimizer = timm.optim.create_optimizer_v2(module, "adamw", lr=1e-3, weight_decay=0.05)

    def step(x_BCSS: torch.Tensor, labels_B: torch.Tensor) -> None:
        loss = F.cross_entropy(module(x_BCSS.to(device)), labels_B.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def pack_of(source: Path, folder: Path) -> Pack:
    """Pack a folder of pictures, as the stage augment does."""
    rows = []
    for path in sorted(source.glob("*/*")):
        sha256 = sha256_of(path.read_bytes())
        rows.append(
            SplitRow(
                sha256=sha256,
                file=str(path.relative_to(source)),
                character=path.parent.name,
                group=sha256[:12],
                split="train",
            )
        )
    classes = sorted({row.character for row in rows})
    settings = Augment(variants=0)
    write_pack(rows, folder, root=source, classes=classes, augment=settings, seed=1)
    return read_pack(folder)


def draw_pictures(folder: Path) -> Path:
    """Draw 4 x 64 noisy JPEG files of 640 x 480 px, as large as pictures of the web."""
    rng = np.random.default_rng(1)
    for character in "abcd":
        (folder / character).mkdir(parents=True)
        for number in range(64):
            noise = Image.fromarray(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8))
            picture = noise.resize((640, 480)).filter(ImageFilter.GaussianBlur(2))
            picture.save(folder / character / f"{number}.jpg", quality=85)
    return folder


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, help="folder of <character>/*.jpg")
    parser.add_argument("--seconds", type=float, default=30, help="for each of the four")
    return parser.parse_args()


if __name__ == "__main__":
    main()
