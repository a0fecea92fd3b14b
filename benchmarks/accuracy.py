"""Accuracy on real pictures beside other recipes, on the very same splits.

    python benchmarks/accuracy.py --pictures DIR [--weights FILE] [--seeds 1 2 3] [--only NAME ...]

DIR holds <character>/*.jpg, of which each seed collects all, removes copies and splits by group as
`dvc repro` does. Ours learn from the packs with the settings of params.yaml; peers (see
accuracy_peers.py) from the original files of the same split. All keep the epoch that is best on val
and are scored on test. What is done stays in --work, so a run that was stopped goes on. Prints a
Markdown table; differences of pairs that answer a question are paired by picture, with a 95 %
bootstrap over the pictures of all seeds.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import accuracy_peers as peers
import numpy as np
from checkout import REPOSITORY, edit_params, fresh_checkout, repro
from numpy.typing import NDArray
from wiki import mobilenet

from pipeline.dataset.pack import Pack, read_pack
from pipeline.evaluation.floors import colour_floor
from pipeline.files import read_rows
from pipeline.params import AnyNetwork, Cnn, Distill, Timm, Train, Vit, load_params
from pipeline.paths import Project
from pipeline.pictures.decode import decode
from pipeline.records import Rejected, SplitRow
from pipeline.training.loop import Job, train_network, trained_module
from pipeline.training.predict import predict_probs
from pipeline.training.runtime import Runtime

RESAMPLES = 2000
SCORED = ("val", "test")
RESNET, VIT, PLAIN = "timm resnet10t", "timm vit_tiny", "plain mobilenetv2"
OURS_TUNED = "mobilenetv2"
LARGER, TAUGHT = "cnn 128 px", "vit taught by cnn"
PAIRS = (  # ours and what it is to be ahead of
    ("cnn", RESNET),
    (LARGER, RESNET),
    ("vit", VIT),
    (TAUGHT, "vit"),
    (OURS_TUNED, PLAIN),
)

Probs = Mapping[str, NDArray[np.float64]]  # "val" and "test" -> (N, K), in the order of the pack
Method = Callable[["Split", int], Probs]  # and the seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One division of the pictures, as packs and as a tree of files."""

    packs: Mapping[str, Pack]
    tree: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Of one method to one split."""

    is_right_N: NDArray[np.bool_]  # the test pictures
    cpu_s: float  # of training and answering


def main() -> None:
    """Run what is asked for with each seed, then print the table."""
    arguments = _arguments()
    work = arguments.work or Path(tempfile.mkdtemp(prefix="disney-accuracy-"))
    print(f"working in {work}")
    splits = {seed: make_split(work, arguments.pictures, seed=seed) for seed in arguments.seeds}
    methods = all_methods(arguments.weights, runs=work / "runs")
    found = {}
    for name in arguments.only or methods:
        found[name] = [run(methods[name], name, each, seed, work) for seed, each in splits.items()]
        print(f"done: {row(name, found[name])}", flush=True)
    print("\n| | " + " | ".join(f"seed {seed}" for seed in splits) + " | mean | CPU-s |")
    print("|---" * (len(splits) + 3) + "|")
    for name, each in found.items():
        print(row(name, each))
    for ours, theirs in PAIRS:
        if ours in found and theirs in found:
            print(f"{ours} less {theirs}: {difference(found[ours], found[theirs])}")


def make_split(work: Path, pictures: Path, *, seed: int) -> Split:
    """Collect, deduplicate, split and pack the pictures, or find that done."""
    folder = work / f"split-{seed}"
    if not (folder / "tree").exists():
        checkout = work / "checkout"
        if not checkout.exists():
            fresh_checkout(checkout)
        names = sorted(path.name for path in pictures.iterdir() if path.is_dir())
        edit_params(
            checkout,
            seed=seed,
            characters={name: {"member": "m1", "search": {"name": name}} for name in names},
            collect__sources=[{"kind": "folder", "path": str(pictures.resolve())}],
            collect__target=max(len(list((pictures / name).iterdir())) for name in names),
        )
        repro(checkout, "augment")
        shutil.copytree(checkout / "data" / "processed", folder, dirs_exist_ok=True)
        write_tree(checkout, folder / "unfinished")
        (folder / "unfinished").rename(folder / "tree")
    return Split(
        packs={name: read_pack(folder / name) for name in ("train", *SCORED)},
        tree=folder / "tree",
    )


def write_tree(checkout: Path, tree: Path) -> None:
    """Write the pictures of a split as JPEG files, which is what timm's loader reads."""
    for each in read_rows(checkout / "data" / "processed" / "split.csv", SplitRow):
        picture = decode((checkout / each.file).read_bytes())
        if isinstance(picture, Rejected):
            continue  # never: it was collected
        path = tree / each.split / each.character / f"{each.sha256}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.image.save(path, quality=95)


