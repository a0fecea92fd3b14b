"""Start a stage anew in several processes, by torchrun, on this machine."""

import os
import signal
import subprocess
import sys
from pathlib import Path


def is_launched() -> bool:
    """Tell whether torchrun started this process (it counts its processes for them)."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def launch(stage: str, item: str, *, root: Path, processes: int) -> None:
    """Run `python -m pipeline.stages.<stage> <item>` in so many processes and wait for them.

    The cores are shared out among them: torchrun alone would give each process one.

    Args:
        stage: its name.
        item: its argument.
        root: of the project.
        processes: how many.

    Raises:
        SystemExit: a process failed; its own words are above.
        KeyboardInterrupt: Ctrl-C or SIGTERM; they have saved their state.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, (cores or 1) // processes))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(processes), "-m", f"pipeline.stages.{stage}", item]
    environment = os.environ | {"OMP_NUM_THREADS": threads}
    code, is_stopped = _run(command, root=root, environment=environment)
    if is_stopped:
        raise KeyboardInterrupt
    if code:
        raise SystemExit(code)


def _run(command: list[str], *, root: Path, environment: dict[str, str]) -> tuple[int, bool]:
    """Run a command to its end, hand on SIGTERM and Ctrl-C; tell its code and if one came."""
    caught: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    child = subprocess.Popen(command, cwd=root, env=environment)  # noqa: S603 - our own words

    def hand_on(number: int, _frame: object) -> None:
        if not caught:  # torchrun gives its processes 30 s; a second signal would cut that short
            child.send_signal(signal.SIGTERM)
        caught.append(number)

    for number in before:
        signal.signal(number, hand_on)
    try:
        return child.wait(), bool(caught)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
