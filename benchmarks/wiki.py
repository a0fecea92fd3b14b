"""The whole pipeline on real pictures from a real wiki.

    python benchmarks/wiki.py --tools DIR --pictures DIR [--weights FILE] [--seeds 1 2 3]

DIR of --tools holds mediawiki.sh, which serves a MediaWiki on loopback; DIR of --pictures holds
<character>/*.jpg. Prints a Markdown table of test accuracies with 95 % intervals for LOG.md.
"""

import argparse
import json
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from checkout import edit_params, fresh_checkout, repro

CONTACT = "bench@example.org"


def main() -> None:
    """Serve the pictures, collect them, and train and evaluate once for each seed."""
    arguments = _arguments()
    folder = fresh_checkout(arguments.work or Path(tempfile.mkdtemp(prefix="disney-wiki-")))
    print(f"working in {folder}")
    if arguments.weights:
        link = folder / "data" / "weights" / arguments.weights.name
        link.symlink_to(arguments.weights.resolve())
    with wiki(arguments.tools, arguments.pictures) as api:
        edit_params(folder, **settings(arguments, api=api))
        for seed in arguments.seeds:
            edit_params(folder, seed=seed)
            run = repro(folder)
            print(f"seed {seed}: {run.seconds:.0f} s, peak {run.peak_mb:.0f} MB")
            for line in results(folder, seed=seed):
                print(line)
    print(f"report: {folder / 'reports' / 'index.html'}")


def settings(arguments: argparse.Namespace, *, api: str) -> dict[str, Any]:
    """Write the params of this run: each folder of pictures is a character of the wiki."""
    names = sorted(path.name for path in arguments.pictures.iterdir() if path.is_dir())
    characters = {
        name: {
            "member": f"m{number}",
            "search": {"name": name, "queries": [name], "pages": [f"{name}/Gallery"]},
        }
        for number, name in enumerate(names, start=1)
    }
    networks: dict[str, Any] = {  # the vit of params.yaml, taught by its cnn
        "networks__vit_taught": {
            "arch": "vit",
            "heads": 4,
            "position": "learned",
            "distill": {"teacher": {"arch": "cnn", "kernel_size": 5, "train": {"epochs": 40}}},
        }
    }
    if arguments.weights:
        linked = {"weights": f"data/weights/{arguments.weights.name}"}
        networks["networks__mobilenet"] = mobilenet(arguments.weights) | linked
    return {
        "contact": CONTACT,
        "characters": characters,
        "collect__sources": [{"kind": "mediawiki", "api": api}],
        "collect__allow_hosts": [api.split("/")[2]],
        **networks,
    }


def mobilenet(weights: Path) -> dict[str, Any]:
    """Describe the fine-tuning of a mobilenetv2_100 with folded batch norm, as in params.yaml."""
    return {
        "arch": "timm",
        "model": "mobilenetv2_100",
        "weights": str(weights.resolve()),
        "model_kwargs": {"pad_type": "same"},
        "mean": 0.5,
        "std": 0.5,
        "image_size_px": 160,
        "train": {"epochs": 6, "batch_size": 32},
    }


def results(folder: Path, *, seed: int) -> Iterator[str]:
    """Write one Markdown row per network and floor."""
    for path in sorted((folder / "reports").glob("*/*/metrics.json")):
        metrics = json.loads(path.read_text(encoding="utf-8"))
        yield (
            f"| {seed} | {path.parent.name} | {metrics['accuracy']:.3f} "
            f"[{metrics['accuracy_low']:.3f}, {metrics['accuracy_high']:.3f}] "
            f"| {metrics['macro_f1']:.3f} |"
        )


@contextmanager
def wiki(tools: Path, pictures: Path) -> Iterator[str]:
    """Serve the pictures from a real MediaWiki; yields the address of its api.php."""
    script = str(tools / "mediawiki.sh")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    subprocess.run([script, "install"], check=True)
    up = [script, "up", str(pictures.resolve()), port]
    done = subprocess.run(up, check=True, stdout=subprocess.PIPE, text=True)
    try:
        yield done.stdout.strip()
    finally:
        subprocess.run([script, "down", port], check=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tools", type=Path, required=True, help="folder of mediawiki.sh")
    parser.add_argument("--pictures", type=Path, required=True, help="folder of <character>/*.jpg")
    parser.add_argument("--weights", type=Path, help="safetensors of timm's mobilenetv2_100")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--work", type=Path, help="folder to work in (default: a new one)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
