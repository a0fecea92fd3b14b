"""Predictions of trained networks: ONNX beside torch, start-up, and memory over many pictures.

    python benchmarks/predict.py [--project FOLDER] [--pictures 1000 10000] [--runs 300]

Prints Markdown tables for LOG.md. Promised, for the network that is asked by default: one picture
at least twice as fast as torch as it is, an answer within a second of the command's start, and no
more memory for 10,000 pictures than for 1,000. Needs a project whose networks are trained.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from pipeline.dataset.pack import read_pack
from pipeline.errors import DisneyError
from pipeline.inference.parity import measure_latencies, packed_batches
from pipeline.inference.predict import load_predictor
from pipeline.params import find_project, load_params
from pipeline.paths import Project

REPOSITORY = Path(__file__).resolve().parents[1]
STARTS, POLL_S = 5, 0.02


def main() -> None:
    """Measure each in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", type=Path, default=REPOSITORY)
    parser.add_argument("--pictures", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--runs", type=int, default=300)
    arguments = parser.parse_args()
    project = find_project(arguments.project)
    print(f"torch {torch.__version__}, onnxruntime {onnxruntime.__version__}, CPU\n")
    compare_backends(project, runs=arguments.runs)
    files = sorted(str(path) for path in project.raw.glob("*/images/*"))
    time_starts(project, files[0])
    watch_memory(project, files, arguments.pictures)


def compare_backends(project: Project, *, runs: int) -> None:
    """Time one picture, from packed square to logits."""
    params = load_params(project)
    squares = next(packed_batches(read_pack(project.pack("test"))))
    default = load_predictor(project, params).slug
    print("| one picture | onnx p50 | p95 | torch p50 | p95 | torch / onnx |")
    print("|---|---|---|---|---|---|")
    for slug in params.networks:
        try:
            onnx, eager = (
                load_predictor(project, params, slug, backend).network
                for backend in ("onnx", "torch")
            )
        except DisneyError as error:
            print(f"| {slug} | {error} |")
            continue
        ours, theirs = measure_latencies([onnx, eager], squares, runs=runs)
        print(
            f"| {slug}{' (default)' if slug == default else ''} "
            f"| {ours.p50_ms:.2f} ms | {ours.p95_ms:.2f} ms "
            f"| {theirs.p50_ms:.2f} ms | {theirs.p95_ms:.2f} ms "
            f"| {theirs.p50_ms / ours.p50_ms:.1f} |"
        )


def time_starts(project: Project, file: str) -> None:
    """Time the whole command, from its start to its answer about one picture."""
    print("\n| the command, one picture | median | fastest | CPU |\n|---|---|---|---|")
    for backend in ("onnx", "torch"):
        run(project, [file], "--backend", backend)  # exports what is not yet
        runs = [run(project, [file], "--backend", backend) for _ in range(STARTS)]
        times_s = [each.seconds for each in runs]
        cpu_s = min(each.cpu_seconds for each in runs)
        print(f"| {backend} | {np.median(times_s):.2f} s | {min(times_s):.2f} s | {cpu_s:.2f} s |")


def watch_memory(project: Project, files: list[str], numbers: list[int]) -> None:
    """Ask about the same pictures again and again."""
    print("\n| pictures | seconds | pictures/s | most memory |\n|---|---|---|---|")
    for number in numbers:
        done = run(project, islice(cycle(files), number), "--json")
        print(
            f"| {number} | {done.seconds:.1f} | {number / done.seconds:.0f} "
            f"| {done.megabytes:.0f} MB |"
        )


@dataclass(frozen=True)
class Run:
    """What one run of the command took."""

    seconds: float
    cpu_seconds: float
    megabytes: float  # most that was resident


def run(project: Project, files: Iterable[str], *options: str) -> Run:
    """Run `disney predict` on a list of files."""
    command = [sys.executable, "-m", "pipeline.cli", "predict", "-", *options]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    with tempfile.TemporaryFile("w+") as names:
        names.writelines(f"{file}\n" for file in files)
        names.seek(0)
        start_s = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=project.root, env=environment, stdin=names, stdout=subprocess.DEVNULL
        )
        megabytes = 0.0
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            megabytes = max(megabytes, peak_megabytes(process.pid))
            time.sleep(POLL_S)
    _, status, usage = ended
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)}: exit code {process.returncode}")
    return Run(time.perf_counter() - start_s, usage.ru_utime + usage.ru_stime, megabytes)


def peak_megabytes(pid: int) -> float:
    """Ask Linux for the peak so far; what `wait4` tells includes this process before the start."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    main()
