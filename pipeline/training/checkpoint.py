"""Training state on disk, whole or absent, and where it lies.

A run lies in .runs/<key>/, and the key is a hash of all that decides the result: settings, data,
code, first weights, runtime. So a run that was killed goes on, a finished one is found again, and a
changed one can never be taken for it.
"""

import json
import pickle
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pipeline.errors import ModelError
from pipeline.files import replacing, sha256_of
from pipeline.records import EpochRow

Weights = dict[str, Tensor]


@dataclass(slots=True, kw_only=True)
class Checkpoint:
    """All that the next step needs, and the best so far."""

    epoch: int = 0  # finished ones
    step: int = 0  # finished ones of the epoch in progress
    loss_sum: float = 0.0  # over the pictures of those
    module: Weights = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)
    average: Weights = field(default_factory=dict)  # of the weights; empty if there is none
    history: list[EpochRow] = field(default_factory=list)
    best_epoch: int = 0
    best: Weights = field(default_factory=dict)
    is_finished: bool = False
    seconds: float = 0.0  # spent so far

    def drop_state(self) -> None:
        """Keep only what came out: a finished run needs a quarter of the space."""
        self.module, self.optimizer, self.average = {}, {}, {}


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write the state of a run in one step: a kill leaves the last epoch's."""
    values = {each.name: getattr(checkpoint, each.name) for each in fields(checkpoint)}
    values["history"] = [asdict(row) for row in checkpoint.history]  # plain: no code is unpickled
    with replacing(path) as file:
        torch.save(values, file)


def load_checkpoint(path: Path) -> Checkpoint | None:
    """Read the state of a run; None if there is none yet.

    Raises:
        ModelError: the file is damaged.
    """
    if not path.exists():
        return None
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        history = [EpochRow(**row) for row in values.pop("history")]
        return Checkpoint(**values, history=history)
    except (RuntimeError, EOFError, KeyError, TypeError, pickle.UnpicklingError) as error:
        raise ModelError(f"{path}: damaged; delete {path.parent} and train again") from error


def run_key(settings: dict[str, Any], *, code: Iterable[Path]) -> str:
    """Hash all that decides a result: 16 hex digits.

    Args:
        settings: anything that JSON can hold.
        code: source files whose change may change the result.
    """
    sources = [path.read_text(encoding="utf-8") for path in sorted(code)]
    return sha256_of(json.dumps([settings, sources], sort_keys=True).encode())[:16]