def all_methods(weights: Path | None, *, runs: Path) -> dict[str, Method]:
    """List the floor, ours and the peers; fine-tuning needs weights."""
    params = load_params(Project(REPOSITORY))
    methods: dict[str, Method] = {"colour floor": lambda split, _: colour_floor(split.packs).probs}
    ours = dict(params.networks)
    if isinstance(cnn := ours["cnn"], Cnn):
        ours[LARGER] = cnn.model_copy(update={"image_size_px": 128})
        if isinstance(vit := ours["vit"], Vit):
            ours[TAUGHT] = vit.model_copy(update={"distill": Distill(teacher=cnn)})
    for name, network in ours.items():
        methods[name] = partial(train_ours, network, params.train, runs)
    methods[RESNET] = partial(train_peer, model="resnet10t")
    methods[VIT] = partial(train_peer, model="vit_tiny_patch16_224", img_size=96)
    if weights:
        tuned = Timm(**mobilenet(weights))
        methods[OURS_TUNED] = partial(train_ours, tuned, params.train, runs)
        methods[PLAIN] = partial(tune_peer, weights.resolve())
    return methods


def train_ours(network: AnyNetwork, common: Train, runs: Path, split: Split, seed: int) -> Probs:
    """Train as the stage does."""
    runtime = Runtime.detect("float32")
    job = Job(
        network=network,
        common=common,
        train_pack=split.packs["train"],
        val_pack=split.packs["val"],
        seed=seed,
        root=Path(),
        runtime=runtime,
    )
    trained = train_network(job, runs=runs)
    module = trained_module(trained, runtime=runtime)
    view = trained.card.view
    return {
        name: predict_probs(module, split.packs[name], view=view, runtime=runtime)
        for name in SCORED
    }


def train_peer(split: Split, seed: int, **model: Any) -> Probs:
    """Train by timm's recipe."""
    return _in_order(split, peers.scratch(split.tree, seed=seed, **model))


def tune_peer(weights: Path, split: Split, seed: int) -> Probs:
    """Fine-tune by the plain recipe."""
    return _in_order(split, peers.fine_tuned(split.tree, weights=weights, seed=seed))


def _in_order(split: Split, probs: Probs) -> Probs:
    """Bring the answers to files into the order of the packs; classes are sorted in both."""
    ordered = {}
    for name in SCORED:
        place = {sha256: number for number, sha256 in enumerate(peers.names_of(split.tree / name))}
        ordered[name] = probs[name][[place[each.sha256] for each in split.packs[name].rows]]
    return ordered


def run(method: Method, name: str, split: Split, seed: int, work: Path) -> Answers:
    """Run a method, or find what it answered."""
    path = work / "answers" / f"{name.replace(' ', '-')}-{seed}.npz"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        cpu_s = time.process_time()
        probs = method(split, seed)
        np.savez(path, **probs, cpu_s=time.process_time() - cpu_s)
    with np.load(path) as kept:
        answers_N = kept["test"].argmax(axis=1)
        cpu_s = float(kept["cpu_s"])
    return Answers(is_right_N=answers_N == split.packs["test"].labels_N, cpu_s=cpu_s)


def row(name: str, found: Sequence[Answers]) -> str:
    """Write one row of the table."""
    means = [float(each.is_right_N.mean()) for each in found]
    low, high = _bounds(_rights(found))
    cells = [f"{mean:.3f}" for mean in means]
    mean, cpu_s = np.mean(means), np.mean([each.cpu_s for each in found])
    return f"| {name} | {' | '.join(cells)} | {mean:.3f} [{low:.3f}, {high:.3f}] | {cpu_s:.0f} |"


def difference(ours: Sequence[Answers], theirs: Sequence[Answers]) -> str:
    """Compare two methods picture by picture."""
    gains_N = _rights(ours) - _rights(theirs)
    low, high = _bounds(gains_N)
    return f"{gains_N.mean():+.3f} [{low:+.3f}, {high:+.3f}] over {len(gains_N)} test pictures"


def _rights(found: Sequence[Answers]) -> NDArray[np.float64]:
    return np.concatenate([each.is_right_N for each in found]).astype(np.float64)


def _bounds(values_N: NDArray[np.float64]) -> tuple[float, float]:
    rng = np.random.default_rng(1)
    means = rng.choice(values_N, (RESAMPLES, len(values_N))).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, required=True, help="folder of <character>/*.jpg")
    parser.add_argument("--weights", type=Path, help="safetensors of timm's mobilenetv2_100")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--only", nargs="+", help="names of methods (default: all)")
    parser.add_argument("--work", type=Path, help="folder to work in (default: a new one)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
