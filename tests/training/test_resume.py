"""Kill -9 and start again."""

import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from pipeline.files import sha256_of_file, write_rows
from pipeline.networks import save_model
from pipeline.records import EpochRow
from pipeline.training.loop import Job, train_network

KILLED_RUN = """
import os, pickle, signal, sys
from pathlib import Path
from pipeline.training.loop import Hooks, train_network

def report(done, total, note=""):
    if done == 8:  # in the third epoch of four
        os.kill(os.getpid(), signal.SIGKILL)

job = pickle.loads(Path(sys.argv[1]).read_bytes())
train_network(job, runs=Path(sys.argv[2]), hooks=Hooks(progress=report))
"""


def test_a_killed_process_leaves_nothing_but_a_start(
    make_job: Callable[..., Job], tmp_path: Path
) -> None:
    """Killed in the third epoch and started again, all files have the same bytes as unkilled."""
    job = make_job()
    (tmp_path / "job").write_bytes(pickle.dumps(job))
    command = [sys.executable, "-c", KILLED_RUN, str(tmp_path / "job"), str(tmp_path / "killed")]

    killed = subprocess.run(command, check=False)

    assert -signal.SIGKILL == killed.returncode
    assert hashes(job, tmp_path / "whole") == hashes(job, tmp_path / "killed")


def hashes(job: Job, runs: Path) -> list[str]:
    """Train what is left and hash what comes out."""
    trained = train_network(job, runs=runs)
    folder = runs / "model"
    save_model(folder, trained.weights, trained.card)
    write_rows(folder / "history.csv", EpochRow, trained.history)
    return [sha256_of_file(path) for path in sorted(folder.iterdir())]
