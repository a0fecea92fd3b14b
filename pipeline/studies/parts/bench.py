"""What cells run on: one thread in each of as many processes as there are cores, or one GPU."""

import os
from dataclasses import replace

from pipeline.studies.parts.cells import Bench
from pipeline.studies.parts.setup import Setup
from pipeline.training.runtime import Runtime


def make_bench(setup: Setup) -> Bench:
    """Lay out pictures and runs for cells."""
    return Bench(
        data=setup.data,
        runs=setup.project.runs,
        root=setup.project.root,
        runtime=replace(Runtime.detect(), threads=1),
    )


def num_workers(bench: Bench) -> int:
    """Count the processes that may work at once; a GPU is not shared."""
    if bench.runtime.device == "cuda":
        return 1
    has_affinity = hasattr(os, "sched_getaffinity")  # not on macOS
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
